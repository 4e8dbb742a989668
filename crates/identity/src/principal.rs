//! The verified caller of a request.

use serde_json::{Map, Value};

use crate::{Scope, TenantId, UserId};

/// The verified caller: what a credential proved, never what a request claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The tenant that the user belongs to.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The name to show.
    pub name: Option<String>,
    /// The mail address.
    pub email: Option<String>,
    /// Roles, as the issuer names them.
    pub roles: Vec<String>,
    /// OAuth scopes of the credential.
    pub scopes: Vec<String>,
    /// Further claims of the credential.
    pub claims: Map<String, Value>,
}

impl Principal {
    /// A principal of which only tenant and user are known.
    pub fn new(tenant: TenantId, user: UserId) -> Self {
        Self {
            tenant,
            user,
            name: None,
            email: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            claims: Map::new(),
        }
    }

    /// The owner of everything that this principal stores.
    pub fn scope(&self) -> Scope {
        Scope {
            tenant: self.tenant.clone(),
            user: self.user.clone(),
        }
    }
}
