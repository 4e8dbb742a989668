//! `exchange`: the user's token, exchanged at the issuer for one whose audience is the tool server
//! ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)).

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_clock::Clock;
use frontdesk_identity::{Credential, Scope, Secret, SignedIn};
use url::Url;

use super::flights::Flights;
use super::own_token::own_token;
use super::server_metadata::ServerMetadata;
use super::token_endpoint::{Form, TokenAnswer, TokenFailure, ask};
use super::{Attachment, Broker, ClientCredentials, OutgoingError, Refusal, RefusalKind};
use crate::GuardedHttp;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
/// A token isn't given out again when it holds no longer than this, in seconds.
const MARGIN_SECONDS: i64 = 30;
/// How long a token is taken to hold whose issuer doesn't say, in seconds.
const UNSAID_LIFETIME_SECONDS: i64 = 60;
/// How long a token endpoint that was found is believed, in seconds.
const ENDPOINT_SECONDS: i64 = 3_600;
/// For how many callers a token is kept.
const MAX_KEPT: usize = 4_096;

/// Where the token endpoint is.
#[derive(Debug, Clone)]
pub enum ExchangeEndpoint {
    /// Configured.
    At(Url),
    /// In the metadata of this issuer.
    Issuer(String),
}

/// How tokens are exchanged for one tool server.
#[derive(Debug, Clone)]
pub struct ExchangeConfig {
    /// Where.
    pub endpoint: ExchangeEndpoint,
    /// Who we are there; `None` where the issuer doesn't ask.
    pub client: Option<ClientCredentials>,
    /// The tool server, by the name that the issuer has for it.
    pub audience: Option<String>,
    /// The tool server, by its address ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)).
    pub resource: Option<String>,
    /// The rights to ask for; none is what the issuer gives by itself.
    pub scopes: Vec<String>,
}

/// Exchanges the caller's token, and keeps what it gets until 30 seconds before it runs out.
#[derive(Debug)]
pub struct Exchange {
    config: ExchangeConfig,
    http: GuardedHttp,
    clock: Arc<dyn Clock>,
    tokens: Flights<(Scope, Vec<u8>), Exchanged>,
    endpoint: Flights<(), Found>,
}

#[derive(Debug, Clone)]
struct Exchanged {
    token: Secret,
    expires_at: i64,
}

#[derive(Debug, Clone)]
struct Found {
    endpoint: Url,
    until: i64,
}

impl Exchange {
    /// A broker for one tool server.
    pub fn new(config: ExchangeConfig, http: GuardedHttp, clock: Arc<dyn Clock>) -> Self {
        Self {
            config,
            http,
            clock,
            tokens: Flights::new(MAX_KEPT),
            endpoint: Flights::new(1),
        }
    }

    async fn token(
        &self,
        caller: &SignedIn,
        refused: Option<&Refusal>,
    ) -> Result<Attachment, OutgoingError> {
        let subject = own_token(caller, self.clock.as_ref()).await?;
        let hash = digest(&SHA256, subject.token.expose().as_bytes());
        let key = (caller.principal.scope(), hash.as_ref().to_vec());
        let usable = |kept: &Exchanged| {
            let refused = refused.is_some_and(|refusal| refusal.used_token(&kept.token));
            !refused && kept.expires_at - MARGIN_SECONDS > self.clock.now().as_second()
        };
        let exchanged = self
            .tokens
            .get(key, usable, self.exchange(&subject))
            .await?;
        Ok(Attachment::bearer(exchanged.token))
    }

    async fn exchange(&self, subject: &Credential) -> Result<Exchanged, OutgoingError> {
        let endpoint = self.endpoint().await?;
        let client = self.config.client.as_ref();
        let answer = ask(&self.http, &endpoint, client, self.form(subject))
            .await
            .map_err(|failure| self.why(failure))?;
        if !matches!(answer.issued_type.as_deref(), Some(ACCESS_TOKEN | JWT)) {
            return Err(OutgoingError::refused(
                "token exchange: the issuer gives something else than an access token",
            ));
        }
        let TokenAnswer {
            access, lifetime, ..
        } = answer;
        let lifetime = lifetime.unwrap_or(UNSAID_LIFETIME_SECONDS);
        Ok(Exchanged {
            token: access,
            expires_at: self.clock.now().as_second().saturating_add(lifetime),
        })
    }

    fn form(&self, subject: &Credential) -> Form {
        let mut form: Form = vec![
            ("grant_type", GRANT.to_owned()),
            ("subject_token", subject.token.expose().to_owned()),
            ("subject_token_type", ACCESS_TOKEN.to_owned()),
            ("requested_token_type", ACCESS_TOKEN.to_owned()),
        ];
        let config = &self.config;
        form.extend(config.audience.clone().map(|text| ("audience", text)));
        form.extend(config.resource.clone().map(|text| ("resource", text)));
        if !config.scopes.is_empty() {
            form.push(("scope", config.scopes.join(" ")));
        }
        form
    }

    async fn endpoint(&self) -> Result<Url, OutgoingError> {
        let issuer = match &self.config.endpoint {
            ExchangeEndpoint::At(url) => return Ok(url.clone()),
            ExchangeEndpoint::Issuer(issuer) => issuer,
        };
        let now = self.clock.now().as_second();
        let discovery = async {
            let metadata = ServerMetadata::discover(&self.http, issuer).await?;
            let metadata =
                metadata.ok_or_else(|| OutgoingError::unavailable("the issuer has no metadata"))?;
            Ok(Found {
                endpoint: metadata.endpoint(&metadata.token_endpoint)?,
                until: now.saturating_add(ENDPOINT_SECONDS),
            })
        };
        let found = self.endpoint.get((), |found| found.until > now, discovery);
        Ok(found.await?.endpoint)
    }

    fn why(&self, failure: TokenFailure) -> OutgoingError {
        let code = match failure {
            TokenFailure::Broken(error) => return error,
            TokenFailure::Denied(code) => code,
        };
        match code.as_str() {
            "invalid_scope" => OutgoingError::MissingScope {
                scopes: self.config.scopes.clone(),
                link: None,
            },
            // Nothing that the user could do helps against these.
            "invalid_client"
            | "unauthorized_client"
            | "unsupported_grant_type"
            | "temporarily_unavailable"
            | "server_error" => OutgoingError::unavailable(format!("token exchange: {code}")),
            _ => OutgoingError::refused(format!("token exchange: {code}")),
        }
    }
}

#[async_trait]
impl Broker for Exchange {
    async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        self.token(caller, None).await
    }

    /// The refused token is dropped and exchanged for once anew.
    async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        match refusal.kind {
            RefusalKind::Unauthorized => self.token(caller, Some(refusal)).await,
            RefusalKind::Forbidden => Err(refusal.without_remedy()),
        }
    }
}
