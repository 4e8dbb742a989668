//! How users sign in, as the configuration says.

use std::sync::Arc;

use axum::http::HeaderName;
use frontdesk_auth::GuardedHttp;
use frontdesk_auth::incoming::Authenticator;
use frontdesk_auth::incoming::api_key::ApiKey;
use frontdesk_auth::incoming::development::Development;
use frontdesk_auth::incoming::jwt::{
    ClaimNames, DEFAULT_STALE_KEYS, Jwt, JwtConfig, JwtVerifier, KeySource,
};
use frontdesk_auth::incoming::trusted_proxy::TrustedProxy;
use frontdesk_clock::Clock;
use frontdesk_store::Keys;
use url::Url;

use crate::Error;
use crate::config::{
    AuthMode, ClaimsSection, Config, JwtKeys, JwtSection, Setting, TrustedProxySection,
};
use crate::http::Challenge;
use crate::keys::StoredKeys;

/// The configured authenticator.
pub(crate) fn authenticator(
    config: &Config,
    keys: Arc<dyn Keys>,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Authenticator>, Error> {
    let clock = Arc::clone(clock);
    Ok(match &config.auth.mode.value {
        AuthMode::Development => {
            tracing::warn!(
                "development sign-in: everyone on this machine is \"dev\", or whom ?user= names; nobody else is let in"
            );
            Arc::new(Development {
                allowed_hosts: config.auth.allowed_hosts.clone(),
                allowed_origins: own_pages(config),
            })
        }
        AuthMode::Jwt(section) => {
            tracing::info!(issuer = %section.issuer.value, "users sign in by tokens");
            Arc::new(Jwt {
                verifier: Arc::new(verifier(section, clock)?),
                cookie: section.cookie.as_ref().map(|cookie| cookie.value.clone()),
                allowed_origins: own_pages(config),
            })
        }
        AuthMode::TrustedProxy(section) => {
            tracing::info!("users are signed in by a proxy");
            Arc::new(trusted_proxy(section, own_pages(config)))
        }
        AuthMode::ApiKey => {
            tracing::info!("programs sign in by keys; `frontdesk key` makes them");
            Arc::new(ApiKey::new(Arc::new(StoredKeys(keys)), clock))
        }
    })
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

fn verifier(section: &JwtSection, clock: Arc<dyn Clock>) -> Result<JwtVerifier, Error> {
    // What the operator has named is trusted, wherever it is; what is named there in turn is not.
    let named = match &section.keys {
        JwtKeys::Discovery(issuer) => Some(issuer),
        JwtKeys::Jwks(address) => Some(&address.value),
        JwtKeys::Secret(_) => None,
    };
    let named = named.and_then(Url::host_str).map(str::to_owned);
    let keys = match &section.keys {
        JwtKeys::Discovery(_) => KeySource::Discovery,
        JwtKeys::Jwks(address) => KeySource::Jwks(address.value.clone()),
        JwtKeys::Secret(secret) => KeySource::Secret(secret.value.clone()),
    };
    let stale_keys = section.stale_keys.as_ref();
    let config = JwtConfig {
        issuer: section.issuer.value.clone(),
        audiences: section.audience.value.clone(),
        keys,
        claims: claim_names(&section.claims),
        stale_keys: stale_keys.map_or(DEFAULT_STALE_KEYS, |time| time.value),
    };
    let http = GuardedHttp::new(section.reach, named)?;
    Ok(JwtVerifier::new(config, http, clock)?)
}

fn claim_names(section: &ClaimsSection) -> ClaimNames {
    let usual = ClaimNames::default();
    let named = |setting: &Option<Setting<String>>| setting.as_ref().map(|name| name.value.clone());
    ClaimNames {
        user: named(&section.user).unwrap_or(usual.user),
        tenant: named(&section.tenant).or(usual.tenant),
        name: named(&section.name).unwrap_or(usual.name),
        email: named(&section.email).unwrap_or(usual.email),
        roles: named(&section.roles).unwrap_or(usual.roles),
        scopes: named(&section.scopes).or(usual.scopes),
    }
}

fn trusted_proxy(section: &TrustedProxySection, allowed_origins: Vec<String>) -> TrustedProxy {
    let header = |setting: &Option<Setting<HeaderName>>| {
        let setting = setting.as_ref();
        setting.map(|setting| setting.value.clone())
    };
    TrustedProxy {
        peers: section.peers.value.clone(),
        user: section.user_header.value.clone(),
        tenant: header(&section.tenant_header),
        name: header(&section.name_header),
        email: header(&section.email_header),
        roles: header(&section.roles_header),
        allowed_origins,
    }
}
