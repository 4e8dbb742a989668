//! `[auth]`: how users sign in.

use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, ServerSection, Setting};

/// How users sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Everyone on this machine is `dev`, or whom `?user=` names. On loopback only.
    Development,
}

/// `[auth]`.
#[derive(Debug, Clone)]
pub struct AuthSection {
    /// `mode`.
    pub mode: Setting<AuthMode>,
    /// `allowed_hosts`: further values of `Host` that are taken.
    pub allowed_hosts: Vec<String>,
    /// `allowed_origins`: further pages that may send requests.
    pub allowed_origins: Vec<String>,
}

impl AuthSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "auth");
        let mode = section.text("mode")?;
        let allowed_hosts = section.list("allowed_hosts")?;
        let allowed_origins = section.list("allowed_origins")?;
        section.finish()?;
        let mode = match mode {
            Some(mode) => read_mode(mode)?,
            None => Setting::default_value(AuthMode::Development),
        };
        let list = |setting: Option<Setting<Vec<String>>>| {
            setting.map(|setting| setting.value).unwrap_or_default()
        };
        Ok(Self {
            mode,
            allowed_hosts: list(allowed_hosts),
            allowed_origins: list(allowed_origins),
        })
    }
}

impl AuthSection {
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
            AuthMode::Development => Ok(()),
        }
    }
}

fn read_mode(mode: Setting<String>) -> Result<Setting<AuthMode>, ConfigError> {
    match mode.value.as_str() {
        "development" => Ok(mode.map(|_| AuthMode::Development)),
        "jwt" | "trusted_proxy" | "api_key" => Err(ConfigError::NotBuilt {
            key: "auth.mode".to_owned(),
            origin: mode.origin,
            what: format!("sign-in by {}", mode.value),
            instead: "use \"development\", on loopback",
        }),
        _ => Err(ConfigError::Invalid {
            key: "auth.mode".to_owned(),
            origin: mode.origin,
            expected: "\"development\"".to_owned(),
            found: Some(format!("{:?}", mode.value)),
        }),
    }
}
