//! The keys of `auth.mode = "trusted_proxy"`: which proxies are trusted, and which headers they set.

use axum::http::HeaderName;
use frontdesk_auth::incoming::Network;

use super::super::section::Section;
use super::super::{ConfigError, Setting};
use super::required;

/// The keys that belong to this mode alone.
pub(super) const KEYS: &[&str] = &[
    "peers",
    "user_header",
    "tenant_header",
    "name_header",
    "email_header",
    "roles_header",
];

/// The keys of `auth.mode = "trusted_proxy"`.
#[derive(Debug, Clone)]
pub struct TrustedProxySection {
    /// `peers`: the addresses that the proxies connect from.
    pub peers: Setting<Vec<Network>>,
    /// `user_header`.
    pub user_header: Setting<HeaderName>,
    /// `tenant_header`; without it, there is one tenant.
    pub tenant_header: Option<Setting<HeaderName>>,
    /// `name_header`.
    pub name_header: Option<Setting<HeaderName>>,
    /// `email_header`.
    pub email_header: Option<Setting<HeaderName>>,
    /// `roles_header`.
    pub roles_header: Option<Setting<HeaderName>>,
}

pub(super) fn read(section: &mut Section<'_>) -> Result<TrustedProxySection, ConfigError> {
    let peers = peers(section)?;
    let peers = required(
        section,
        "peers",
        peers,
        "the addresses or networks of the proxies, such as [\"10.0.0.5\", \"10.1.0.0/16\"]",
    )?;
    let user_header = header(section, "user_header")?;
    let user_header = required(
        section,
        "user_header",
        user_header,
        "the header that names the user, such as \"X-Forwarded-User\"",
    )?;
    Ok(TrustedProxySection {
        peers,
        user_header,
        tenant_header: header(section, "tenant_header")?,
        name_header: header(section, "name_header")?,
        email_header: header(section, "email_header")?,
        roles_header: header(section, "roles_header")?,
    })
}

fn peers(section: &mut Section<'_>) -> Result<Option<Setting<Vec<Network>>>, ConfigError> {
    let Some(texts) = section.list("peers")? else {
        return Ok(None);
    };
    let mut peers = Vec::new();
    for text in &texts.value {
        let Ok(peer) = text.parse() else {
            return Err(ConfigError::Invalid {
                key: section.key("peers"),
                origin: texts.origin,
                expected: "addresses or networks such as \"10.0.0.5\" or \"10.1.0.0/16\""
                    .to_owned(),
                found: Some(format!("{text:?}")),
            });
        };
        peers.push(peer);
    }
    Ok((!peers.is_empty()).then(|| texts.map(|_| peers)))
}

fn header(
    section: &mut Section<'_>,
    key: &str,
) -> Result<Option<Setting<HeaderName>>, ConfigError> {
    section.read(key, "the name of a header", |value| {
        value.as_str()?.parse().ok()
    })
}
