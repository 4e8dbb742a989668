//! What an authorization brings, and what is kept while it is under way. Both leave this process sealed only.

use std::fmt;

use frontdesk_identity::{Scope, Secret};
use serde::{Deserialize, Serialize};

use crate::outgoing::client_authentication::ClientRecord;
use crate::outgoing::seal::Sealed;
use crate::outgoing::seal::exposed;
use crate::outgoing::{OutgoingError, Seal};

/// A user's tokens for a tool server. Its `Debug` shows none of them.
#[derive(Clone)]
pub struct TokenSet(pub(super) TokenRecord);

/// An authorization that was begun. Its `Debug` shows nothing that would let anybody finish it.
#[derive(Clone)]
pub struct Pending(pub(super) PendingRecord);

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct TokenRecord {
    #[serde(with = "exposed")]
    pub(super) access: Secret,
    #[serde(with = "exposed::optional")]
    pub(super) refresh: Option<Secret>,
    /// In seconds since the epoch.
    pub(super) expires_at: Option<i64>,
    pub(super) scopes: Vec<String>,
    pub(super) origin: Origin,
    pub(super) grant: Grant,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct PendingRecord {
    #[serde(with = "exposed")]
    pub(super) state: Secret,
    #[serde(with = "exposed")]
    pub(super) verifier: Secret,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires_at: i64,
    pub(super) issuer_parameter: IssuerParameter,
    pub(super) grant: Grant,
}

/// By whom, for what and to whom tokens are given. Nothing of it is taken from elsewhere when they are refreshed, so
/// that no server's credentials ever go to another.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) issuer: String,
    pub(super) resource: String,
    pub(super) token_endpoint: String,
    pub(super) revocation_endpoint: Option<String>,
    pub(super) client: ClientRecord,
}

/// Where tokens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// From the user.
    Given,
    /// From a refresh, because the earlier ones ran out.
    Refreshed,
    /// From a refresh, because the server refused the earlier ones. If it refuses these too, refreshing doesn't help.
    AfterRefusal,
}

/// Whether the answer must name its issuer ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)). Where it names one, it
/// must be the right one in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum IssuerParameter {
    Required,
    Optional,
}

impl TokenSet {
    /// What goes onto a request.
    pub fn access_token(&self) -> &Secret {
        &self.0.access
    }

    /// When it runs out, in seconds since the epoch; `None` where the issuer doesn't say.
    pub fn expires_at(&self) -> Option<i64> {
        self.0.expires_at
    }

    /// The rights that the user has given.
    pub fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    /// Who gave it.
    pub fn issuer(&self) -> &str {
        &self.0.grant.issuer
    }

    /// Whether it can be refreshed.
    pub fn can_refresh(&self) -> bool {
        self.0.refresh.is_some()
    }

    /// Seals the tokens for the store.
    pub fn seal(&self, seal: &Seal, owner: &Scope, server: &str) -> Result<Vec<u8>, OutgoingError> {
        seal.seal(Sealed::Tokens(owner, server), &self.0)
    }

    /// Opens what was sealed for this owner and server; `None` for anything else.
    pub fn open(seal: &Seal, owner: &Scope, server: &str, sealed: &[u8]) -> Option<Self> {
        seal.open(Sealed::Tokens(owner, server), sealed).map(Self)
    }
}

impl Pending {
    /// Seals it for the store.
    pub fn seal(&self, seal: &Seal, owner: &Scope, server: &str) -> Result<Vec<u8>, OutgoingError> {
        seal.seal(Sealed::Pending(owner, server), &self.0)
    }

    /// Opens what was sealed for this owner and server; `None` for anything else.
    pub fn open(seal: &Seal, owner: &Scope, server: &str, sealed: &[u8]) -> Option<Self> {
        seal.open(Sealed::Pending(owner, server), sealed).map(Self)
    }

    /// The text by which the answer says what it belongs to.
    pub fn state(&self) -> &Secret {
        &self.0.state
    }

    /// Until when it can be finished, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        self.0.expires_at
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("issuer", &self.0.grant.issuer)
            .field("scopes", &self.0.scopes)
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("issuer", &self.0.grant.issuer)
            .field("scopes", &self.0.scopes)
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}
