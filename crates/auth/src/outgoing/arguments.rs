//! `arguments`: for existing servers whose tools take the user or a token as a parameter, what to fill in.
//!
//! The parameter is taken out of the schema that the model sees, and the value here overwrites the model's.

use std::fmt;
use std::str::FromStr;

use frontdesk_identity::{Principal, Secret, SignedIn};
use serde_json::Value;

use super::OutgoingError;

/// The deepest path into the claims.
const MAX_PATH: usize = 8;

/// Where the value of a hidden argument comes from.
#[derive(Debug, Clone)]
pub enum ArgumentSource {
    /// `user.id`
    UserId,
    /// `tenant`
    Tenant,
    /// `user.name`
    Name,
    /// `user.email`
    Email,
    /// `claims.org_id`, `claims.org.id`: a claim of the caller's credential, by its path.
    Claim(Vec<String>),
    /// `token`: the caller's own token.
    Token,
    /// A secret of the operator's, the same for everybody.
    Fixed(Secret),
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown source of an argument: {0}; known are user.id, user.name, user.email, tenant, token and claims.<name>"
)]
pub struct UnknownSource(pub String);

/// A value to fill in. Its `Debug` shows nothing, for what it holds may be a token or a mail address.
#[derive(Clone)]
pub struct HiddenValue {
    /// What the tool gets.
    pub value: Value,
    /// The value once more where it is a credential, so that it can be found in what a server says and be blotted out.
    pub secret: Option<Secret>,
}

impl ArgumentSource {
    /// The value for this caller.
    ///
    /// # Errors
    /// [`OutgoingError::NotUsable`]: the sign-in doesn't have it; so the call can't be made.
    pub fn resolve(&self, caller: &SignedIn) -> Result<HiddenValue, OutgoingError> {
        let principal = &caller.principal;
        let plain = match self {
            Self::UserId => Some(principal.user.as_str().into()),
            Self::Tenant => Some(principal.tenant.as_str().into()),
            Self::Name => principal.name.clone().map(Value::String),
            Self::Email => principal.email.clone().map(Value::String),
            Self::Claim(path) => claim(principal, path).cloned(),
            Self::Token => {
                let token = caller.credentials.current().map(|held| held.token);
                return token.map(HiddenValue::credential).ok_or(MISSING);
            }
            Self::Fixed(secret) => return Ok(HiddenValue::credential(secret.clone())),
        };
        let present = plain.filter(|value| !value.is_null() && value.as_str() != Some(""));
        present
            .map(|value| HiddenValue {
                value,
                secret: None,
            })
            .ok_or(MISSING)
    }
}

const MISSING: OutgoingError = OutgoingError::NotUsable {
    reason: "it lacks a value that the tool needs",
};

impl HiddenValue {
    fn credential(secret: Secret) -> Self {
        Self {
            value: secret.expose().into(),
            secret: Some(secret),
        }
    }
}

impl FromStr for ArgumentSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let unknown = || UnknownSource(text.to_owned());
        Ok(match text {
            "user.id" => Self::UserId,
            "user.name" => Self::Name,
            "user.email" => Self::Email,
            "tenant" => Self::Tenant,
            "token" => Self::Token,
            _ => {
                let path = text.strip_prefix("claims.").ok_or_else(unknown)?;
                let path: Vec<String> = path.split('.').map(str::to_owned).collect();
                if path.len() > MAX_PATH || path.iter().any(String::is_empty) {
                    return Err(unknown());
                }
                Self::Claim(path)
            }
        })
    }
}

impl fmt::Debug for HiddenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenValue(…)")
    }
}

fn claim<'a>(principal: &'a Principal, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let first = principal.claims.get(first)?;
    rest.iter().try_fold(first, |value, name| value.get(name))
}
