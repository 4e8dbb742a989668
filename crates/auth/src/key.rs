//! The Ed25519 key that signs identity tokens ([RFC 8037](https://www.rfc-editor.org/rfc/rfc8037)), derived from the
//! server's secret, so that every replica with the same secret has the same key.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_identity::Secret;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::AuthError;

/// The shortest secret that a key is made from, in bytes.
const MIN_SECRET_BYTES: usize = 16;
/// Keeps this key apart from others that are derived from the same secret.
const PURPOSE: &[u8] = b"frontdesk identity tokens, ed25519, version 1";
const SEED_BYTES: usize = 32;
/// How much of the public key's hash names it.
const KEY_ID_BYTES: usize = 12;

/// Signs identity tokens. Its `Debug` shows the key's name only.
pub struct SigningKey {
    encoding: EncodingKey,
    public: PublicKey,
}

/// Checks what the [`SigningKey`] of the same secret signed. Nothing about it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key_id: String,
    bytes: Vec<u8>,
}

impl SigningKey {
    /// Derives the key from the server's secret, with HKDF-SHA256
    /// ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)).
    ///
    /// # Errors
    /// [`AuthError::Key`]: the secret is shorter than 16 bytes.
    pub fn from_secret(secret: &Secret) -> Result<Self, AuthError> {
        let secret = secret.expose().trim().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(AuthError::Key {
                detail: "the secret must have at least 16 bytes",
            });
        }
        let unusable = |detail| move |_| AuthError::Key { detail };
        let mut seed = Zeroizing::new([0_u8; SEED_BYTES]);
        Salt::new(HKDF_SHA256, &[])
            .extract(secret)
            .expand(&[PURPOSE], SeedLength)
            .and_then(|output| output.fill(seed.as_mut_slice()))
            .map_err(unusable("the secret gives no seed"))?;
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| AuthError::Key {
                detail: "the seed gives no key",
            })?;
        let document = pair
            .to_pkcs8v1()
            .map_err(unusable("the key can't be encoded"))?;
        Ok(Self {
            encoding: EncodingKey::from_ed_der(document.as_ref()),
            public: PublicKey::new(pair.public_key().as_ref()),
        })
    }

    /// The half that may be published.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }
}

impl PublicKey {
    fn new(bytes: &[u8]) -> Self {
        let hash = digest(&SHA256, bytes);
        let short = hash.as_ref().get(..KEY_ID_BYTES).unwrap_or_default();
        Self {
            key_id: URL_SAFE_NO_PAD.encode(short),
            bytes: bytes.to_vec(),
        }
    }

    /// The name by which a token's header tells its key (`kid`).
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The key as a JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)), for a published key set.
    pub fn to_jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.key_id,
            "x": URL_SAFE_NO_PAD.encode(&self.bytes),
        })
    }

    pub(crate) fn decoding(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("key_id", &self.public.key_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

struct SeedLength;

impl KeyType for SeedLength {
    fn len(&self) -> usize {
        SEED_BYTES
    }
}
