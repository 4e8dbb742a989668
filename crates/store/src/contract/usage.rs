//! What users have used, by day.

use super::StoreUnderTest;
use super::sample::{ann, at, begin, end, key, owner, thread};
use crate::limit::{MAX_TURN_TOKENS, USAGE_DAYS};
use crate::{Result, TurnKey, TurnStatus, TurnWrite, UtcDay, Written};

const DAY: i64 = 24 * 60 * 60;

fn ended(second: i64, tokens: u64) -> TurnWrite {
    let mut write = end(TurnStatus::Done, second);
    if let Some(end) = &mut write.end {
        end.tokens = tokens;
    }
    write
}

/// The end of a turn adds to the day of its owner, once.
pub async fn a_turn_counts_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let (today, tomorrow) = (UtcDay::of(at(5)), UtcDay::of(at(DAY)));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    assert_eq!(store.tokens_used(&scope, today).await?, 0);
    for (turn, second, tokens, in_all) in [
        ("turn_1", 5, 100, (100, 0)),
        ("turn_2", DAY - 1, 20, (120, 0)),
        ("turn_3", DAY, 3, (120, 3)),
        ("turn_4", DAY, 0, (120, 3)),
    ] {
        store
            .begin_turn(&scope, begin("thr_1", turn, second))
            .await?;
        let stale = TurnKey {
            attempt: 2,
            ..key("thr_1", turn)
        };
        let gone = store.write_turn(&scope, &stale, ended(second, 50)).await?;
        assert_eq!(gone, Written::Gone);
        let outcome = store
            .write_turn(&scope, &key("thr_1", turn), ended(second, tokens))
            .await?;
        assert_eq!(outcome, Written::Stored);
        let again = store
            .write_turn(&scope, &key("thr_1", turn), ended(second, tokens))
            .await?;
        assert_eq!(again, Written::Gone);
        let used = (
            store.tokens_used(&scope, today).await?,
            store.tokens_used(&scope, tomorrow).await?,
        );
        assert_eq!(used, in_all, "{turn}");
    }
    store.add_tokens(&scope, tomorrow, 5).await?;
    assert_eq!(store.tokens_used(&scope, tomorrow).await?, 8);
    for other in [owner("acme", "bob")?, owner("other", "ann")?] {
        assert_eq!(store.tokens_used(&other, today).await?, 0);
        store.add_tokens(&other, today, 1).await?;
        assert_eq!(store.tokens_used(&scope, today).await?, 120);
    }
    Ok(())
}

/// What a provider claims beyond all reason isn't believed.
pub async fn a_turn_counts_so_much_at_most(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    for turn in ["turn_1", "turn_2"] {
        store.begin_turn(&scope, begin("thr_1", turn, 5)).await?;
        store
            .write_turn(&scope, &key("thr_1", turn), ended(6, u64::MAX))
            .await?;
    }
    let used = store.tokens_used(&scope, UtcDay::of(at(6))).await?;
    assert_eq!(used, 2 * MAX_TURN_TOKENS);
    Ok(())
}

/// Use of long ago is forgotten, that of others too.
pub async fn old_days_are_forgotten(subject: &StoreUnderTest) -> Result<()> {
    let store = &subject.store;
    let owners = [ann()?, owner("other", "bob")?];
    for (number, scope) in owners.iter().enumerate() {
        store.create_thread(scope, thread("thr_1", 1)).await?;
        for second in [0, DAY] {
            let turn = format!("turn_{number}_{second}");
            store
                .begin_turn(scope, begin("thr_1", &turn, second))
                .await?;
            store
                .write_turn(scope, &key("thr_1", &turn), ended(second, 7))
                .await?;
        }
    }
    let days = [at(0), at(DAY)].map(UtcDay::of);
    let last = i64::from(USAGE_DAYS) * DAY;
    for (now, expected) in [(last - 1, [7, 7]), (last, [0, 7]), (last + DAY, [0, 0])] {
        subject.maintenance.sweep(at(now)).await?;
        for scope in &owners {
            for (day, tokens) in days.into_iter().zip(expected) {
                assert_eq!(store.tokens_used(scope, day).await?, tokens, "at {now}");
            }
        }
    }
    Ok(())
}
