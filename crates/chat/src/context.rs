//! What a request brings besides its body.

use std::sync::Arc;

use frontdesk_identity::{Credentials, Principal, Scope};

use crate::Page;

/// Whether a client knows how to resume a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Plain ChatKit: going away means stop.
    Plain,
    /// Sent `Frontdesk-Resume: 1`: it comes back for the rest, and understands what a plain client would not.
    Resuming,
}

/// The verified caller of a request and how the answer should be made.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Who is calling.
    pub principal: Arc<Principal>,
    /// What the caller signed in with, for tool servers that take the caller's own token. Never stored.
    pub credentials: Credentials,
    /// The id of this request, for logs and error answers.
    pub request_id: String,
    /// The caller's languages, as `Accept-Language` has them.
    pub locale: Option<String>,
    /// What the client can do.
    pub client: Client,
    /// The key by which the client knows its request again. What begins a turn begins one turn per key, however often
    /// it is sent. At most 255 visible characters of ASCII.
    pub idempotency_key: Option<String>,
    /// What the page that the user is on tells of itself, in configured headers. [`Service`](crate::Service) adds what
    /// the request's metadata says.
    pub page: Page,
}

impl RequestContext {
    /// The owner of everything that this request may touch.
    pub fn scope(&self) -> Scope {
        self.principal.scope()
    }
}
