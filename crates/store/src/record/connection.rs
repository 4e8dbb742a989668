//! What a user connected at a tool server, and what is remembered while they do. The bytes are sealed by the writer.

use std::fmt;

use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

/// A connection of a user to a tool server, without what is sealed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The server's name, as the operator's file has it.
    pub server: String,
    /// When it was first stored.
    pub created_at: Timestamp,
    /// When it was last stored.
    pub updated_at: Timestamp,
}

/// A user on the way to an authorization server; they come back with the state whose hash this has.
#[derive(Clone, PartialEq, Eq)]
pub struct Connecting {
    /// The tool server's name.
    pub server: String,
    /// The hash of the state; unique in the whole store.
    pub state_hash: [u8; 32],
    /// What finishing needs, sealed.
    pub sealed: Vec<u8>,
    /// From when on it is forgotten.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("server", &self.server)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A user who came back from an authorization server.
#[derive(Clone, PartialEq, Eq)]
pub struct CameBack {
    /// Who had set out.
    pub scope: Scope,
    /// The tool server's name.
    pub server: String,
    /// What finishing needs, sealed.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for CameBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CameBack")
            .field("scope", &self.scope)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
