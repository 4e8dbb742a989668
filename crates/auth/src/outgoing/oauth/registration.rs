//! Registration on the spot ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)), the last resort.

use bytes::Bytes;
use frontdesk_identity::Secret;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

use crate::GuardedHttp;
use crate::outgoing::document::{parse, send};
use crate::outgoing::server_metadata::ServerMetadata;
use crate::outgoing::{ClientCredentials, ClientMethod, OutgoingError};

/// The longest id or secret that is taken, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 2_048;

/// How long a registration is used for further authorizations, in seconds. A server may forget clients, and tells so only
/// to the user's browser.
const REMEMBERED_SECONDS: i64 = 3_600;

/// A registration that was made.
#[derive(Debug, Clone)]
pub(super) struct Registration {
    pub(super) client: ClientCredentials,
    /// Until when it is used for new authorizations, in seconds since the epoch.
    pub(super) until: i64,
}

#[derive(Deserialize)]
struct Answer {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    client_secret_expires_at: Option<i64>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
}

/// Registers at a server that offers it. `metadata` asks for no secret where the server can do without.
pub(super) async fn register(
    http: &GuardedHttp,
    server: &ServerMetadata,
    mut metadata: Value,
    now: i64,
) -> Result<Registration, OutgoingError> {
    let Some(endpoint) = &server.registration_endpoint else {
        return Err(OutgoingError::refused(
            "we are not registered with the authorization server, and it takes no registrations",
        ));
    };
    if let Some(method) = wanted_method(server)
        && let Some(fields) = metadata.as_object_mut()
    {
        fields.insert("token_endpoint_auth_method".to_owned(), method.into());
    }
    let request = Request::post(server.endpoint(endpoint)?.as_str())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(Bytes::from(metadata.to_string()))
        .map_err(|_| OutgoingError::refused("not an address"))?;
    let response = send(http, request).await?;
    let status = response.status();
    if status.is_server_error() {
        return Err(OutgoingError::unavailable(format!(
            "registration: {status}"
        )));
    }
    if !status.is_success() {
        return Err(OutgoingError::refused(format!("registration: {status}")));
    }
    read(server, parse(response.body())?, now)
}

fn read(server: &ServerMetadata, answer: Answer, now: i64) -> Result<Registration, OutgoingError> {
    let fits = |text: &str| {
        (1..=MAX_CREDENTIAL_BYTES).contains(&text.len())
            && !text.contains(|letter: char| letter.is_control())
    };
    let secret = answer.client_secret.filter(|secret| !secret.is_empty());
    if !fits(&answer.client_id) || secret.as_deref().is_some_and(|secret| !fits(secret)) {
        return Err(OutgoingError::refused(
            "registration: credentials that can't be sent",
        ));
    }
    let secret = secret.map(Secret::new);
    let remembered = now.saturating_add(REMEMBERED_SECONDS);
    let method = match answer.token_endpoint_auth_method.as_deref() {
        Some("none") => ClientMethod::Public,
        Some("client_secret_basic") => ClientMethod::Basic,
        Some("client_secret_post") => ClientMethod::Post,
        Some(_) => {
            return Err(OutgoingError::refused(
                "registration: a way to authenticate that we don't have",
            ));
        }
        None => server.client_method(secret.as_ref()),
    };
    Ok(Registration {
        client: ClientCredentials {
            id: answer.client_id,
            secret,
            method,
        },
        // 0 is how the standard writes that it never runs out.
        until: answer
            .client_secret_expires_at
            .filter(|at| *at != 0)
            .map_or(remembered, |at| at.min(remembered)),
    })
}

/// What to ask for instead of `none` where the server doesn't take that.
fn wanted_method(server: &ServerMetadata) -> Option<&'static str> {
    let methods = server.token_endpoint_auth_methods_supported.as_ref()?;
    ["none", "client_secret_basic", "client_secret_post"]
        .into_iter()
        .find(|known| methods.iter().any(|method| method == known))
}
