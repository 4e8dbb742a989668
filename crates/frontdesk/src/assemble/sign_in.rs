//! How users sign in, as the configuration says: the authenticator, and what is checked around it.

use std::sync::Arc;

use frontdesk_auth::incoming::Authenticator;
use frontdesk_auth::incoming::development::Development;

use crate::Error;
use crate::config::{AuthMode, Config, ConfigError};
use crate::http::Challenge;

/// The configured authenticator.
pub(crate) fn authenticator(config: &Config) -> Result<Arc<dyn Authenticator>, Error> {
    let auth = &config.auth;
    match &auth.mode.value {
        AuthMode::Development => {
            tracing::warn!(
                "development sign-in: everyone on this machine is \"dev\", or whom ?user= names; nobody else is let in"
            );
            Ok(Arc::new(Development {
                allowed_hosts: auth.allowed_hosts.clone(),
                allowed_origins: own_pages(config),
            }))
        }
        other => Err(ConfigError::NotBuilt {
            key: "auth.mode".to_owned(),
            origin: auth.mode.origin.clone(),
            what: format!("sign-in by {}", other.name()),
            instead: "use \"development\", on loopback",
        }
        .into()),
    }
}

/// What a caller who isn't signed in is told to do.
pub(crate) fn challenge(mode: &AuthMode) -> Challenge {
    match mode {
        AuthMode::Jwt(_) | AuthMode::ApiKey => Challenge::Bearer,
        AuthMode::Development | AuthMode::TrustedProxy(_) => Challenge::Nothing,
    }
}

/// The origins whose pages may use a sign-in that the browser sends by itself, besides the one that was asked.
fn own_pages(config: &Config) -> Vec<String> {
    let public = config.server.public_url.as_ref();
    let public = public.map(|url| url.value.origin().ascii_serialization());
    let listed = config.auth.allowed_origins.iter();
    let listed = listed.chain(config.cors.listed()).cloned();
    listed.chain(public).collect()
}
