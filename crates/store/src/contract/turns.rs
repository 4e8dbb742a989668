//! Turns: how they begin and end.

use frontdesk_protocol::{ThreadId, ThreadItem, ThreadStatus, Timestamp};

use super::StoreUnderTest;
use super::sample::{
    ann, at, attachment, attachment_id, batch, begin, end, item, item_id, key, step, thread,
    thread_id, turn, turn_id,
};
use crate::limit::MAX_PAGE;
use crate::{
    Began, Result, StoreError, StoredItem, ThreadPatch, TurnRecord, TurnStatus, TurnWrite, Written,
};

/// The thread, the items, the attachments and the turn of a beginning are all there, or nothing is.
pub async fn a_turn_begins_as_a_whole(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    assert_eq!(
        store
            .begin_turn(&scope, begin("thr_1", "turn_0", 4))
            .await?,
        Began::NoThread
    );
    assert_eq!(store.turn(&scope, &turn_id("turn_0")).await?, None);

    let started = Began::Started {
        removed: Vec::new(),
    };
    let mut first = begin("thr_1", "turn_1", 5);
    first.new_thread = Some(thread("thr_1", 5));
    first.put = vec![
        item("thr_1", "msg_1", 5, "hello"),
        item("thr_1", "msg_2", 5, "there"),
    ];
    first.attachments = vec![attachment("atc_1", None)];
    assert_eq!(store.begin_turn(&scope, first).await?, started);
    assert_eq!(store.thread(&scope, &id).await?, Some(thread("thr_1", 5)));
    assert_eq!(
        store.turn(&scope, &turn_id("turn_1")).await?,
        Some(turn("thr_1", "turn_1", 5))
    );
    assert_eq!(
        store.running_turn(&scope, &id).await?,
        Some(turn_id("turn_1"))
    );
    let linked = store.attachment(&scope, &attachment_id("atc_1")).await?;
    assert_eq!(linked, Some(attachment("atc_1", Some("thr_1"))));
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), end(TurnStatus::Done, 6))
        .await?;

    let mut second = begin("thr_1", "turn_2", 7);
    second.remove = vec![item_id("msg_1"), item_id("nothing")];
    second.put = vec![item("thr_1", "msg_3", 7, "again")];
    assert_eq!(store.begin_turn(&scope, second).await?, started);
    let stored = |name: &str, second: i64, content: &str, turn: &str| StoredItem {
        item: item("thr_1", name, second, content),
        turn: Some(turn_id(turn)),
    };
    let expected = [
        stored("msg_2", 5, "there", "turn_1"),
        stored("msg_3", 7, "again", "turn_2"),
    ];
    assert_eq!(store.recent_items(&scope, &id, 9).await?, expected);

    let mut stray = begin("thr_2", "turn_3", 8);
    stray.new_thread = Some(thread("thr_3", 8));
    assert!(
        store.begin_turn(&scope, stray).await.is_err(),
        "the new thread isn't the turn's"
    );
    let mut ended = begin("thr_1", "turn_3", 8);
    ended.turn.status = TurnStatus::Done;
    let outcome = store.begin_turn(&scope, ended).await;
    assert!(matches!(outcome, Err(StoreError::Failed { .. })));
    Ok(())
}

/// While a turn runs in a thread, no other begins there, and the refusal changes nothing.
pub async fn one_turn_runs_in_a_thread(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    store
        .put_items(&scope, &id, vec![item("thr_1", "msg_1", 1, "kept")])
        .await?;
    let started = Began::Started {
        removed: Vec::new(),
    };
    assert_eq!(
        store
            .begin_turn(&scope, begin("thr_1", "turn_1", 2))
            .await?,
        started
    );
    for status in [
        TurnStatus::Done,
        TurnStatus::Stopped,
        TurnStatus::Failed,
        TurnStatus::Waiting,
        TurnStatus::Interrupted,
    ] {
        let mut refused = begin("thr_1", "turn_2", 3);
        refused.put = vec![item("thr_1", "msg_1", 3, "changed")];
        refused.remove = vec![item_id("msg_1")];
        let Began::Busy(running) = store.begin_turn(&scope, refused).await? else {
            return Err(StoreError::Failed {
                detail: "two turns run in a thread".to_owned(),
            });
        };
        assert_eq!(
            store.running_turn(&scope, &id).await?,
            Some(running.id.clone())
        );
        assert_eq!(
            store.turn(&scope, &running.id).await?,
            Some(running.clone())
        );
        let there = store.item(&scope, &id, &item_id("msg_1")).await?;
        assert_eq!(there, Some(item("thr_1", "msg_1", 1, "kept")));
        // Any end makes room.
        let outcome = store
            .write_turn(&scope, &key("thr_1", running.id.as_str()), end(status, 4))
            .await?;
        assert_eq!(outcome, Written::Stored);
        assert_eq!(store.running_turn(&scope, &id).await?, None);
        let next = begin("thr_1", &format!("turn_{}", status.as_str()), 5);
        assert_eq!(store.begin_turn(&scope, next).await?, started);
    }
    assert_eq!(
        store
            .begin_turn(&scope, begin("thr_2", "turn_2", 3))
            .await?,
        started
    );
    Ok(())
}

/// Of many turns that begin at once in a thread, one does; the others learn which.
pub async fn of_concurrent_turns_one_begins(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let mut attempts = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (store, scope) = (store.clone(), scope.clone());
        let mut begin = begin("thr_1", &format!("turn_{number}"), 2);
        begin.put = vec![item("thr_1", &format!("msg_{number}"), 2, "")];
        attempts.spawn(async move { store.begin_turn(&scope, begin).await });
    }
    let running = {
        let mut started = 0;
        let mut busy = Vec::new();
        while let Some(outcome) = attempts.join_next().await {
            let outcome = outcome.map_err(|error| StoreError::Failed {
                detail: format!("{error}"),
            })??;
            match outcome {
                Began::Started { .. } => started += 1,
                Began::Busy(turn) => busy.push(turn.id),
                other => {
                    let detail = format!("a turn that begins is {other:?}");
                    return Err(StoreError::Failed { detail });
                }
            }
        }
        assert_eq!((started, busy.len()), (1, 31));
        busy.dedup();
        assert_eq!(busy.len(), 1);
        busy.pop()
    };
    assert_eq!(store.running_turn(&scope, &id).await?, running);
    let stored = store.recent_items(&scope, &id, 99).await?;
    let turns: Vec<_> = stored.into_iter().map(|item| item.turn).collect();
    assert_eq!(turns, [running]);
    Ok(())
}

/// A turn's end is written with everything that comes with it, and nothing is written after it.
pub async fn a_turn_ends_once(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let mut first = begin("thr_1", "turn_1", 5);
    first.turn.created_at = Timestamp::new(5, 123_456_789).unwrap_or_default();
    store.begin_turn(&scope, first).await?;
    let patch = ThreadPatch {
        title: Some(Some("a title".to_owned())),
        status: Some(ThreadStatus::closed(None)),
        ..ThreadPatch::default()
    };
    let write = TurnWrite {
        put: vec![item("thr_1", "msg_1", 6, "done")],
        steps: vec![step("turn_1", 1, "seen")?],
        thread: Some(patch.clone()),
        log: vec![batch("turn_1", 1, 2)],
        ..end(TurnStatus::Waiting, 7)
    };
    let outcome = store
        .write_turn(&scope, &key("thr_1", "turn_1"), write.clone())
        .await?;
    assert_eq!(outcome, Written::Stored);
    let record = TurnRecord {
        status: TurnStatus::Waiting,
        created_at: Timestamp::new(5, 123_456_000).unwrap_or_default(),
        ended_at: Some(at(7)),
        ..turn("thr_1", "turn_1", 5)
    };
    assert_eq!(
        store.turn(&scope, &turn_id("turn_1")).await?,
        Some(record.clone())
    );
    let mut changed = thread("thr_1", 1);
    patch.apply(&mut changed);
    assert_eq!(store.thread(&scope, &id).await?, Some(changed));
    assert_eq!(
        store.steps(&scope, &id, &[turn_id("turn_1")]).await?,
        write.steps
    );
    assert_eq!(
        store.turn_log(&scope, &turn_id("turn_1"), None).await?,
        write.log
    );

    for late in [end(TurnStatus::Failed, 8), TurnWrite { end: None, ..write }] {
        let outcome = store
            .write_turn(&scope, &key("thr_1", "turn_1"), late)
            .await?;
        assert_eq!(outcome, Written::Gone);
    }
    assert_eq!(store.turn(&scope, &turn_id("turn_1")).await?, Some(record));
    Ok(())
}

/// What a turn stored is found in its thread, in the thread's order: what it stored first, and of much the newest.
pub async fn what_a_turn_stored_is_found_by_its_turn(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    let found = async |thread: &ThreadId, turn: &str| {
        let turn = turn_id(turn);
        store.items_of_turn(&scope, thread, &turn).await
    };
    assert_eq!(found(&id, "turn_1").await?, []);
    let seeded = vec![item("thr_1", "seeded", 3, "")];
    store.put_items(&scope, &id, seeded).await?;
    for (turn, ids) in [
        ("turn_1", ["msg_b", "msg_a"]),
        ("turn_2", ["msg_d", "msg_c"]),
    ] {
        let mut first = begin("thr_1", turn, 2);
        first.put = ids.map(|id| item("thr_1", id, 3, "said")).to_vec();
        store.begin_turn(&scope, first).await?;
        let write = TurnWrite {
            // What another turn has stored before stays that turn's.
            put: vec![item("thr_1", "msg_a", 9, "changed")],
            ..end(TurnStatus::Done, 4)
        };
        store.write_turn(&scope, &key("thr_1", turn), write).await?;
    }
    let changed = item("thr_1", "msg_a", 3, "changed");
    let said = |id| item("thr_1", id, 3, "said");
    assert_eq!(found(&id, "turn_1").await?, [changed, said("msg_b")]);
    assert_eq!(found(&id, "turn_2").await?, [said("msg_c"), said("msg_d")]);
    assert_eq!(found(&thread_id("thr_2"), "turn_1").await?, []);

    let name = |number: u32| format!("item_{number:03}");
    let mut many = begin("thr_2", "turn_3", 2);
    let all = (0..MAX_PAGE + 2).map(|number| item("thr_2", &name(number), 3, ""));
    many.put = all.collect();
    store.begin_turn(&scope, many).await?;
    let newest = found(&thread_id("thr_2"), "turn_3").await?;
    assert_eq!(newest.len(), usize::try_from(MAX_PAGE).unwrap_or_default());
    assert_eq!(newest.first().map(ThreadItem::id), Some(&item_id(&name(2))));
    Ok(())
}

/// The last turn of a thread is the newest by (time, id), running or not.
pub async fn the_last_turn_is_the_newest(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    assert_eq!(store.last_turn(&scope, &id).await?, None);
    let mut newest = Vec::new();
    for (name, second) in [("turn_b", 5), ("turn_c", 5), ("turn_a", 5), ("turn_z", 4)] {
        store
            .begin_turn(&scope, begin("thr_1", name, second))
            .await?;
        newest.push(store.last_turn(&scope, &id).await?.map(|turn| turn.id));
        store
            .write_turn(&scope, &key("thr_1", name), end(TurnStatus::Done, 6))
            .await?;
    }
    let expected = ["turn_b", "turn_c", "turn_c", "turn_c"].map(|id| Some(turn_id(id)));
    assert_eq!(newest, expected);
    Ok(())
}
