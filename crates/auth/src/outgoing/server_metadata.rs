//! What an authorization server says about itself ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414), `OpenID` Connect
//! Discovery). It is believed only where it names exactly the issuer that was asked for.

use frontdesk_identity::Secret;
use serde::Deserialize;
use url::Url;

use super::OutgoingError;
use super::client_authentication::ClientMethod;
use super::document::{address, document, or_default};
use crate::GuardedHttp;

/// The metadata of an authorization server, as far as we use it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ServerMetadata {
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) authorization_endpoint: Option<String>,
    pub(super) token_endpoint: String,
    #[serde(default)]
    pub(super) registration_endpoint: Option<String>,
    #[serde(default)]
    pub(super) revocation_endpoint: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) scopes_supported: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) client_id_metadata_document_supported: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl ServerMetadata {
    /// Looks an issuer's metadata up, in the
    /// [order that MCP says](https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization#authorization-server-metadata-discovery);
    /// `None` where it publishes none.
    pub(super) async fn discover(
        http: &GuardedHttp,
        issuer: &str,
    ) -> Result<Option<Self>, OutgoingError> {
        for url in well_known(&address(issuer)?) {
            if let Some(metadata) = document::<Self>(http, &url).await? {
                if metadata.issuer != issuer {
                    return Err(OutgoingError::refused(
                        "the authorization server's metadata names another issuer",
                    ));
                }
                return Ok(Some(metadata));
            }
        }
        Ok(None)
    }

    /// The endpoints of a server that publishes no metadata, by the
    /// [defaults of 2025-03-26](https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization#fallbacks-for-servers-without-metadata-discovery).
    pub(super) fn by_default(origin: &str) -> Self {
        let origin = origin.trim_end_matches('/');
        Self {
            issuer: origin.to_owned(),
            authorization_endpoint: Some(format!("{origin}/authorize")),
            token_endpoint: format!("{origin}/token"),
            registration_endpoint: Some(format!("{origin}/register")),
            revocation_endpoint: None,
            scopes_supported: Vec::new(),
            code_challenge_methods_supported: vec!["S256".to_owned()],
            token_endpoint_auth_methods_supported: None,
            client_id_metadata_document_supported: false,
            authorization_response_iss_parameter_supported: false,
        }
    }

    /// One of its endpoints; `https`, unless the issuer itself isn't.
    pub(super) fn endpoint(&self, endpoint: &str) -> Result<Url, OutgoingError> {
        let url = address(endpoint)?;
        let issuer = address(&self.issuer)?;
        if url.scheme() == "https" || (issuer.scheme() == "http" && url.host() == issuer.host()) {
            Ok(url)
        } else {
            Err(OutgoingError::refused(
                "an endpoint of the authorization server isn't https",
            ))
        }
    }

    /// How a client with or without a secret authenticates here.
    pub(super) fn client_method(&self, secret: Option<&Secret>) -> ClientMethod {
        if secret.is_none() {
            return ClientMethod::Public;
        }
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return ClientMethod::Basic;
        };
        let takes = |name: &str| methods.iter().any(|method| method == name);
        if takes("client_secret_basic") {
            ClientMethod::Basic
        } else if takes("client_secret_post") {
            ClientMethod::Post
        } else if takes("none") {
            ClientMethod::Public
        } else {
            ClientMethod::Basic
        }
    }
}

/// Where an issuer's metadata can be: with its path inserted after the well-known part, for `OpenID` appended too.
fn well_known(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let mut paths = vec![
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        paths.push(format!("{path}/.well-known/openid-configuration"));
    }
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_query(None);
        url.set_path(&path);
        url
    };
    paths.into_iter().map(at).collect()
}
