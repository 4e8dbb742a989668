//! The upkeep.

use super::StoreUnderTest;
use super::sample::{begin, end, key, owner, take_over, thread, turn};
use crate::{Result, TurnRecord, TurnStatus};

/// All running turns of all owners, oldest first.
pub async fn running_turns_are_listed_with_their_owners(subject: &StoreUnderTest) -> Result<()> {
    let store = &subject.store;
    subject.maintenance.ping().await?;
    assert_eq!(subject.maintenance.running_turns().await?, []);
    let mut running = Vec::new();
    for (tenant, user, turn_name, second) in [
        ("acme", "ann", "turn_3", 9),
        ("acme", "bob", "turn_1", 9),
        ("other", "ann", "turn_2", 8),
        ("other", "bob", "turn_4", 7),
    ] {
        let scope = owner(tenant, user)?;
        let mut first = begin("thr_1", turn_name, second);
        first.new_thread = Some(thread("thr_1", 1));
        store.begin_turn(&scope, first).await?;
        running.push((scope, turn("thr_1", turn_name, second)));
    }
    let ended = owner("other", "bob")?;
    store
        .write_turn(&ended, &key("thr_1", "turn_4"), end(TurnStatus::Done, 9))
        .await?;
    running.pop();
    running.reverse();
    let first = running.first_mut();
    if let Some((scope, record)) = first {
        assert!(take_over(subject, scope, "turn_2", 1).await?);
        *record = TurnRecord {
            attempt: 2,
            ..record.clone()
        };
    }
    assert_eq!(subject.maintenance.running_turns().await?, running);
    Ok(())
}
