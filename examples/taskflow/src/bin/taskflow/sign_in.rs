//! Whose tokens are taken: those that Frontdesk signs, those of an issuer, or, on this machine alone, nobody's.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use clap::Args;
use frontdesk_auth::SigningKey;
use frontdesk_auth::guarded::{GuardedHttp, Reach};
use frontdesk_auth::incoming::jwt::{
    ClaimNames, DEFAULT_STALE_KEYS, JwtConfig, JwtVerifier, KeySource,
};
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_clock::Clock;
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::Authentication;
use frontdesk_taskflow::SCOPES;
use url::Url;

/// The issuer that Frontdesk names in the tokens that it signs.
const FRONTDESK: &str = "frontdesk";
/// Whose tasks callers see where nobody is checked.
const DEVELOPER: &str = "dev";

/// How callers sign in.
#[derive(Debug, Args)]
pub(crate) struct SignIn {
    /// Take the tokens that the Frontdesk with this secret signs.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Take the tokens of this issuer; with --secret-file, the name that Frontdesk signs with [default: frontdesk].
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The audience of the issuer's tokens [default: the public address].
    #[arg(long, value_name = "TEXT", requires = "issuer")]
    audience: Option<String>,
    /// Where the issuer's keys are [default: where its metadata says].
    #[arg(
        long,
        value_name = "URL",
        requires = "issuer",
        conflicts_with = "secret_file"
    )]
    jwks_url: Option<Url>,
    /// The claim that names the tenant in the issuer's tokens.
    #[arg(
        long,
        value_name = "NAME",
        requires = "issuer",
        conflicts_with = "secret_file"
    )]
    tenant_claim: Option<String>,
    /// A scope that every caller has besides those of its token; may be repeated [default: all with --secret-file].
    #[arg(long, value_name = "SCOPE")]
    grant: Vec<String>,
}

impl SignIn {
    /// Whether nobody is checked.
    pub(crate) fn is_development(&self) -> bool {
        self.secret_file.is_none() && self.issuer.is_none()
    }

    pub(crate) fn authentication(
        &self,
        resource: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Authentication> {
        let audience = self.audience.as_deref().unwrap_or(resource);
        Ok(match (&self.secret_file, &self.issuer) {
            (Some(file), issuer) => {
                let secret = std::fs::read_to_string(file)
                    .with_context(|| format!("reading {}", file.display()))?;
                let key = SigningKey::from_secret(&Secret::new(secret))?;
                let issuer = issuer.as_deref().unwrap_or(FRONTDESK);
                let keys = [key.public().clone()];
                Authentication::Bearer(Arc::new(Verifier::new(issuer, audience, &keys, clock)))
            }
            (None, Some(issuer)) => {
                Authentication::Bearer(Arc::new(self.jwt(issuer, audience, clock)?))
            }
            (None, None) => Authentication::Everyone(Arc::new(Principal::new(
                TenantId::single(),
                UserId::new(DEVELOPER)?,
            ))),
        })
    }

    fn jwt(&self, issuer: &str, audience: &str, clock: Arc<dyn Clock>) -> Result<JwtVerifier> {
        let address = match &self.jwks_url {
            Some(url) => url.clone(),
            None => Url::parse(issuer).context("the issuer is no URL, so --jwks-url is needed")?,
        };
        // The operator named the host, so it may be one of the own network.
        let host = address.host_str().context("the issuer has no host")?;
        let http = GuardedHttp::new(Reach::PublicOnly, [host.to_owned()])?;
        let config = JwtConfig {
            issuer: issuer.to_owned(),
            audiences: vec![audience.to_owned()],
            keys: match &self.jwks_url {
                Some(url) => KeySource::Jwks(url.clone()),
                None => KeySource::Discovery,
            },
            claims: ClaimNames {
                tenant: self.tenant_claim.clone(),
                ..ClaimNames::default()
            },
            stale_keys: DEFAULT_STALE_KEYS,
        };
        Ok(JwtVerifier::new(config, http, clock)?)
    }

    /// The scopes that every caller has. Frontdesk signs who somebody is and no scopes, so they have all.
    pub(crate) fn granted(&self) -> Vec<String> {
        if self.grant.is_empty() && (self.secret_file.is_some() || self.is_development()) {
            return SCOPES.map(str::to_owned).to_vec();
        }
        self.grant.clone()
    }

    /// Where a caller can get a token.
    pub(crate) fn authorization_servers(&self) -> Vec<String> {
        let issuer = self
            .issuer
            .iter()
            .filter(|issuer| Url::parse(issuer).is_ok());
        issuer.cloned().collect()
    }

    /// Where nobody is checked, a token is refused rather than ignored: whoever sends one wants to be somebody.
    pub(crate) fn guard(&self, router: Router) -> Router {
        if self.is_development() {
            router.layer(from_fn(refuse_tokens))
        } else {
            router
        }
    }

    /// Says who may call, and how.
    pub(crate) fn tell(&self, resource: &str) {
        match (&self.secret_file, &self.issuer) {
            (Some(file), issuer) => {
                let (file, issuer) = (file.display(), issuer.as_deref().unwrap_or(FRONTDESK));
                tracing::info!(
                    "taking the tokens that {issuer} signs with {file} for the audience {resource}"
                );
                tracing::info!(
                    "in frontdesk.toml: [mcp.taskflow] url = \"{resource}\", auth = \"signed\""
                );
            }
            (None, Some(issuer)) => {
                let audience = self.audience.as_deref().unwrap_or(resource);
                tracing::info!("taking the tokens of {issuer} for the audience {audience}");
            }
            (None, None) => {
                tracing::warn!(
                    "DEVELOPMENT MODE: nobody is checked. Every program on this machine is the user {DEVELOPER}. \
                     For real users give --secret-file or --issuer"
                );
                tracing::info!("try: {}", example(resource));
            }
        }
    }
}

fn example(resource: &str) -> String {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_task","arguments":{"title":"buy milk"}}}"#;
    format!(
        "curl {resource} -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
         -H 'mcp-protocol-version: 2025-11-25' -d '{call}'"
    )
}

async fn refuse_tokens(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(AUTHORIZATION) {
        return next.run(request).await;
    }
    let message = "this server runs in development mode and checks no tokens; start it with --secret-file or --issuer";
    let body = serde_json::json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32_600, "message": message}});
    (StatusCode::UNAUTHORIZED, axum::Json(body)).into_response()
}
