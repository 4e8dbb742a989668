//! Steps: what the models saw.

use super::StoreUnderTest;
use super::sample::{ann, begin, end, key, raw, step, thread, thread_id, turn_id};
use crate::{Result, StoreError, TurnStatus, TurnWrite, Written};

/// The same step may come again; a different one under its number is a conflict.
pub async fn steps_are_written_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    store
        .begin_turn(&scope, begin("thr_1", "turn_1", 2))
        .await?;
    let key = key("thr_1", "turn_1");
    let mut first = step("turn_1", 1, "")?;
    first.version = u16::MAX;
    first.data = raw("{\"b\" : 1, \"a\":[1.0,  12345678901234567890123]}")?;
    for _ in 0..2 {
        let write = TurnWrite {
            steps: vec![first.clone()],
            ..TurnWrite::default()
        };
        assert_eq!(
            store.write_turn(&scope, &key, write).await?,
            Written::Stored
        );
    }
    let mut version = first.clone();
    version.version = 1;
    let mut data = first.clone();
    data.data = raw("{}")?;
    for other in [version, data] {
        let write = TurnWrite {
            steps: vec![other],
            ..TurnWrite::default()
        };
        let outcome = store.write_turn(&scope, &key, write).await;
        assert!(
            matches!(outcome, Err(StoreError::Conflict { .. })),
            "{outcome:?}"
        );
    }
    // To the letter, as it was written.
    assert_eq!(
        store.steps(&scope, &id, &[turn_id("turn_1")]).await?,
        [first]
    );
    Ok(())
}

/// Steps come turn by turn as asked for, by number within each; turns of other threads have none here.
pub async fn steps_come_in_the_order_asked(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    for (thread, turn) in [
        ("thr_1", "turn_a"),
        ("thr_1", "turn_b"),
        ("thr_2", "turn_c"),
    ] {
        store.begin_turn(&scope, begin(thread, turn, 2)).await?;
        for number in [10, 2, 0] {
            let write = TurnWrite {
                steps: vec![step(turn, number, turn)?],
                ..TurnWrite::default()
            };
            store.write_turn(&scope, &key(thread, turn), write).await?;
        }
        store
            .write_turn(&scope, &key(thread, turn), end(TurnStatus::Done, 3))
            .await?;
    }
    let asked = ["turn_b", "turn_c", "turn_?", "turn_a"].map(turn_id);
    let found = store.steps(&scope, &id, &asked).await?;
    let found: Vec<_> = found
        .iter()
        .map(|step| (step.turn.as_str(), step.number))
        .collect();
    let expected = [
        ("turn_b", 0),
        ("turn_b", 2),
        ("turn_b", 10),
        ("turn_a", 0),
        ("turn_a", 2),
        ("turn_a", 10),
    ];
    assert_eq!(found, expected);
    assert_eq!(store.steps(&scope, &id, &[]).await?, []);
    Ok(())
}
