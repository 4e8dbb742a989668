//! `[cors]`: pages of other origins that may call, and whether with cookies.

use url::Url;

use super::layers::Layers;
use super::section::Section;
use super::{AuthSection, ConfigError, Setting};

/// Stands for every origin.
const ANY: &str = "*";

/// The pages that may call from another origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Those of these origins, each as browsers send it: `https://app.example.com:8443`.
    Listed(Vec<String>),
    /// All. Only where a page can't use a sign-in that the browser sends by itself.
    Any,
}

/// Whether such a page's requests may carry cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsCredentials {
    /// No.
    Omitted,
    /// Yes.
    Allowed,
}

/// `[cors]`. With nothing said, no other origin may call.
#[derive(Debug, Clone)]
pub struct CorsSection {
    /// `allowed_origins`.
    pub allowed_origins: Setting<CorsOrigins>,
    /// `allow_credentials`.
    pub credentials: Setting<CorsCredentials>,
}

impl CorsSection {
    pub(crate) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, "cors");
        let origins = section.list("allowed_origins")?;
        let credentials = section.flag(
            "allow_credentials",
            (CorsCredentials::Omitted, CorsCredentials::Allowed),
        )?;
        let key = section.key("allowed_origins");
        section.finish()?;
        let origins = origins.unwrap_or_else(|| Setting::default_value(Vec::new()));
        let wrong = origins.value.iter().find(|origin| !fits(origin));
        if let Some(wrong) = wrong {
            return Err(ConfigError::Invalid {
                key,
                origin: origins.origin,
                expected: "origins such as \"https://app.example.com\", or \"*\" alone".to_owned(),
                found: Some(format!("{wrong:?}")),
            });
        }
        let any = origins.value.iter().any(|origin| origin == ANY);
        if any && origins.value.len() > 1 {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{key} (from {}) has \"*\" beside other origins: keep one or the other",
                    origins.origin
                ),
            });
        }
        Ok(Self {
            allowed_origins: origins.map(|origins| {
                if any {
                    CorsOrigins::Any
                } else {
                    CorsOrigins::Listed(origins)
                }
            }),
            credentials: credentials
                .unwrap_or_else(|| Setting::default_value(CorsCredentials::Omitted)),
        })
    }

    /// `*` would let every page act as whoever sits at the browser, where the browser signs in by itself.
    pub(crate) fn check_sign_in(&self, auth: &AuthSection) -> Result<(), ConfigError> {
        let CorsOrigins::Any = self.allowed_origins.value else {
            return Ok(());
        };
        let from = &self.allowed_origins.origin;
        let reason = if self.credentials.value == CorsCredentials::Allowed {
            format!(
                "cors.allow_credentials (from {}) is on",
                self.credentials.origin
            )
        } else if auth.mode.value.is_ambient() {
            format!(
                "with auth.mode = \"{}\" (from {}) browsers sign in by themselves",
                auth.mode.value.name(),
                auth.mode.origin
            )
        } else {
            return Ok(());
        };
        Err(ConfigError::Conflict {
            message: format!(
                "cors.allowed_origins (from {from}) is \"*\", but {reason}: name the origins"
            ),
        })
    }

    /// The origins that are listed.
    pub(crate) fn listed(&self) -> &[String] {
        match &self.allowed_origins.value {
            CorsOrigins::Listed(origins) => origins,
            CorsOrigins::Any => &[],
        }
    }
}

fn fits(origin: &str) -> bool {
    origin == ANY || is_origin(origin)
}

/// Whether this is exactly what a browser would send.
pub(crate) fn is_origin(text: &str) -> bool {
    let parsed = Url::parse(text).ok();
    parsed.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
    })
}
