//! What users connected at tool servers.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

use crate::{Connecting, Connection, Result};

/// The connections of an owner to tool servers, one for each server's name.
///
/// What is stored is sealed by the caller; a store can't read it.
/// Coming back from an authorization server is [`Keys::take_connecting`](crate::Keys::take_connecting).
#[async_trait]
pub trait Connections: Send + Sync {
    /// Stores what a connection needs, at most [`MAX_SEALED_BYTES`](crate::limit::MAX_SEALED_BYTES), in place of what
    /// was there.
    async fn save_connection(
        &self,
        scope: &Scope,
        server: &str,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<()>;

    /// What a connection needs, as it was stored.
    async fn load_connection(&self, scope: &Scope, server: &str) -> Result<Option<Vec<u8>>>;

    /// Forgets a connection. `false` if there is no such connection.
    async fn remove_connection(&self, scope: &Scope, server: &str) -> Result<bool>;

    /// The owner's connections, by name of the server; the first [`MAX_PAGE`](crate::limit::MAX_PAGE).
    async fn connections(&self, scope: &Scope) -> Result<Vec<Connection>>;

    /// Remembers that the owner sets out to connect. A state that is there already is a conflict. Of an owner's the
    /// [`MAX_CONNECTING`](crate::limit::MAX_CONNECTING) that expire last are kept.
    async fn begin_connecting(&self, scope: &Scope, connecting: Connecting) -> Result<()>;
}
