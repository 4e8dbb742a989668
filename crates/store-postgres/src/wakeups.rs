//! Wake-ups between processes, by `notify`.

use async_trait::async_trait;
use frontdesk_store::{Result, TurnId, Wakeup, Wakeups};
use tokio::sync::broadcast;

use crate::PostgresStore;

/// Wake-ups that a receiver may be behind.
pub(crate) const WAKEUPS_KEPT: usize = 1_024;

/// The longest payload, in bytes; PostgreSQL takes less than 8,000.
const MAX_PAYLOAD: usize = 7_900;

/// The payload that names no turn and means any.
const ANY: &str = "[]";

#[async_trait]
impl Wakeups for PostgresStore {
    async fn wake(&self, turns: &[TurnId]) -> Result<()> {
        if turns.is_empty() {
            return Ok(());
        }
        let statement =
            sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) as payload")
                .bind(&self.channel)
                .bind(payloads(turns));
        self.logs.rows(statement).await?;
        Ok(())
    }

    fn listen(&self) -> broadcast::Receiver<Wakeup> {
        self.wakeups.subscribe()
    }
}

/// The channel of a schema. Its name may be too long for a channel's, so it is hashed
/// ([FNV-1a](http://www.isthe.com/chongo/tech/comp/fnv/)): two schemas that meet only wake each other in vain.
pub(crate) fn channel(schema: &str) -> String {
    let hash = schema
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("frontdesk_{hash:016x}")
}

/// Lists of ids, as JSON. An id that is too long for a payload becomes any turn.
fn payloads(turns: &[TurnId]) -> Vec<String> {
    let mut payloads = Vec::new();
    let mut payload = String::new();
    for turn in turns {
        let id = serde_json::to_string(turn.as_str()).unwrap_or_default();
        if id.is_empty() || id.len() + ANY.len() > MAX_PAYLOAD {
            return vec![ANY.to_owned()];
        }
        if !payload.is_empty() && payload.len() + id.len() + ANY.len() > MAX_PAYLOAD {
            payloads.push(format!("{payload}]"));
            payload.clear();
        }
        payload.push(if payload.is_empty() { '[' } else { ',' });
        payload.push_str(&id);
    }
    payloads.push(format!("{payload}]"));
    payloads
}

/// What a payload says. One of a release that writes another form means any turn.
pub(crate) fn wakeup(payload: &str) -> Wakeup {
    match serde_json::from_str::<Vec<TurnId>>(payload) {
        Ok(turns) if !turns.is_empty() => Wakeup::Turns(turns),
        _ => Wakeup::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize, length: usize) -> Vec<TurnId> {
        let id = |number| TurnId::new(format!("{number:0length$}"));
        (0..count).map(id).collect()
    }

    #[test]
    fn payloads_are_short_and_say_what_was_given() {
        for turns in [
            ids(1, 1),
            ids(1_000, 36),
            ids(3, 7_000),
            vec![TurnId::new("\0\",[\n")],
        ] {
            let mut said = Vec::new();
            for payload in payloads(&turns) {
                assert!(payload.len() <= MAX_PAYLOAD);
                let Wakeup::Turns(some) = wakeup(&payload) else {
                    panic!("{payload} names turns");
                };
                said.extend(some);
            }
            assert_eq!(said, turns);
        }
        assert_eq!(payloads(&ids(2, 8_000)), [ANY]);
        for payload in [ANY, "", "{}", "[1]"] {
            assert_eq!(wakeup(payload), Wakeup::Any);
        }
    }

    #[test]
    fn a_channel_has_a_short_name_of_its_own() {
        let names = ["frontdesk", "Frontdesk", "a\"b", "x".repeat(63).as_str()].map(channel);
        assert!(names.iter().all(|name| name.len() == 26));
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
