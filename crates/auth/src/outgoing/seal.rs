//! Seals what must be kept or passed through a browser: AES-256-GCM under a key of its own, derived from the server's
//! secret. What was sealed for one owner, server and purpose opens for no other.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_identity::{Scope, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::OutgoingError;
use crate::AuthError;

/// The shortest secret that a key is made from, in bytes.
const MIN_SECRET_BYTES: usize = 16;
/// Keeps this key apart from others that are derived from the same secret.
const PURPOSE: &[u8] = b"frontdesk sealed credentials, aes-256-gcm, version 1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
/// The layout: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
/// The longest that is sealed or opened, in bytes.
const MAX_SEALED_BYTES: usize = 64 * 1024;
/// What sealing adds, at most.
const OVERHEAD_BYTES: usize = 64;

/// Seals and opens. Replicas with the same secret open each other's.
pub struct Seal {
    key: RandomizedNonceKey,
}

/// What something is sealed for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sealed<'a> {
    /// A user's tokens for a server, in the store.
    Tokens(&'a Scope, &'a str),
    /// An authorization that this user has begun, in the store.
    Pending(&'a Scope, &'a str),
    /// A ticket in a link. It says itself whose it is.
    Ticket,
}

impl Seal {
    /// Derives the key from the server's secret, with HKDF-SHA256.
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
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        let key = Salt::new(HKDF_SHA256, &[])
            .extract(secret)
            .expand(&[PURPOSE], KeyLength)
            .and_then(|output| output.fill(bytes.as_mut_slice()))
            .and_then(|()| RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice()))
            .map_err(|_| AuthError::Key {
                detail: "the secret gives no key",
            })?;
        Ok(Self { key })
    }

    /// Seals a value.
    pub(super) fn seal(
        &self,
        purpose: Sealed<'_>,
        value: &impl Serialize,
    ) -> Result<Vec<u8>, OutgoingError> {
        let failed = |what: &str| OutgoingError::Unavailable {
            detail: format!("sealing failed: {what}"),
        };
        let plain = serde_json::to_vec(value).map_err(|_| failed("the value"))?;
        let plain = Zeroizing::new(plain);
        if plain.len() > MAX_SEALED_BYTES - OVERHEAD_BYTES {
            return Err(failed("the value is too long"));
        }
        let mut text = plain.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(purpose.binding()), &mut text)
            .map_err(|_| failed("the cipher"))?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens a value; `None` where it was sealed for something else, by another key, or not at all.
    pub(super) fn open<T: DeserializeOwned>(
        &self,
        purpose: Sealed<'_>,
        sealed: &[u8],
    ) -> Option<T> {
        if sealed.len() > MAX_SEALED_BYTES {
            return None;
        }
        let (version, rest) = sealed.split_first()?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES)?;
        if *version != VERSION {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(purpose.binding()), text.as_mut_slice())
            .ok()?;
        serde_json::from_slice(plain).ok()
    }

    /// Seals a value as text for a link.
    pub(super) fn seal_text(
        &self,
        purpose: Sealed<'_>,
        value: &impl Serialize,
    ) -> Result<String, OutgoingError> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal(purpose, value)?))
    }

    /// Opens what [`Seal::seal_text`] sealed.
    pub(super) fn open_text<T: DeserializeOwned>(
        &self,
        purpose: Sealed<'_>,
        text: &str,
    ) -> Option<T> {
        if text.len() > MAX_SEALED_BYTES {
            return None;
        }
        self.open(purpose, &URL_SAFE_NO_PAD.decode(text).ok()?)
    }
}

impl Sealed<'_> {
    /// The associated data: each part with its length before it, so that no two lists of parts are alike.
    fn binding(&self) -> Vec<u8> {
        let parts: Vec<&str> = match self {
            Self::Tokens(owner, server) => {
                vec!["tokens", owner.tenant.as_str(), owner.user.as_str(), server]
            }
            Self::Pending(owner, server) => {
                vec![
                    "pending",
                    owner.tenant.as_str(),
                    owner.user.as_str(),
                    server,
                ]
            }
            Self::Ticket => vec!["ticket"],
        };
        let mut binding = Vec::new();
        for part in parts {
            binding.extend_from_slice(&part.len().to_be_bytes());
            binding.extend_from_slice(part.as_bytes());
        }
        binding
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

/// How secrets go into what is sealed, and nowhere else.
pub(super) mod exposed {
    use frontdesk_identity::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        secret: &Secret,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        secret.expose().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }

    /// The same for a secret that may be absent.
    pub(in super::super) mod optional {
        use super::{Deserialize, Deserializer, Secret, Serialize, Serializer};

        #[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
        pub(in super::super::super) fn serialize<S: Serializer>(
            secret: &Option<Secret>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            secret.as_ref().map(Secret::expose).serialize(serializer)
        }

        pub(in super::super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Secret>, D::Error> {
            Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
        }
    }
}
