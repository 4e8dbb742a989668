//! Threads that nobody has used for long.

use std::collections::BTreeSet;

use frontdesk_identity::TenantId;
use frontdesk_protocol::Timestamp;

/// Threads in which nothing happened since a time: they were made before, their items and turns were made before, and
/// their turns ended before. A thread with a running turn is none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Whose they are.
    pub tenants: Tenants,
    /// The time.
    pub since: Timestamp,
}

/// Some tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenants {
    /// This one.
    Only(TenantId),
    /// All others.
    AllBut(BTreeSet<TenantId>),
}

impl Tenants {
    /// Whether a tenant is one of them.
    pub fn has(&self, tenant: &TenantId) -> bool {
        match self {
            Self::Only(only) => only == tenant,
            Self::AllBut(others) => !others.contains(tenant),
        }
    }
}
