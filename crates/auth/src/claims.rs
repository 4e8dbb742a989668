//! The claims of an identity token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)), as they go over the wire.

use std::time::Duration;

use frontdesk_identity::{Principal, TenantId, UserId};
use serde::{Deserialize, Serialize};

/// The longest that an identity token holds.
pub const MAX_LIFETIME: Duration = Duration::from_mins(1);

/// [`MAX_LIFETIME`] in the unit of the claims.
pub(crate) const MAX_LIFETIME_SECONDS: i64 = 60;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: UserId,
    pub(crate) tenant: TenantId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    /// Scopes, separated by spaces ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        let mut principal = Self::new(claims.tenant, claims.sub);
        principal.name = claims.name;
        principal.email = claims.email;
        principal.roles = claims.roles;
        principal.scopes = claims
            .scope
            .iter()
            .flat_map(|scope| scope.split_whitespace())
            .map(str::to_owned)
            .collect();
        principal
    }
}
