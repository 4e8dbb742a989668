//! The fence: only a running turn writes, only under its attempt, and all of a write or nothing.

use frontdesk_protocol::{Order, Page, ThreadItem};

use super::StoreUnderTest;
use super::sample::{
    ann, batch, begin, end, item, item_id, key, page, raw, step, take_over, thread, thread_id,
    turn_id,
};
use crate::{Result, StoreError, ThreadPatch, TurnKey, TurnStatus, TurnWrite, Written};

async fn running(subject: &StoreUnderTest) -> Result<()> {
    let mut first = begin("thr_1", "turn_1", 5);
    first.new_thread = Some(thread("thr_1", 5));
    first.put = vec![item("thr_1", "msg_1", 5, "hello")];
    subject.store.begin_turn(&ann()?, first).await?;
    Ok(())
}

fn all_kinds() -> Result<TurnWrite> {
    Ok(TurnWrite {
        put: vec![
            item("thr_1", "msg_1", 6, "changed"),
            item("thr_1", "msg_2", 6, "late"),
        ],
        remove: vec![item_id("msg_1")],
        steps: vec![step("turn_1", 1, "late")?],
        thread: Some(ThreadPatch {
            title: Some(Some("late".to_owned())),
            ..Default::default()
        }),
        log: vec![batch("turn_1", 1, 2)],
        ..end(TurnStatus::Done, 7)
    })
}

async fn items(subject: &StoreUnderTest) -> Result<Option<Page<ThreadItem>>> {
    subject
        .store
        .items(&ann()?, &thread_id("thr_1"), &page(9, Order::Asc, None))
        .await
}

async fn is_untouched(subject: &StoreUnderTest) -> Result<()> {
    let (scope, id) = (ann()?, thread_id("thr_1"));
    let only = Page::last(vec![item("thr_1", "msg_1", 5, "hello")]);
    assert_eq!(items(subject).await?, Some(only));
    assert_eq!(
        subject
            .store
            .steps(&scope, &id, &[turn_id("turn_1")])
            .await?,
        []
    );
    assert_eq!(
        subject
            .store
            .turn_log(&scope, &turn_id("turn_1"), None)
            .await?,
        []
    );
    assert_eq!(
        subject.store.thread(&scope, &id).await?,
        Some(thread("thr_1", 5))
    );
    assert_eq!(
        subject.store.running_turn(&scope, &id).await?,
        Some(turn_id("turn_1"))
    );
    Ok(())
}

/// A write that comes after its thread was deleted brings nothing back.
pub async fn a_late_write_after_deletion_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    running(subject).await?;
    store.delete_thread(&scope, &id).await?;
    let outcome = store
        .write_turn(&scope, &key("thr_1", "turn_1"), all_kinds()?)
        .await?;
    assert_eq!(outcome, Written::Gone);
    assert_eq!(store.thread(&scope, &id).await?, None);
    assert_eq!(store.turn(&scope, &turn_id("turn_1")).await?, None);
    // Not even into a new thread of the same id.
    store.create_thread(&scope, thread("thr_1", 9)).await?;
    let outcome = store
        .write_turn(&scope, &key("thr_1", "turn_1"), all_kinds()?)
        .await?;
    assert_eq!(outcome, Written::Gone);
    assert_eq!(items(subject).await?, Some(Page::default()));
    Ok(())
}

/// After a takeover only the new attempt writes.
pub async fn a_late_write_after_takeover_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    running(subject).await?;
    assert!(take_over(subject, &scope, "turn_1", 1).await?);
    let stale = key("thr_1", "turn_1");
    assert_eq!(
        store.write_turn(&scope, &stale, all_kinds()?).await?,
        Written::Gone
    );
    is_untouched(subject).await?;
    let elsewhere = TurnKey {
        thread: thread_id("thr_2"),
        attempt: 2,
        ..stale.clone()
    };
    let write = end(TurnStatus::Done, 8);
    assert_eq!(
        store.write_turn(&scope, &elsewhere, write.clone()).await?,
        Written::Gone
    );
    is_untouched(subject).await?;
    let current = TurnKey {
        attempt: 2,
        ..stale
    };
    assert_eq!(
        store.write_turn(&scope, &current, write).await?,
        Written::Stored
    );
    Ok(())
}

/// A write of which one part can't be done is not done at all.
pub async fn a_failed_write_changes_nothing(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    running(subject).await?;
    store.create_thread(&scope, thread("thr_2", 1)).await?;
    let taken = vec![item("thr_2", "msg_9", 1, "theirs")];
    store.put_items(&scope, &thread_id("thr_2"), taken).await?;
    let key = key("thr_1", "turn_1");

    let mut large = serde_json::Map::new();
    large.insert(
        "x".to_owned(),
        "x".repeat(crate::limit::MAX_RECORD_BYTES).into(),
    );
    let large = ThreadPatch {
        metadata: Some(large),
        ..ThreadPatch::default()
    };
    let mut other_step = step("turn_1", 2, "other turn")?;
    other_step.turn = turn_id("turn_2");
    let refused = [
        TurnWrite {
            put: vec![item("thr_1", "msg_9", 6, "stolen")],
            ..all_kinds()?
        },
        TurnWrite {
            put: vec![item("thr_2", "msg_8", 6, "astray")],
            ..all_kinds()?
        },
        TurnWrite {
            thread: Some(large),
            ..all_kinds()?
        },
        TurnWrite {
            steps: vec![other_step],
            ..all_kinds()?
        },
        TurnWrite {
            log: vec![batch("turn_2", 1, 2)],
            ..all_kinds()?
        },
        TurnWrite {
            log: vec![batch("turn_1", 2, 1)],
            ..all_kinds()?
        },
        TurnWrite {
            end: end(TurnStatus::Running, 7).end,
            ..all_kinds()?
        },
    ];
    for write in refused {
        let outcome = store.write_turn(&scope, &key, write.clone()).await;
        let expected = matches!(
            outcome,
            Err(StoreError::Conflict { .. }
                | StoreError::TooLarge { .. }
                | StoreError::Failed { .. })
        );
        assert!(expected, "{write:?}");
        is_untouched(subject).await?;
    }
    let write = TurnWrite {
        steps: vec![step("turn_1", 1, "first")?],
        ..TurnWrite::default()
    };
    assert_eq!(
        store.write_turn(&scope, &key, write).await?,
        Written::Stored
    );
    let mut second = all_kinds()?;
    for step in &mut second.steps {
        step.data = raw("\"second\"")?;
    }
    let outcome = store.write_turn(&scope, &key, second).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict { .. })),
        "{outcome:?}"
    );
    assert_eq!(items(subject).await?.map(|page| page.data.len()), Some(1));
    Ok(())
}

/// A turn is taken over once per attempt, and only while it runs.
pub async fn a_takeover_succeeds_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, turn_id("turn_1"));
    running(subject).await?;
    let tries = [(2, false), (1, true), (1, false), (2, true), (2, false)];
    for (from, expected) in tries {
        let taken = take_over(subject, &scope, "turn_1", from).await?;
        assert_eq!(taken, expected, "from attempt {from}");
    }
    assert_eq!(
        store.turn(&scope, &id).await?.map(|turn| turn.attempt),
        Some(3)
    );
    let current = TurnKey {
        attempt: 3,
        ..key("thr_1", "turn_1")
    };
    let write = end(TurnStatus::Interrupted, 9);
    assert_eq!(
        store.write_turn(&scope, &current, write).await?,
        Written::Stored
    );
    assert!(!take_over(subject, &scope, "turn_1", 3).await?);
    assert!(!take_over(subject, &scope, "turn_9", 1).await?);
    Ok(())
}
