//! A signed token in its compact form ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)): what its header
//! says, and whether a key signed it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refused;
use crate::AuthError;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The longest key id that is looked for, in bytes.
const MAX_KEY_ID_BYTES: usize = 512;

/// A token whose signature wasn't checked yet.
pub(super) struct Token<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions without which the token may not be understood.
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, AuthError> {
        let not_a_token = refused("not a token");
        if text.len() > MAX_TOKEN_BYTES {
            return Err(refused("the token is too long"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(not_a_token.clone())?;
        let (header, payload) = signed.split_once('.').ok_or(not_a_token.clone())?;
        if payload.contains('.') {
            return Err(not_a_token);
        }
        let header: Header = read(header)
            .and_then(|header| serde_json::from_value(header).ok())
            .ok_or(not_a_token)?;
        if header.crit.is_some() {
            return Err(refused("a token with extensions"));
        }
        let algorithm = algorithm(&header.alg).ok_or(refused("an algorithm that isn't taken"))?;
        if header
            .kid
            .as_ref()
            .is_some_and(|id| id.len() > MAX_KEY_ID_BYTES)
        {
            return Err(refused("a key id that is too long"));
        }
        Ok(Self {
            algorithm,
            key_id: header.kid,
            signed,
            payload,
            signature,
        })
    }

    pub(super) fn is_signed_by(&self, key: &DecodingKey) -> bool {
        jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, self.algorithm)
            .unwrap_or(false)
    }

    /// What the token says; to be asked only after [`Self::is_signed_by`].
    pub(super) fn claims(&self) -> Result<Map<String, Value>, AuthError> {
        match read(self.payload) {
            Some(Value::Object(claims)) => Ok(claims),
            _ => Err(refused("claims that aren't an object")),
        }
    }
}

/// The algorithm of this name; also by its newer name
/// ([RFC 9864](https://www.rfc-editor.org/rfc/rfc9864)).
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    if name == "Ed25519" {
        return Some(Algorithm::EdDSA);
    }
    name.parse().ok()
}

fn read(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    frontdesk_json::read(&bytes).ok()
}
