//! The state that a client carries between the rounds of a call, sealed: it can neither read nor change it,
//! nor use it for another caller, tool or arguments, nor for long
//! ([multi round-trip requests](https://modelcontextprotocol.io/specification/2026-07-28/basic/utilities/mrtr)).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_clock::Clock;
use frontdesk_identity::{Scope, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::KitError;

/// How long a client may take from the first question to the last answer.
pub const STATE_LIFETIME: Duration = Duration::from_mins(10);

/// The largest state that is sealed or opened.
const MAX_STATE_BYTES: usize = 64 * 1024;

/// What is known between two rounds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// When it runs out, in seconds since the epoch.
    #[serde(rename = "e")]
    pub(crate) ends_at: i64,
    /// How many rounds there were.
    #[serde(rename = "r")]
    pub(crate) rounds: u32,
    /// Answers of earlier rounds.
    #[serde(rename = "a")]
    pub(crate) answers: BTreeMap<String, Answered>,
    /// The digests of the questions that were asked last.
    #[serde(rename = "q")]
    pub(crate) asked: BTreeMap<String, String>,
}

/// An answer and the digest of the question that it answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    #[serde(rename = "d")]
    pub(crate) digest: Option<String>,
    #[serde(rename = "v")]
    pub(crate) value: Value,
}

/// A state that isn't ours, isn't for this call or has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

pub(crate) struct Sealer {
    key: RandomizedNonceKey,
    clock: Arc<dyn Clock>,
}

impl Sealer {
    /// Seals with a key that is derived from this secret; without one, with a key that this process alone has.
    pub(crate) fn new(secret: Option<&Secret>, clock: Arc<dyn Clock>) -> Result<Self, KitError> {
        let mut bytes = [0; 32];
        match secret {
            Some(secret) => {
                let mut context = digest::Context::new(&digest::SHA256);
                context.update(b"frontdesk tool server request state\0");
                context.update(secret.expose().as_bytes());
                bytes.copy_from_slice(context.finish().as_ref());
            }
            None => rand::fill(&mut bytes).map_err(|_| KitError::Key)?,
        }
        let key = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| KitError::Key)?;
        Ok(Self { key, clock })
    }

    /// The end of a state that begins now.
    pub(crate) fn ends_at(&self) -> i64 {
        let lifetime = i64::try_from(STATE_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        self.clock.now().as_second().saturating_add(lifetime)
    }

    pub(crate) fn seal(&self, state: &State, bound: &[u8]) -> Result<String, Broken> {
        let mut bytes = serde_json::to_vec(state).map_err(|_| Broken)?;
        if bytes.len() > MAX_STATE_BYTES {
            return Err(Broken);
        }
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(bound), &mut bytes)
            .map_err(|_| Broken)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(crate) fn open(&self, sealed: &str, bound: &[u8]) -> Result<State, Broken> {
        if sealed.len() > 2 * MAX_STATE_BYTES {
            return Err(Broken);
        }
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Broken)?;
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut bytes = bytes.to_vec();
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(bound), &mut bytes)
            .map_err(|_| Broken)?;
        let state: State = serde_json::from_slice(opened).map_err(|_| Broken)?;
        (state.ends_at > self.clock.now().as_second())
            .then_some(state)
            .ok_or(Broken)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// What a state is bound to: the server, the caller, what is called, and with what.
pub(crate) fn bound(
    server: &str,
    caller: &Scope,
    method: &str,
    name: &str,
    arguments: &Map<String, Value>,
) -> Vec<u8> {
    let all = json!([
        server,
        caller.tenant.as_str(),
        caller.user.as_str(),
        method,
        name,
        arguments
    ])
    .to_string();
    digest::digest(&digest::SHA256, all.as_bytes())
        .as_ref()
        .to_vec()
}

/// What tells one question from another.
pub(crate) fn digest_of(question: &Value) -> String {
    let digest = digest::digest(&digest::SHA256, question.to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..12).unwrap_or_default())
}

/// An id that nobody else has.
pub(crate) fn random_id() -> Result<String, KitError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| KitError::Key)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use frontdesk_clock::{ManualClock, Timestamp};
    use frontdesk_identity::{TenantId, UserId};

    use super::*;

    fn caller(user: &str) -> Scope {
        Scope {
            tenant: TenantId::single(),
            user: UserId::new(user).unwrap(),
        }
    }

    #[test]
    fn a_state_serves_its_own_call_for_ten_minutes_and_nothing_else() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let secret = Secret::new("a secret");
        let sealer = Sealer::new(Some(&secret), Arc::clone(&clock) as _).unwrap();
        let arguments = json!({"id": 1}).as_object().cloned().unwrap();
        let mine = bound("s", &caller("ann"), "tools/call", "delete", &arguments);
        let state = State {
            ends_at: sealer.ends_at(),
            rounds: 1,
            ..State::default()
        };
        let token = sealer.seal(&state, &mine).unwrap();

        let replica = Sealer::new(Some(&secret), Arc::clone(&clock) as _).unwrap();
        assert_eq!(replica.open(&token, &mine), Ok(state));
        let stranger = Sealer::new(None, Arc::clone(&clock) as _).unwrap();
        assert_eq!(stranger.open(&token, &mine), Err(Broken));

        let other = json!({"id": 2}).as_object().cloned().unwrap();
        for bound in [
            bound("t", &caller("ann"), "tools/call", "delete", &arguments),
            bound("s", &caller("bob"), "tools/call", "delete", &arguments),
            bound("s", &caller("ann"), "prompts/get", "delete", &arguments),
            bound("s", &caller("ann"), "tools/call", "drop", &arguments),
            bound("s", &caller("ann"), "tools/call", "delete", &other),
        ] {
            assert_eq!(sealer.open(&token, &bound), Err(Broken));
        }
        let longer = format!("{token}-TAMPERED");
        for wrong in ["", "AAAA", &token[1..], &token[..token.len() - 4], &longer] {
            assert_eq!(sealer.open(wrong, &mine), Err(Broken));
        }
        clock.advance(STATE_LIFETIME);
        assert_eq!(sealer.open(&token, &mine), Err(Broken));
    }
}
