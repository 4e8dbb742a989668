//! Reads a request's body once, bounded, refuses what isn't JSON, and refuses callers that lack a scope for it.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use frontdesk_identity::Principal;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::MAX_BODY_BYTES;
use crate::catalogue::Subject;
use crate::core::Core;
use crate::plain::Plain;
use crate::refusal::{INVALID_REQUEST, PARSE_ERROR, SERVER_ERROR, refusal, with_data};

/// What a request wants, as far as it decides who may. The core checks again what it reads itself.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default)]
    method: String,
    params: Option<Parameters>,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    name: Option<Said>,
    uri: Option<Said>,
    #[serde(rename = "ref")]
    reference: Option<Reference>,
}

#[derive(Debug, Deserialize)]
struct Reference {
    name: Option<Said>,
    uri: Option<Said>,
}

/// A text; or something else, which names nothing.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Said {
    Text(String),
    Other(IgnoredAny),
}

impl Said {
    fn text(said: Option<&Self>) -> Option<&str> {
        match said? {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }
}

pub(crate) struct Permits<S> {
    pub(crate) core: Arc<Core<S>>,
    pub(crate) metadata_url: String,
}

pub(crate) async fn check<S>(
    State(permits): State<Arc<Permits<S>>>,
    request: Request,
    next: Next,
) -> Response
where
    S: Clone + Send + Sync + 'static,
{
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MAX_BODY_BYTES).await else {
        return refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            INVALID_REQUEST,
            "the request is too large or was cut off",
        );
    };
    if serde_json::from_slice::<Plain>(&bytes).is_err() {
        return not_plain(&bytes);
    }
    // What is something else the protocol's own reader refuses.
    let wanted: Wanted = serde_json::from_slice(&bytes).unwrap_or_default();
    if let Some(caller) = parts.extensions.get::<Arc<Principal>>()
        && let Some(refused) = permits.refuse(&wanted, caller)
    {
        return refused;
    }
    next.run(Request::from_parts(parts, Body::from(bytes)))
        .await
}

fn not_plain(bytes: &[u8]) -> Response {
    let (code, message) = if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        (INVALID_REQUEST, "the request has a reserved name")
    } else {
        (PARSE_ERROR, "the request is not JSON")
    };
    refusal(StatusCode::BAD_REQUEST, code, message)
}

impl Wanted {
    fn subject(&self) -> Option<Subject<'_>> {
        let params = self.params.as_ref()?;
        let name = Said::text(params.name.as_ref());
        let uri = Said::text(params.uri.as_ref());
        match self.method.as_str() {
            "tools/call" => name.map(Subject::Tool),
            "prompts/get" => name.map(Subject::Prompt),
            "resources/read" | "resources/subscribe" => uri.map(Subject::Resource),
            "completion/complete" => {
                let reference = params.reference.as_ref()?;
                let prompt = Said::text(reference.name.as_ref()).map(Subject::Prompt);
                prompt.or_else(|| Said::text(reference.uri.as_ref()).map(Subject::Template))
            }
            _ => None,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Permits<S> {
    /// The step-up challenge ([section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
    fn refuse(&self, wanted: &Wanted, caller: &Principal) -> Option<Response> {
        let scopes = self.core.catalogue.lacking(wanted.subject()?, caller)?;
        let list = scopes.join(" ");
        let challenge = format!(
            "Bearer error=\"insufficient_scope\", scope=\"{list}\", resource_metadata=\"{}\"",
            self.metadata_url
        );
        let mut response = with_data(
            StatusCode::FORBIDDEN,
            SERVER_ERROR,
            &format!("the permission is missing: {list}"),
            Some(json!({"scopes": scopes})),
        );
        if let Ok(challenge) = challenge.parse() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        Some(response)
    }
}
