//! `[mcp.NAME.oauth]`: the accounts that users connect themselves.

use frontdesk_auth::guarded::Reach;
use frontdesk_auth::outgoing::oauth::RegisteredClient;

use super::super::section::Section;
use super::super::web_address::web_address;
use super::super::{ConfigError, Origin};
use super::identity::{client_method, reach, scopes};

/// What lies beside the servers' pages under `/connect`.
const TAKEN_NAMES: [&str; 3] = ["callback", "client.json", "page.css"];

/// `[mcp.NAME.oauth]`.
#[derive(Debug, Clone)]
pub struct OAuthSection {
    /// `client_id`, `client_secret` or `client_secret_file`, `client_method` and `issuer`: the registration that the
    /// operator made. Without one, we show our metadata document, or register on the spot.
    pub client: Option<RegisteredClient>,
    /// `scopes`: what to ask for where the server names nothing.
    pub scopes: Vec<String>,
    /// `allow_private_addresses`: which addresses documents of the server may name.
    pub reach: Reach,
}

pub(super) fn read(section: &mut Section<'_>) -> Result<OAuthSection, ConfigError> {
    let reach = reach(section)?;
    let mut section = section.below("oauth");
    let id = section.name("client_id")?;
    let secret = section.secret("client_secret")?;
    let method = client_method(&mut section)?;
    let issuer = section.name("issuer")?;
    let scopes = scopes(&mut section)?;
    let issuer_key = section.key("issuer");
    let client = if let Some(id) = id {
        // A secret is for whom it was agreed with, not for whomever a server names.
        let Some(issuer) = issuer else {
            return Err(ConfigError::Missing {
                key: issuer_key,
                expected: format!(
                    "the authorization server at which {} is registered, as it names itself",
                    section.key("client_id")
                ),
            });
        };
        web_address(issuer_key, issuer.clone(), "https://login.example.com")?;
        Some(RegisteredClient {
            id: id.value,
            secret: secret.map(|secret| secret.value),
            method: method.map(|method| method.value),
            issuer: Some(issuer.value),
        })
    } else {
        let strays = [
            ("client_secret", secret.map(|set| set.origin)),
            ("client_method", method.map(|set| set.origin)),
            ("issuer", issuer.map(|set| set.origin)),
        ];
        let stray = strays
            .into_iter()
            .find_map(|(key, origin)| Some((key, origin?)));
        if let Some((key, origin)) = stray {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {origin}) has no meaning without {}",
                    section.key(key),
                    section.key("client_id")
                ),
            });
        }
        None
    };
    section.finish()?;
    Ok(OAuthSection {
        client,
        scopes,
        reach,
    })
}

/// Fails on a name whose page would lie where something else does.
pub(super) fn check_name(name: &str, origin: &Origin) -> Result<(), ConfigError> {
    if TAKEN_NAMES.contains(&name) {
        return Err(ConfigError::Conflict {
            message: format!(
                "mcp.{name}.auth = \"oauth\" (from {origin}): /connect/{name} is something else; name the server otherwise"
            ),
        });
    }
    Ok(())
}
