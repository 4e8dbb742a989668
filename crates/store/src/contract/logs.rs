//! Logs of turns.

use super::StoreUnderTest;
use super::sample::{ann, at, batch, begin, end, key, owned, owner, take_over, thread, turn_id};
use crate::limit::{LOG_PAGE_BATCHES, LOG_PAGE_BYTES, is_full_log_page};
use crate::{EventId, LogBatch, Result, TurnKey, TurnStatus, TurnWrite, Written};

fn event(attempt: u32, seq: u64) -> EventId {
    EventId { attempt, seq }
}

/// A log is read from the batch that holds the first event after the named one, across attempts.
pub async fn a_log_is_read_after_an_event(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, turn_id("turn_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    store
        .begin_turn(&scope, begin("thr_1", "turn_1", 2))
        .await?;
    assert_eq!(store.turn_log(&scope, &id, None).await?, []);

    let first = batch("turn_1", 1, 3);
    let second = LogBatch {
        events: vec![0, 255, b'\n'].into(),
        ..batch("turn_1", 4, 10)
    };
    let third = LogBatch {
        attempt: 2,
        ..batch("turn_1", 1, 2)
    };
    let fourth = LogBatch {
        attempt: 2,
        ..batch("turn_1", 3, 3)
    };
    subject
        .maintenance
        .append_logs(&owned(&scope, &[second.clone(), first.clone()]))
        .await?;
    assert!(take_over(subject, &scope, "turn_1", 1).await?);
    subject
        .maintenance
        .append_logs(&owned(&scope, std::slice::from_ref(&third)))
        .await?;
    let current = TurnKey {
        attempt: 2,
        ..key("thr_1", "turn_1")
    };
    let write = TurnWrite {
        log: vec![fourth.clone()],
        ..end(TurnStatus::Done, 3)
    };
    store.write_turn(&scope, &current, write).await?;

    let all = [first, second, third, fourth];
    let skipped = [
        (None, 0),
        (Some(event(1, 0)), 0),
        (Some(event(1, 2)), 0),
        (Some(event(1, 3)), 1),
        (Some(event(1, 9)), 1),
        (Some(event(1, 10)), 2),
        (Some(event(1, 99)), 2),
        (Some(event(2, 0)), 2),
        (Some(event(2, 1)), 2),
        (Some(event(2, 2)), 3),
        (Some(event(2, 3)), 4),
        (Some(event(3, 0)), 4),
        (Some(event(u32::MAX, u64::MAX)), 4),
    ];
    for (after, skipped) in skipped {
        let expected: Vec<_> = all.iter().skip(skipped).cloned().collect();
        assert_eq!(
            store.turn_log(&scope, &id, after).await?,
            expected,
            "after {after:?}"
        );
    }
    Ok(())
}

/// A log of any length comes whole, and each page of it is bounded.
pub async fn a_long_log_comes_in_pages(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, turn_id("turn_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    store
        .begin_turn(&scope, begin("thr_1", "turn_1", 2))
        .await?;
    let (most, full) = (u64::from(LOG_PAGE_BATCHES), LOG_PAGE_BYTES);
    let small = (0..2 * most + 3).map(|_| 1);
    let large = [
        full / 3,
        full / 3,
        full / 3 + 9,
        1,
        2 * full,
        full - 1,
        full,
        1,
    ];
    let mut batches = Vec::new();
    for (seq, bytes) in (1..).step_by(2).zip(small.chain(large)) {
        batches.push(LogBatch {
            events: vec![b'x'; bytes].into(),
            ..batch("turn_1", seq, seq + 1)
        });
    }
    let owned_batches = owned(&scope, &batches);
    subject.maintenance.append_logs(&owned_batches).await?;
    let (mut pages, mut read) = (Vec::new(), Vec::new());
    loop {
        let after = read.last().map(LogBatch::last);
        let page = store.turn_log(&scope, &id, after).await?;
        let all_but_one = page.split_last().map_or(&[][..], |(_, others)| others);
        assert!(!is_full_log_page(all_but_one), "after {after:?}");
        pages.push(page.len());
        let is_last = !is_full_log_page(&page);
        read.extend(page);
        if is_last {
            break;
        }
    }
    assert_eq!(read, batches);
    assert_eq!(pages, [256, 256, 6, 2, 2, 1]);
    assert_eq!(
        store
            .turn_log(&scope, &id, read.last().map(LogBatch::last))
            .await?,
        []
    );
    Ok(())
}

/// Whoever comes last with more of the same events is believed; with less, nothing changes.
pub async fn a_longer_batch_takes_the_place_of_a_shorter_one(
    subject: &StoreUnderTest,
) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    store
        .begin_turn(&scope, begin("thr_1", "turn_1", 2))
        .await?;
    let turn = turn_id("turn_1");
    for (batch_written, last_seq) in [
        (batch("turn_1", 1, 2), 2),
        (batch("turn_1", 1, 4), 4),
        (batch("turn_1", 1, 3), 4),
    ] {
        let written = owned(&scope, &[batch_written]);
        subject.maintenance.append_logs(&written).await?;
        let log = store.turn_log(&scope, &turn, None).await?;
        let ends: Vec<u64> = log.iter().map(|batch| batch.last_seq).collect();
        assert_eq!(ends, [last_seq]);
    }
    let write = TurnWrite {
        log: vec![batch("turn_1", 1, 5)],
        ..TurnWrite::default()
    };
    assert_eq!(
        store
            .write_turn(&scope, &key("thr_1", "turn_1"), write)
            .await?,
        Written::Stored
    );
    assert_eq!(
        store.turn_log(&scope, &turn, None).await?,
        [batch("turn_1", 1, 5)]
    );
    Ok(())
}

/// Of many batches, those of turns that are gone or under another attempt are left out, and a repeated one too.
pub async fn a_late_log_is_left_out(subject: &StoreUnderTest) -> Result<()> {
    let (scope, other, store) = (ann()?, owner("other", "bob")?, &subject.store);
    let mut batches = owned(&scope, &[batch("turn_gone", 1, 2)]);
    for number in 0..20 {
        let (thread_name, turn) = (format!("thr_{number}"), format!("turn_{number}"));
        let (scope, not_theirs) = if number % 2 == 0 {
            (&scope, &other)
        } else {
            (&other, &scope)
        };
        let mut first = begin(&thread_name, &turn, 2);
        first.new_thread = Some(thread(&thread_name, 1));
        store.begin_turn(scope, first).await?;
        let late = LogBatch {
            attempt: 2,
            ..batch(&turn, 3, 4)
        };
        batches.extend(owned(scope, &[batch(&turn, 1, 2), late]));
        batches.extend(owned(not_theirs, &[batch(&turn, 5, 6)]));
    }
    subject.maintenance.append_logs(&batches).await?;
    let again: Vec<_> = batches
        .iter()
        .map(|(scope, batch)| {
            let again = LogBatch {
                events: "again".into(),
                ..batch.clone()
            };
            (scope.clone(), again)
        })
        .collect();
    subject.maintenance.append_logs(&again).await?;
    subject.maintenance.append_logs(&[]).await?;
    for number in 0..20 {
        let (mine, theirs) = if number % 2 == 0 {
            (&scope, &other)
        } else {
            (&other, &scope)
        };
        let turn = turn_id(&format!("turn_{number}"));
        let expected = [batch(turn.as_str(), 1, 2)];
        assert_eq!(store.turn_log(mine, &turn, None).await?, expected);
        assert_eq!(store.turn_log(theirs, &turn, None).await?, []);
    }
    assert_eq!(
        store.turn_log(&scope, &turn_id("turn_gone"), None).await?,
        []
    );

    // The rest of a log may come after the turn's end.
    store
        .write_turn(&scope, &key("thr_0", "turn_0"), end(TurnStatus::Done, 3))
        .await?;
    subject
        .maintenance
        .append_logs(&owned(&scope, &[batch("turn_0", 3, 4)]))
        .await?;
    let log = [batch("turn_0", 1, 2), batch("turn_0", 3, 4)];
    assert_eq!(store.turn_log(&scope, &turn_id("turn_0"), None).await?, log);
    Ok(())
}

/// Only the logs of turns that ended before the named time are dropped; the turns stay.
pub async fn logs_of_ended_turns_are_dropped(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let mut turns = Vec::new();
    for (turn, ended) in [("turn_1", 10), ("turn_2", 11), ("turn_3", 12)] {
        store.begin_turn(&scope, begin("thr_1", turn, 2)).await?;
        subject
            .maintenance
            .append_logs(&owned(&scope, &[batch(turn, 1, 2), batch(turn, 3, 4)]))
            .await?;
        store
            .write_turn(&scope, &key("thr_1", turn), end(TurnStatus::Done, ended))
            .await?;
        turns.push(turn_id(turn));
    }
    store
        .begin_turn(&scope, begin("thr_1", "turn_4", 2))
        .await?;
    subject
        .maintenance
        .append_logs(&owned(&scope, &[batch("turn_4", 1, 2)]))
        .await?;
    turns.push(turn_id("turn_4"));
    for (before, dropped, left) in [
        (10, 0, [2, 2, 2, 1]),
        (12, 2, [0, 0, 2, 1]),
        (12, 0, [0, 0, 2, 1]),
        (99, 1, [0, 0, 0, 1]),
    ] {
        assert_eq!(subject.maintenance.drop_logs(at(before)).await?, dropped);
        let mut lengths = Vec::new();
        for turn in &turns {
            assert!(store.turn(&scope, turn).await?.is_some());
            lengths.push(store.turn_log(&scope, turn, None).await?.len());
        }
        assert_eq!(lengths, left, "ended before {before}");
    }
    Ok(())
}
