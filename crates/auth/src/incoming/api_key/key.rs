//! An API key: its text, and what is kept of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_identity::{Secret, TenantId, UserId};

use crate::AuthError;

const PREFIX: &str = "fdk_";
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// What is kept of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRecord {
    /// Names the key; 16 hex digits.
    pub id: String,
    /// SHA-256 of the key's secret part, which is 256 random bits. Such a secret can't be guessed from its hash, so
    /// the hash needn't be a slow one, as for a password.
    pub hash: [u8; 32],
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// For whom it may be used.
    pub right: KeyRight,
    /// From when on it doesn't hold any more, in seconds since the epoch.
    pub revoked_at: Option<i64>,
    /// When it runs out, in seconds since the epoch.
    pub expires_at: Option<i64>,
}

/// For whom a key may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRight {
    /// One user.
    User(UserId),
    /// Any user of the key's tenant, whom each request names.
    OnBehalf,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// For whom it may be used.
    pub right: KeyRight,
    /// When it runs out, in seconds since the epoch.
    pub expires_at: Option<i64>,
}

impl NewApiKey {
    /// Makes the key: its text, which is shown once, and what is kept of it.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`]: the system has no random numbers.
    pub fn make(self) -> Result<(Secret, ApiKeyRecord), AuthError> {
        let id = random_hex::<ID_BYTES>()?;
        let secret = random_hex::<SECRET_BYTES>()?;
        let record = ApiKeyRecord {
            hash: hash(&secret),
            id: id.clone(),
            tenant: self.tenant,
            right: self.right,
            revoked_at: None,
            expires_at: self.expires_at,
        };
        Ok((Secret::new(format!("{PREFIX}{id}_{secret}")), record))
    }
}

impl ApiKeyRecord {
    pub(super) fn has_secret(&self, secret: &str) -> bool {
        verify_slices_are_equal(&hash(secret), &self.hash).is_ok()
    }
}

/// The id and the secret of a key's text; `None` where it can't be one.
pub(super) fn parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES)).then_some((id, secret))
}

fn is_hex(text: &str, bytes: usize) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == bytes * 2 && text.bytes().all(digit)
}

fn hash(secret: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (to, from) in hash
        .iter_mut()
        .zip(digest(&SHA256, secret.as_bytes()).as_ref())
    {
        *to = *from;
    }
    hash
}

fn random_hex<const BYTES: usize>() -> Result<String, AuthError> {
    let mut bytes = [0_u8; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| AuthError::Unavailable {
        detail: "the system has no random numbers".to_owned(),
    })?;
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    Ok(bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect())
}
