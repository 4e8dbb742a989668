//! The authorization code flow: begin, finish, refresh, revoke. It holds no user's tokens.

use std::fmt;
use std::sync::Arc;

use frontdesk_clock::Clock;
use url::Url;

use super::callback::Callback;
use super::client::{ClientIdentity, DynamicRegistration};
use super::pkce::{challenge, random_text};
use super::registration::{Registration, register};
use super::resource::Resource;
use super::scopes::{Choice, split_scopes};
use super::tokens::{Grant, IssuerParameter, Origin, PendingRecord, TokenRecord};
use super::{Challenge, Pending, TokenSet};
use crate::GuardedHttp;
use crate::outgoing::document::address;
use crate::outgoing::flights::Flights;
use crate::outgoing::server_metadata::ServerMetadata;
use crate::outgoing::token_endpoint::{Form, TokenAnswer, TokenFailure, ask, post};
use crate::outgoing::{ClientCredentials, OutgoingError};

/// How long a user may take, in seconds.
const PENDING_SECONDS: i64 = 600;
/// The longest address that a browser is sent to, in bytes.
const MAX_AUTHORIZATION_URL_BYTES: usize = 16 * 1024;
/// How many registrations are remembered.
const MAX_REGISTRATIONS: usize = 64;

const NOT_CONNECTED: OutgoingError = OutgoingError::NotConnected { link: None };

/// Drives authorizations at whatever authorization server a tool server names. Registrations made on the spot are kept
/// per issuer while the process lives; tokens remember theirs.
#[derive(Debug)]
pub struct Authorizer {
    client: ClientIdentity,
    http: GuardedHttp,
    clock: Arc<dyn Clock>,
    registrations: Flights<(String, String), Registration>,
}

/// What is wanted of an authorization.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The tool server's address.
    pub server: &'a Url,
    /// What it said when it refused; `None` asks it.
    pub challenge: Option<&'a Challenge>,
    /// The scopes to ask for where the challenge names none; none are those that the server's metadata lists.
    pub scopes: &'a [String],
    /// What the user has given before, which isn't to be lost.
    pub granted: Option<Granted<'a>>,
    /// Where the browser comes back to.
    pub redirect_uri: &'a Url,
}

/// What a user has given before. It says nothing to another issuer.
#[derive(Debug, Clone, Copy)]
pub struct Granted<'a> {
    /// By whom the tokens were given.
    pub issuer: &'a str,
    /// The rights in them.
    pub scopes: &'a [String],
}

/// An authorization that was begun. Its `Debug` shows where the browser goes, not what it takes along.
pub struct Begun {
    /// Where the user's browser goes.
    pub url: Url,
    /// What finishes it.
    pub pending: Pending,
}

impl Authorizer {
    /// An authorizer for a client.
    pub fn new(client: ClientIdentity, http: GuardedHttp, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            http,
            clock,
            registrations: Flights::new(MAX_REGISTRATIONS),
        }
    }

    /// Who we are to authorization servers.
    pub fn client(&self) -> &ClientIdentity {
        &self.client
    }

    /// Finds out who gives tokens for a server, and where the user's browser has to go for them.
    ///
    /// # Errors
    /// [`OutgoingError::Refused`]: what is published doesn't fit together, or lacks what makes it safe;
    /// [`OutgoingError::Unavailable`]: somebody doesn't answer.
    pub async fn begin(&self, wanted: &Wanted<'_>) -> Result<Begun, OutgoingError> {
        let asked;
        let told = if let Some(challenge) = wanted.challenge {
            challenge
        } else {
            asked = Challenge::asked_for(&self.http, wanted.server).await;
            &asked
        };
        let metadata = told.resource_metadata.as_deref();
        let bound = self.client.bound();
        let resource = Resource::discover(&self.http, wanted.server, metadata, bound).await?;
        let server = &resource.issuer;
        let methods = &server.code_challenge_methods_supported;
        if !methods.iter().any(|method| method == "S256") {
            return Err(OutgoingError::refused(
                "the authorization server doesn't offer PKCE with S256",
            ));
        }
        let endpoint = server.authorization_endpoint.as_deref().ok_or_else(|| {
            OutgoingError::refused("the authorization server has no authorization endpoint")
        })?;
        let granted = wanted
            .granted
            .filter(|granted| granted.issuer == server.issuer);
        let named = [told.scopes.as_slice(), wanted.scopes];
        let scopes = Choice {
            named: named
                .into_iter()
                .find(|scopes| !scopes.is_empty())
                .unwrap_or_default(),
            supported: &resource.scopes,
            granted: granted.map_or(&[][..], |granted| granted.scopes),
            known: &server.scopes_supported,
        }
        .scopes();
        let pending = PendingRecord {
            state: random_text()?,
            verifier: random_text()?,
            redirect_uri: wanted.redirect_uri.to_string(),
            scopes,
            expires_at: self.now().saturating_add(PENDING_SECONDS),
            issuer_parameter: if server.authorization_response_iss_parameter_supported {
                IssuerParameter::Required
            } else {
                IssuerParameter::Optional
            },
            grant: self.grant(&resource, wanted.redirect_uri).await?,
        };
        let url = authorization_url(server.endpoint(endpoint)?, &pending)?;
        Ok(Begun {
            url,
            pending: Pending(pending),
        })
    }

    /// Takes the answer, the query with which the browser came back, and gets the tokens.
    ///
    /// # Errors
    /// [`OutgoingError::Refused`]: it isn't the answer to this, or the answer is no; [`OutgoingError::Expired`]: it
    /// comes too late.
    pub async fn finish(&self, pending: &Pending, query: &str) -> Result<TokenSet, OutgoingError> {
        self.finish_with(pending, Callback::read(query)?).await
    }

    pub(super) async fn finish_with(
        &self,
        pending: &Pending,
        callback: Callback,
    ) -> Result<TokenSet, OutgoingError> {
        let pending = &pending.0;
        if pending.expires_at <= self.now() {
            return Err(OutgoingError::Expired);
        }
        let code = callback.code(pending)?;
        let form: Form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.expose().to_owned()),
            ("redirect_uri", pending.redirect_uri.clone()),
            ("code_verifier", pending.verifier.expose().to_owned()),
            ("resource", pending.grant.resource.clone()),
        ];
        let answer = self.ask(&pending.grant, form).await;
        let answer = answer.map_err(TokenFailure::into_error)?;
        let scopes = &pending.scopes;
        Ok(self.tokens(answer, scopes, Origin::Given, pending.grant.clone()))
    }

    /// Gets new tokens for old ones. A refresh token that comes with them takes the old one's place.
    ///
    /// # Errors
    /// [`OutgoingError::NotConnected`]: the user has to connect again; anything else may pass.
    pub async fn refresh(&self, tokens: &TokenSet) -> Result<TokenSet, OutgoingError> {
        self.refresh_as(tokens, Origin::Refreshed).await
    }

    pub(super) async fn refresh_as(
        &self,
        tokens: &TokenSet,
        origin: Origin,
    ) -> Result<TokenSet, OutgoingError> {
        let old = &tokens.0;
        let refresh = old.refresh.clone().ok_or(NOT_CONNECTED)?;
        let form: Form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.expose().to_owned()),
            ("resource", old.grant.resource.clone()),
        ];
        let answer = self.ask(&old.grant, form).await;
        let mut answer = answer.map_err(|failure| match &failure {
            TokenFailure::Denied(code) if passes(code) => failure.into_error(),
            TokenFailure::Denied(_) => NOT_CONNECTED,
            TokenFailure::Broken(_) => failure.into_error(),
        })?;
        answer.refresh = answer.refresh.or(Some(refresh));
        Ok(self.tokens(answer, &old.scopes, origin, old.grant.clone()))
    }

    /// Tells the issuer that the tokens aren't wanted any more
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), where it has an endpoint for that.
    ///
    /// # Errors
    /// The issuer doesn't answer, or refuses. The tokens may be thrown away all the same.
    pub async fn revoke(&self, tokens: &TokenSet) -> Result<(), OutgoingError> {
        let tokens = &tokens.0;
        let Some(endpoint) = &tokens.grant.revocation_endpoint else {
            return Ok(());
        };
        let (token, hint) = match &tokens.refresh {
            Some(refresh) => (refresh, "refresh_token"),
            None => (&tokens.access, "access_token"),
        };
        let form: Form = vec![
            ("token", token.expose().to_owned()),
            ("token_type_hint", hint.to_owned()),
        ];
        let client = ClientCredentials::from(tokens.grant.client.clone());
        let response = post(&self.http, &address(endpoint)?, Some(&client), form).await?;
        let status = response.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(OutgoingError::refused(format!("revocation: {status}")))
        }
    }

    async fn ask(&self, grant: &Grant, form: Form) -> Result<TokenAnswer, TokenFailure> {
        let client = ClientCredentials::from(grant.client.clone());
        let endpoint = address(&grant.token_endpoint)?;
        let answer = ask(&self.http, &endpoint, Some(&client), form).await;
        if let Err(TokenFailure::Denied(code)) = &answer
            && code == "invalid_client"
        {
            // It has forgotten the registration; the next authorization makes another.
            self.registrations
                .forget(|(issuer, _)| *issuer == grant.issuer);
        }
        answer
    }

    async fn grant(&self, resource: &Resource, redirect_uri: &Url) -> Result<Grant, OutgoingError> {
        let server = &resource.issuer;
        let revocation = server.revocation_endpoint.as_deref();
        let revocation = revocation
            .map(|endpoint| server.endpoint(endpoint))
            .transpose()?;
        Ok(Grant {
            issuer: server.issuer.clone(),
            resource: resource.id.clone(),
            token_endpoint: server.endpoint(&server.token_endpoint)?.into(),
            revocation_endpoint: revocation.map(String::from),
            client: self.client_at(server, redirect_uri).await?.into(),
        })
    }

    async fn client_at(
        &self,
        server: &ServerMetadata,
        redirect_uri: &Url,
    ) -> Result<ClientCredentials, OutgoingError> {
        if let Some(client) = self.client.known_at(server) {
            return Ok(client);
        }
        if self.client.dynamic == DynamicRegistration::Refused {
            return Err(OutgoingError::refused(
                "we are not registered with the authorization server",
            ));
        }
        let now = self.now();
        let needed = now.saturating_add(PENDING_SECONDS);
        let usable = |made: &Registration| made.until > needed;
        let key = (server.issuer.clone(), redirect_uri.to_string());
        let metadata = self.client.registration(std::slice::from_ref(redirect_uri));
        let made = self
            .registrations
            .get(key, usable, register(&self.http, server, metadata, now));
        Ok(made.await?.client)
    }

    fn tokens(
        &self,
        answer: TokenAnswer,
        asked: &[String],
        origin: Origin,
        grant: Grant,
    ) -> TokenSet {
        let now = self.now();
        TokenSet(TokenRecord {
            access: answer.access,
            refresh: answer.refresh,
            expires_at: answer.lifetime.map(|lifetime| now.saturating_add(lifetime)),
            // A server that doesn't say what it gave gave what it was asked for.
            scopes: answer
                .scope
                .map_or_else(|| asked.to_vec(), |scope| split_scopes(&scope)),
            origin,
            grant,
        })
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("host", &self.url.host_str())
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}

impl TokenFailure {
    fn into_error(self) -> OutgoingError {
        match self {
            Self::Broken(error) => error,
            Self::Denied(code) if passes(&code) => {
                OutgoingError::unavailable(format!("token endpoint: {code}"))
            }
            Self::Denied(code) => OutgoingError::refused(format!("token endpoint: {code}")),
        }
    }
}

/// Whether an error is one that passes by itself.
fn passes(code: &str) -> bool {
    matches!(
        code,
        "temporarily_unavailable" | "server_error" | "slow_down"
    )
}

fn authorization_url(mut url: Url, pending: &PendingRecord) -> Result<Url, OutgoingError> {
    let client = ClientCredentials::from(pending.grant.client.clone());
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", &pending.redirect_uri)
            .append_pair("state", pending.state.expose())
            .append_pair("code_challenge", &challenge(&pending.verifier))
            .append_pair("code_challenge_method", "S256")
            .append_pair("resource", &pending.grant.resource);
        if !pending.scopes.is_empty() {
            query.append_pair("scope", &pending.scopes.join(" "));
        }
    }
    if url.as_str().len() > MAX_AUTHORIZATION_URL_BYTES {
        return Err(OutgoingError::refused(
            "the authorization's address is too long",
        ));
    }
    Ok(url)
}
