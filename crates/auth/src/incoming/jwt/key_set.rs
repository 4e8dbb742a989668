//! The keys of an issuer ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)). Each key checks the algorithms of its own
//! kind alone, so that a token can't choose what its signature is taken for.

use aws_lc_rs::digest::{SHA256, digest};
use frontdesk_identity::Secret;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::token::{Token, algorithm};
use crate::AuthError;

/// How many keys of a set are looked at.
const MAX_KEYS: usize = 64;
/// How many keys are tried for one token.
const MAX_TRIED: usize = 4;
/// The shortest secret for HS256, in bytes ([RFC 7518](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
const MIN_SECRET_BYTES: usize = 32;

const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// Keys that were published together.
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// The same for the same keys.
    pub(super) version: Vec<u8>,
}

/// What a key set says of a token's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Right,
    Wrong,
    /// A newer set may have the key.
    UnknownKey,
}

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a published key set; keys that can't check signatures are left out.
    ///
    /// # Errors
    /// It isn't a key set.
    pub(super) fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = frontdesk_json::read_as(json)?;
        let keys = document.keys.into_iter().take(MAX_KEYS);
        Ok(Self {
            keys: keys.filter_map(key).collect(),
            version: digest(&SHA256, json).as_ref().to_vec(),
        })
    }

    /// The set of one shared secret.
    ///
    /// # Errors
    /// [`AuthError::Key`]: the secret is too short.
    pub(super) fn of_secret(secret: &Secret) -> Result<Self, AuthError> {
        let secret = secret.expose().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(AuthError::Key {
                detail: "a secret for HS256 must have at least 32 bytes",
            });
        }
        let key = Key {
            id: None,
            algorithms: vec![Algorithm::HS256],
            decoding: DecodingKey::from_secret(secret),
        };
        Ok(Self {
            keys: vec![key],
            version: Vec::new(),
        })
    }

    pub(super) fn signature_of(&self, token: &Token<'_>) -> Signature {
        let mut named = self
            .keys
            .iter()
            .filter(|key| key.may_be_of(token))
            .peekable();
        if named.peek().is_none() {
            return Signature::UnknownKey;
        }
        let signed = named
            .filter(|key| key.algorithms.contains(&token.algorithm))
            .take(MAX_TRIED)
            .any(|key| token.is_signed_by(&key.decoding));
        match (signed, &token.key_id) {
            (true, _) => Signature::Right,
            (false, Some(_)) => Signature::Wrong,
            (false, None) => Signature::UnknownKey,
        }
    }
}

impl Key {
    /// Whether the token names this key, or doesn't name any. A shared secret has no name and goes by any.
    fn may_be_of(&self, token: &Token<'_>) -> bool {
        let is_secret = self.algorithms == [Algorithm::HS256];
        is_secret || token.key_id.is_none() || token.key_id == self.id
    }
}

fn key(jwk: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    let for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk
            .key_ops
            .as_ref()
            .is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if !for_signatures {
        return None;
    }
    let curve = jwk.crv.as_deref();
    let (algorithms, decoding) = match (jwk.kty.as_str(), curve) {
        ("RSA", _) => (
            RSA,
            DecodingKey::from_rsa_components(jwk.n.as_deref()?, jwk.e.as_deref()?),
        ),
        ("EC", Some("P-256")) => (&[Algorithm::ES256] as &[_], point(&jwk)?),
        ("EC", Some("P-384")) => (&[Algorithm::ES384] as &[_], point(&jwk)?),
        ("OKP", Some("Ed25519")) => (
            &[Algorithm::EdDSA] as &[_],
            DecodingKey::from_ed_components(jwk.x.as_deref()?),
        ),
        // Above all `oct`: a secret that is published is none.
        _ => return None,
    };
    let algorithms = match jwk.alg.as_deref() {
        None => algorithms.to_vec(),
        Some(name) => {
            let only = algorithm(name)?;
            algorithms.contains(&only).then(|| vec![only])?
        }
    };
    Some(Key {
        id: jwk.kid,
        algorithms,
        decoding: decoding.ok()?,
    })
}

fn point(jwk: &Jwk) -> Option<jsonwebtoken::errors::Result<DecodingKey>> {
    Some(DecodingKey::from_ec_components(
        jwk.x.as_deref()?,
        jwk.y.as_deref()?,
    ))
}
