//! Turns that begin on what was seen: only behind the turn that was the newest then.

use super::StoreUnderTest;
use super::sample::{
    ann, attachment, attachment_id, batch, begin, end, item, item_id, key, owner, step, thread,
    thread_id, turn, turn_id,
};
use crate::{
    After, Began, BeginTurn, Fingerprint, Result, Trim, TurnRecord, TurnStatus, TurnWrite,
};

/// The beginning of a turn behind the one that was seen.
fn behind(seen: Option<&str>, id: &str, second: i64) -> BeginTurn {
    BeginTurn {
        after: After::Seen(seen.map(turn_id)),
        ..begin("thr_1", id, second)
    }
}

/// A turn of each of these owners and threads, with an item, a step and a log, begun and ended.
async fn one_turn_each(subject: &StoreUnderTest) -> Result<()> {
    for (user, thread_name, id, second) in [
        ("ann", "thr_1", "turn_1", 10),
        ("ann", "thr_2", "turn_2", 20),
        ("bob", "thr_1", "turn_3", 30),
    ] {
        let (scope, store) = (owner("acme", user)?, &subject.store);
        let first = BeginTurn {
            new_thread: Some(thread(thread_name, 1)),
            put: vec![item(thread_name, &format!("msg_{id}"), second, "said")],
            ..begin(thread_name, id, second)
        };
        store.begin_turn(&scope, first).await?;
        let write = TurnWrite {
            steps: vec![step(id, 1, "seen")?],
            log: vec![batch(id, 1, 2)],
            ..end(TurnStatus::Done, second + 1)
        };
        store
            .write_turn(&scope, &key(thread_name, id), write)
            .await?;
    }
    Ok(())
}

/// Whoever saw another turn as the newest, or none, begins nothing and changes nothing.
pub async fn a_turn_begins_behind_the_one_that_was_seen(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    one_turn_each(subject).await?;
    let unsent = attachment("atc_1", None);
    store.put_attachment(&scope, unsent.clone()).await?;
    let before = store.recent_with_steps(&scope, &id, 9).await?;
    let log = store.turn_log(&scope, &turn_id("turn_1"), None).await?;
    // None, one that never was, the newest of another thread, and that of another owner.
    for seen in [None, Some("turn_0"), Some("turn_2"), Some("turn_3")] {
        for (trim, remove) in [
            (None, None),
            (None, Some("msg_turn_1")),
            (Some(Trim::From(item_id("msg_turn_1"))), None),
            (Some(Trim::After(item_id("nothing"))), None),
        ] {
            let what = format!("{seen:?} {trim:?} {remove:?}");
            let refused = BeginTurn {
                trim,
                put: vec![
                    item("thr_1", "msg_turn_1", 40, "changed"),
                    item("thr_1", "msg_new", 40, "said"),
                ],
                remove: remove.map(item_id).into_iter().collect(),
                attachments: vec![attachment("atc_1", None)],
                ..behind(seen, "turn_4", 40)
            };
            let began = store.begin_turn(&scope, refused).await?;
            assert_eq!(began, Began::Overtaken, "{what}");
            let after = store.recent_with_steps(&scope, &id, 9).await?;
            assert_eq!(after, before, "{what}");
        }
    }
    assert_eq!(store.turn(&scope, &turn_id("turn_4")).await?, None);
    let there = store.attachment(&scope, &attachment_id("atc_1")).await?;
    assert_eq!(there, Some(unsent));
    let there = store.turn_log(&scope, &turn_id("turn_1"), None).await?;
    assert_eq!(there, log);

    let cutting = BeginTurn {
        trim: Some(Trim::From(item_id("msg_turn_1"))),
        ..behind(Some("turn_1"), "turn_4", 40)
    };
    let removed = vec![item_id("msg_turn_1")];
    let began = store.begin_turn(&scope, cutting).await?;
    assert_eq!(began, Began::Started { removed });
    Ok(())
}

/// The newest is so by (time of making, id), however it ended, and whichever it is for who asks for none.
pub async fn what_was_seen_is_the_newest_turn(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let started = Began::Started {
        removed: Vec::new(),
    };
    for (seen, name, second, status) in [
        (None, "turn_b", 5, TurnStatus::Done),
        (Some("turn_b"), "turn_c", 5, TurnStatus::Interrupted),
        (Some("turn_c"), "turn_a", 5, TurnStatus::Stopped),
        (Some("turn_c"), "turn_z", 4, TurnStatus::Waiting),
        (Some("turn_c"), "turn_0", 6, TurnStatus::Failed),
        (Some("turn_0"), "turn_1", 7, TurnStatus::Done),
    ] {
        let entered = store.thread_with_running(&scope, &id).await?;
        let last = entered.and_then(|entered| entered.last_turn);
        assert_eq!(last, seen.map(turn_id), "{name}");
        let next = behind(seen, name, second);
        assert_eq!(store.begin_turn(&scope, next).await?, started, "{name}");
        store
            .write_turn(&scope, &key("thr_1", name), end(status, 8))
            .await?;
    }
    let any = store
        .begin_turn(&scope, begin("thr_1", "turn_2", 9))
        .await?;
    assert_eq!(any, started);
    Ok(())
}

/// A known key, a missing thread and a turn that runs are told to who has missed a turn, too; a new thread has none to
/// miss.
pub async fn other_refusals_come_before_a_missed_turn(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let request = Some(Fingerprint {
        key: Some([1; 32]),
        body: [2; 32],
    });
    let missed = |id: &str| BeginTurn {
        turn: TurnRecord {
            request,
            ..turn("thr_1", id, 9)
        },
        ..behind(Some("turn_0"), id, 9)
    };
    let began = store.begin_turn(&scope, missed("turn_1")).await?;
    assert_eq!(began, Began::NoThread);
    let first = BeginTurn {
        new_thread: Some(thread("thr_1", 1)),
        ..missed("turn_1")
    };
    let started = Began::Started {
        removed: Vec::new(),
    };
    let running = first.turn.clone();
    assert_eq!(store.begin_turn(&scope, first).await?, started);
    let began = store.begin_turn(&scope, missed("turn_2")).await?;
    assert_eq!(began, Began::Repeated(running.clone()));
    let began = store
        .begin_turn(&scope, behind(Some("turn_0"), "turn_2", 9))
        .await?;
    assert_eq!(began, Began::Busy(running));
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), end(TurnStatus::Done, 10))
        .await?;
    let began = store
        .begin_turn(&scope, behind(Some("turn_0"), "turn_2", 9))
        .await?;
    assert_eq!(began, Began::Overtaken);
    Ok(())
}
