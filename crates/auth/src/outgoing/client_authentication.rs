//! How we authenticate at an authorization server's token endpoint
//! ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use frontdesk_identity::Secret;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::byte_serialize;

use super::seal::exposed;

/// How a client shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientMethod {
    /// `none`: a public client, which only says its id.
    #[serde(rename = "none")]
    Public,
    /// `client_secret_basic`
    #[serde(rename = "client_secret_basic")]
    Basic,
    /// `client_secret_post`
    #[serde(rename = "client_secret_post")]
    Post,
}

/// Who we are at an authorization server.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The client's id.
    pub id: String,
    /// Its secret, where it has one.
    pub secret: Option<Secret>,
    /// How the two are sent.
    pub method: ClientMethod,
}

/// Credentials as they are sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ClientRecord {
    id: String,
    #[serde(with = "exposed::optional")]
    secret: Option<Secret>,
    method: ClientMethod,
}

impl ClientCredentials {
    /// A client that has no secret.
    pub fn public(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            method: ClientMethod::Public,
        }
    }

    /// What goes into the form, and the value of `Authorization` where there is one.
    pub(super) fn apply(&self, form: &mut Vec<(&'static str, String)>) -> Option<Secret> {
        let secret = self.secret.as_ref();
        match (self.method, secret) {
            (ClientMethod::Basic, Some(secret)) => {
                let [id, secret] = [self.id.as_str(), secret.expose()]
                    .map(|text| byte_serialize(text.as_bytes()).collect::<String>());
                let pair = STANDARD.encode(format!("{id}:{secret}"));
                Some(Secret::new(format!("Basic {pair}")))
            }
            (ClientMethod::Post, Some(secret)) => {
                form.push(("client_id", self.id.clone()));
                form.push(("client_secret", secret.expose().to_owned()));
                None
            }
            _ => {
                form.push(("client_id", self.id.clone()));
                None
            }
        }
    }
}

impl From<ClientCredentials> for ClientRecord {
    fn from(client: ClientCredentials) -> Self {
        let ClientCredentials { id, secret, method } = client;
        Self { id, secret, method }
    }
}

impl From<ClientRecord> for ClientCredentials {
    fn from(record: ClientRecord) -> Self {
        let ClientRecord { id, secret, method } = record;
        Self { id, secret, method }
    }
}
