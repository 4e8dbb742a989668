//! The owner of data: a tenant and a user in it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest tenant or user id that is taken, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// An id that can't name a tenant or a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be 1 to {MAX_ID_BYTES} bytes without control characters")]
pub struct InvalidId {
    /// What the id was to name: `tenant` or `user`.
    pub kind: &'static str,
}

fn check(kind: &'static str, id: &str) -> Result<(), InvalidId> {
    let fits = !id.is_empty() && id.len() <= MAX_ID_BYTES && !id.chars().any(char::is_control);
    fits.then_some(()).ok_or(InvalidId { kind })
}

macro_rules! owner_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads an id.
            ///
            /// # Errors
            /// The id is empty, longer than [`MAX_ID_BYTES`] or has control characters.
            pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
                let id = id.into();
                check($kind, &id)?;
                Ok(Self(id))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(id: String) -> Result<Self, InvalidId> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

owner_id!(
    /// A tenant: data of different tenants never meets.
    TenantId,
    "tenant"
);
owner_id!(
    /// A user within a tenant.
    UserId,
    "user"
);

impl TenantId {
    /// The tenant of an installation that has only one.
    pub fn single() -> Self {
        Self("default".to_owned())
    }
}

/// The owner of data. Every store method that a request can reach takes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// The user in that tenant.
    pub user: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_printable() {
        assert!(UserId::new("ann@example.com").is_ok());
        assert!(UserId::new("").is_err());
        assert!(UserId::new("a\nb").is_err());
        assert!(UserId::new("x".repeat(MAX_ID_BYTES)).is_ok());
        assert!(UserId::new("x".repeat(MAX_ID_BYTES + 1)).is_err());
        assert!(serde_json::from_str::<TenantId>("\"\"").is_err());
    }
}
