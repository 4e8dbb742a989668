//! Random values, and the proof that who finishes an authorization is who began it
//! ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636), `S256` only).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_identity::Secret;

use crate::outgoing::OutgoingError;

const RANDOM_BYTES: usize = 32;

/// 256 random bits as text.
pub(super) fn random_text() -> Result<Secret, OutgoingError> {
    let mut bytes = [0_u8; RANDOM_BYTES];
    rand::fill(&mut bytes).map_err(|_| OutgoingError::unavailable("no random bytes"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// The challenge of a verifier.
pub(super) fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.expose()))
}

/// The hash by which a random value is looked up, so that nothing keeps the value.
pub(super) fn sha256(text: &str) -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}
