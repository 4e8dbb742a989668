//! `[auth]`: how users sign in.
//!
//! Each mode has keys of its own; one that belongs to another mode is an error, not a value that nobody reads.

mod jwt;
mod trusted_proxy;

use axum::http::uri::Authority;

use super::cors::is_origin;
use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Origin, ServerSection, Setting};

pub use jwt::{ClaimsSection, JwtKeys, JwtSection};
pub use trusted_proxy::TrustedProxySection;

/// How users sign in.
#[derive(Debug, Clone)]
pub enum AuthMode {
    /// Everyone on this machine is `dev`, or whom `?user=` names. On loopback only.
    Development,
    /// By a token of an identity provider.
    Jwt(Box<JwtSection>),
    /// By headers of a proxy that has signed the user in.
    TrustedProxy(Box<TrustedProxySection>),
    /// By keys that `frontdesk key` makes.
    ApiKey,
}

/// `[auth]`.
#[derive(Debug, Clone)]
pub struct AuthSection {
    /// `mode`, with what belongs to it.
    pub mode: Setting<AuthMode>,
    /// `allowed_hosts`: further values of `Host` that are taken.
    pub allowed_hosts: Vec<String>,
    /// `allowed_origins`: further pages that may send requests.
    pub allowed_origins: Vec<String>,
}

const HOSTS: &str = "names of hosts such as \"chat.example.com\" or \"chat.example.com:8443\"";
const ORIGINS: &str = "origins such as \"https://app.example.com\"";
/// The names of the modes.
const MODES: [&str; 4] = ["development", "jwt", "trusted_proxy", "api_key"];

impl AuthMode {
    /// The mode as the file names it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Jwt(_) => "jwt",
            Self::TrustedProxy(_) => "trusted_proxy",
            Self::ApiKey => "api_key",
        }
    }

    /// Whether a page of another site could use the sign-in of whoever sits at the browser.
    pub(crate) fn is_ambient(&self) -> bool {
        match self {
            Self::Development | Self::TrustedProxy(_) => true,
            Self::Jwt(jwt) => jwt.cookie.is_some(),
            Self::ApiKey => false,
        }
    }
}

impl AuthSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "auth");
        let mode = section
            .text("mode")?
            .unwrap_or_else(|| Setting::default_value("development".to_owned()));
        check_keys(&section, &mode)?;
        let allowed_hosts = all_of(&mut section, "allowed_hosts", HOSTS, is_host)?;
        let allowed_origins = all_of(&mut section, "allowed_origins", ORIGINS, is_origin)?;
        let found = match mode.value.as_str() {
            "development" => AuthMode::Development,
            "jwt" => AuthMode::Jwt(Box::new(jwt::read(&mut section)?)),
            "trusted_proxy" => AuthMode::TrustedProxy(Box::new(trusted_proxy::read(&mut section)?)),
            "api_key" => AuthMode::ApiKey,
            other => {
                return Err(ConfigError::Invalid {
                    key: section.key("mode"),
                    origin: mode.origin,
                    expected: format!(
                        "one of {}",
                        MODES.map(|mode| format!("\"{mode}\"")).join(", ")
                    ),
                    found: Some(format!("{other:?}")),
                });
            }
        };
        section.finish()?;
        Ok(Self {
            mode: mode.map(|_| found),
            allowed_hosts,
            allowed_origins,
        })
    }

    /// Development sign-in is for this machine alone.
    pub(crate) fn check_listen(&self, server: &ServerSection) -> Result<(), ConfigError> {
        let listen = &server.listen;
        match self.mode.value {
            AuthMode::Development if !listen.value.ip().is_loopback() => {
                Err(ConfigError::Conflict {
                    message: format!(
                        "server.listen (from {}) is {}, but auth.mode = \"development\" (from {}) lets everyone in \
                     and is for loopback only: listen on 127.0.0.1 or [::1]",
                        listen.origin, listen.value, self.mode.origin
                    ),
                })
            }
            AuthMode::Development
            | AuthMode::Jwt(_)
            | AuthMode::TrustedProxy(_)
            | AuthMode::ApiKey => Ok(()),
        }
    }
}

/// Fails on a key of another mode.
fn check_keys(section: &Section<'_>, mode: &Setting<String>) -> Result<(), ConfigError> {
    let owners = [("jwt", jwt::KEYS), ("trusted_proxy", trusted_proxy::KEYS)];
    for (owner, keys) in owners {
        if owner == mode.value {
            continue;
        }
        let foreign = keys
            .iter()
            .find_map(|key| Some((*key, section.origin_of(key)?)));
        if let Some((key, origin)) = foreign {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {origin}) has no meaning for auth.mode = \"{}\" (from {}); it belongs to \"{owner}\"",
                    section.key(key),
                    mode.value,
                    mode.origin
                ),
            });
        }
    }
    Ok(())
}

/// A list of texts, each of which has to fit.
fn all_of(
    section: &mut Section<'_>,
    key: &str,
    expected: &str,
    fits: fn(&str) -> bool,
) -> Result<Vec<String>, ConfigError> {
    let Some(list) = section.list(key)? else {
        return Ok(Vec::new());
    };
    match list.value.iter().find(|text| !fits(text)) {
        None => Ok(list.value),
        Some(wrong) => Err(ConfigError::Invalid {
            key: section.key(key),
            origin: list.origin,
            expected: expected.to_owned(),
            found: Some(format!("{wrong:?}")),
        }),
    }
}

fn is_host(text: &str) -> bool {
    let parsed = text.parse::<Authority>();
    parsed.is_ok_and(|host| !host.host().is_empty() && !text.contains('@'))
}

/// A key that has to be there.
fn required<T>(
    section: &Section<'_>,
    key: &str,
    setting: Option<Setting<T>>,
    expected: &str,
) -> Result<Setting<T>, ConfigError> {
    setting.ok_or_else(|| ConfigError::Missing {
        key: section.key(key),
        expected: expected.to_owned(),
    })
}

fn without_meaning(key: &str, origin: &Origin, beside: &str) -> ConfigError {
    ConfigError::Conflict {
        message: format!("{key} (from {origin}) has no meaning beside {beside}"),
    }
}
