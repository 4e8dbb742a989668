//! What a request says about itself and about the client that sent it. None of it proves who is calling.

use http::HeaderMap;

/// Headers that a function may read: those that describe the client or trace the request, never a credential.
const SAFE_HEADERS: [&str; 7] = [
    "accept-language",
    "baggage",
    "mcp-protocol-version",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-request-id",
];

/// The two ways in which the protocol is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// Revisions up to 2025-11-25: the client introduces itself once, with `initialize`.
    Initialize,
    /// Revisions from 2026-07-28 on: each request says everything.
    Stateless,
}

/// The client's program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One request, as it describes itself.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// The request's id, as the client chose it; not unique across clients.
    pub id: String,
    /// How the protocol is spoken.
    pub era: Era,
    /// The protocol's revision: `2026-07-28`.
    pub version: String,
    /// The client's program, where it says.
    pub client: Option<Client>,
    /// The headers that describe the client or trace the request; `Authorization`, cookies and all others are left out.
    pub headers: HeaderMap,
}

impl RequestInfo {
    pub(crate) fn safe(headers: &HeaderMap) -> HeaderMap {
        let mut safe = HeaderMap::new();
        for (name, value) in headers {
            let name_text = name.as_str();
            if SAFE_HEADERS.contains(&name_text) || name_text.starts_with("mcp-param-") {
                safe.append(name.clone(), value.clone());
            }
        }
        safe
    }
}
