//! Who we are at authorization servers that we may never have met.

use frontdesk_identity::Secret;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::outgoing::server_metadata::ServerMetadata;
use crate::outgoing::{ClientCredentials, ClientMethod};

/// What we can show an authorization server, best first: a registration that the operator made, a metadata document
/// under an address of ours, a registration made on the spot.
#[derive(Debug, Clone)]
pub struct ClientIdentity {
    /// The name that users see there.
    pub name: String,
    /// The operator's registration.
    pub registered: Option<RegisteredClient>,
    /// Where our
    /// [metadata document](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/) is; it
    /// counts where it is an `https` address with a path.
    pub metadata_document: Option<Url>,
    /// Whether we may register on the spot.
    pub dynamic: DynamicRegistration,
}

/// Whether we may register on the spot ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicRegistration {
    /// Where nothing better is possible.
    Allowed,
    /// Never.
    Refused,
}

/// A registration that the operator made.
#[derive(Debug, Clone)]
pub struct RegisteredClient {
    /// The client's id.
    pub id: String,
    /// Its secret.
    pub secret: Option<Secret>,
    /// How the secret is sent; what the server's metadata say where this is `None`.
    pub method: Option<ClientMethod>,
    /// The issuer that it was made at; then no other is gone to.
    pub issuer: Option<String>,
}

impl ClientIdentity {
    /// The metadata document of a client with this address, and these addresses to come back to.
    pub fn document(&self, address: &Url, redirect_uris: &[Url]) -> Value {
        let mut document = self.registration(redirect_uris);
        if let Some(fields) = document.as_object_mut() {
            fields.insert("client_id".to_owned(), address.as_str().into());
        }
        document
    }

    /// What a registration says. A refresh token is among what we want, and we are a web application exactly where the
    /// browser comes back to an address that isn't this machine.
    pub(super) fn registration(&self, redirect_uris: &[Url]) -> Value {
        let is_local = |redirect_uri: &Url| match redirect_uri.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => true,
        };
        let local = redirect_uris.iter().all(is_local);
        let redirect_uris: Vec<&str> = redirect_uris.iter().map(Url::as_str).collect();
        json!({
            "client_name": self.name,
            "redirect_uris": redirect_uris,
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": if local { "native" } else { "web" },
        })
    }

    /// Who we are at this server without asking it, where we are somebody.
    pub(super) fn known_at(&self, server: &ServerMetadata) -> Option<ClientCredentials> {
        if let Some(registered) = &self.registered {
            let secret = registered.secret.as_ref();
            return Some(ClientCredentials {
                id: registered.id.clone(),
                secret: registered.secret.clone(),
                method: registered
                    .method
                    .unwrap_or_else(|| server.client_method(secret)),
            });
        }
        let document = self.metadata_document.as_ref()?;
        let counts = document.scheme() == "https" && document.path() != "/";
        (counts && server.client_id_metadata_document_supported)
            .then(|| ClientCredentials::public(document.as_str()))
    }

    /// The one issuer that we may go to, where the operator's registration is bound to one.
    pub(super) fn bound(&self) -> Option<&str> {
        self.registered.as_ref()?.issuer.as_deref()
    }
}
