//! The product's own way to connect an account, with a browser that needs no person: whoever is asked says yes at once.

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use frontdesk_auth::outgoing::oauth::{
    Authorizer, ClientIdentity, Connect, DynamicRegistration, MemoryVault, OAuth, OAuthServer,
    OAuthSetup, RegisteredClient,
};
use frontdesk_auth::outgoing::{Attachment, Broker, OutgoingError, Refusal, Seal};
use frontdesk_auth::{GuardedHttp, Reach};
use frontdesk_clock::SystemClock;
use frontdesk_identity::{Secret, SignedIn};
use frontdesk_model::http;
use reqwest::header::LOCATION;
use tokio::sync::Mutex;
use tokio_util::task::TaskTracker;
use url::Url;

use super::Given;

/// Where the suite expects the client's metadata document; nobody fetches it.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";
/// Where we would be reached if there were a browser.
const PUBLIC_URL: &str = "http://localhost:3000/";

/// Goes without a token until a server wants one, then connects the account.
#[derive(Debug)]
pub(super) struct SignIn {
    oauth: OAuth,
    connect: Connect,
    browser: reqwest::Client,
    one_at_a_time: Mutex<()>,
}

impl SignIn {
    pub(super) fn new(server: &Url, given: &Given) -> Result<Self> {
        let clock = Arc::new(SystemClock);
        let registered = given.client_id.as_ref().map(|id| RegisteredClient {
            id: id.clone(),
            secret: given.client_secret.as_ref().map(Secret::new),
            method: None,
            issuer: None,
        });
        let client = ClientIdentity {
            name: "conformance-client".to_owned(),
            registered,
            metadata_document: Some(Url::parse(DOCUMENT)?),
            dynamic: DynamicRegistration::Allowed,
        };
        let guarded = GuardedHttp::new(Reach::Private, ["localhost".to_owned()])?;
        let setup = OAuthSetup {
            public_url: Url::parse(PUBLIC_URL)?,
            vault: Arc::new(MemoryVault::default()),
            seal: Arc::new(Seal::from_secret(&Secret::new(
                "a secret for tests alone, long enough",
            ))?),
            clock: clock.clone(),
            tasks: TaskTracker::new(),
        };
        let server = OAuthServer {
            name: "conformance".to_owned(),
            url: server.clone(),
            scopes: Vec::new(),
        };
        let oauth = OAuth::new(server, Authorizer::new(client, guarded, clock), setup);
        Ok(Self {
            connect: Connect::new([oauth.clone()]),
            oauth,
            browser: http::client()?,
            one_at_a_time: Mutex::new(()),
        })
    }

    /// Follows the link that a user would be shown, to its end.
    async fn follow(&self, link: &str) -> Result<(), OutgoingError> {
        let ticket = query_value(link, "ticket").ok_or_else(|| failed("the link has no ticket"))?;
        let started = self.connect.start(&ticket).await.map_err(failed)?;
        let answer = self.browser.get(started.url).send().await.map_err(failed)?;
        let location = answer.headers().get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| failed("the browser is sent nowhere"))?;
        let (address, query) = location.split_once('?').unwrap_or_default();
        let (_, server) = address.rsplit_once('/').unwrap_or_default();
        let browser = Some(started.browser.expose());
        self.connect
            .callback(server, query, browser)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

#[async_trait]
impl Broker for SignIn {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        match self.oauth.attachment(caller).await {
            Err(OutgoingError::NotConnected { .. }) => Ok(Attachment::default()),
            outcome => outcome,
        }
    }

    async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        let _one = self.one_at_a_time.lock().await;
        let link = match self.oauth.renewed(caller, refusal).await {
            Err(
                OutgoingError::NotConnected { link: Some(link) }
                | OutgoingError::MissingScope {
                    link: Some(link), ..
                },
            ) => link,
            outcome => return outcome,
        };
        self.follow(&link).await?;
        self.oauth.attachment(caller).await
    }
}

fn query_value(link: &str, name: &str) -> Option<String> {
    let link = Url::parse(link).ok()?;
    let mut pairs = link.query_pairs();
    let (_, value) = pairs.find(|(found, _)| found == name)?;
    Some(value.into_owned())
}

fn failed(error: impl std::fmt::Display) -> OutgoingError {
    OutgoingError::Unavailable {
        detail: format!("the account was not connected: {error}"),
    }
}
