//! What a follow-up message reads at once.

use frontdesk_protocol::Timestamp;

use super::StoreUnderTest;
use super::sample::{
    ann, at, begin, end, item, item_id, key, owner, step, thread, thread_id, turn, turn_id,
};
use crate::limit::MAX_PAGE;
use crate::{Began, Entered, Fingerprint, Result, ThreadPatch, TurnStatus, TurnWrite, Written};

/// The turn is the one that runs, whole as it is stored, and none where none runs.
pub async fn a_thread_comes_with_its_running_turn(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    assert_eq!(store.thread_with_running(&scope, &id).await?, None);
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    let mut first = begin("thr_1", "turn_1", 2);
    first.turn.request = Some(Fingerprint {
        key: Some([1; 32]),
        body: [2; 32],
    });
    let running = first.turn.clone();
    let started = Began::Started {
        removed: Vec::new(),
    };
    assert_eq!(store.begin_turn(&scope, first).await?, started);
    let entered = |thread, running, last: Option<(&str, i64)>| {
        Some(Entered {
            thread,
            running,
            newest: last.map(|(_, time)| at(time)),
            last_turn: last.map(|(turn, _)| turn_id(turn)),
        })
    };
    assert_eq!(
        store.thread_with_running(&scope, &id).await?,
        entered(thread("thr_1", 1), Some(running), Some(("turn_1", 2)))
    );
    let other = thread_id("thr_2");
    assert_eq!(
        store.thread_with_running(&scope, &other).await?,
        entered(thread("thr_2", 1), None, None)
    );

    let mut write = end(TurnStatus::Done, 3);
    write.thread = Some(ThreadPatch {
        title: Some(Some("renamed".to_owned())),
        ..ThreadPatch::default()
    });
    let key = key("thr_1", "turn_1");
    let written = store.write_turn(&scope, &key, write).await?;
    assert_eq!(written, Written::Stored);
    let mut renamed = thread("thr_1", 1);
    renamed.title = Some("renamed".to_owned());
    assert_eq!(
        store.thread_with_running(&scope, &id).await?,
        entered(renamed.clone(), None, Some(("turn_1", 2)))
    );
    // A later one, and not the one that has ended.
    let later = store.begin_turn(&scope, begin("thr_1", "turn_0", 1));
    assert_eq!(later.await?, started);
    assert_eq!(
        store.thread_with_running(&scope, &id).await?,
        entered(
            renamed,
            Some(turn("thr_1", "turn_0", 1)),
            Some(("turn_1", 2))
        )
    );
    Ok(())
}

/// What is newest is an item or a turn of this thread and this owner, whichever was made last.
pub async fn a_thread_comes_with_its_latest_time(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    let newest = async || -> Result<Option<Timestamp>> {
        let entered = store.thread_with_running(&scope, &id).await?;
        Ok(entered.and_then(|entered| entered.newest))
    };
    for owner in [ann()?, owner("acme", "bob")?] {
        for name in ["thr_1", "thr_2"] {
            store.create_thread(&owner, thread(name, 60)).await?;
        }
    }
    assert_eq!(newest().await?, None, "when a thread was made says nothing");
    for (thread, times) in [("thr_1", [3, 1]), ("thr_2", [70, 80])] {
        let items = times.map(|time| item(thread, &format!("{thread}_{time}"), time, "said"));
        let thread = thread_id(thread);
        assert!(store.put_items(&scope, &thread, items.to_vec()).await?);
    }
    let bob = owner("acme", "bob")?;
    let theirs = vec![item("thr_1", "theirs", 90, "said")];
    assert!(store.put_items(&bob, &id, theirs).await?);
    assert_eq!(newest().await?, Some(at(3)));
    for (turn, begun, ended) in [("turn_b", 4, 40), ("turn_a", 2, 30)] {
        store
            .begin_turn(&scope, begin("thr_1", turn, begun))
            .await?;
        let write = end(TurnStatus::Done, ended);
        store.write_turn(&scope, &key("thr_1", turn), write).await?;
        assert_eq!(newest().await?, Some(at(4)));
    }
    let items = vec![item("thr_1", "last", 5, "said")];
    assert!(store.put_items(&scope, &id, items).await?);
    assert_eq!(newest().await?, Some(at(5)));
    Ok(())
}

/// The items are those of `recent_items`; the steps are those of the turns that wrote them, by the place of each turn's
/// first item among them.
pub async fn items_come_with_the_steps_of_their_turns(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    let nothing = (Vec::new(), Vec::new());
    assert_eq!(store.recent_with_steps(&scope, &id, 9).await?, nothing);
    for name in ["thr_1", "thr_2"] {
        store.create_thread(&scope, thread(name, 1)).await?;
    }
    assert_eq!(store.recent_with_steps(&scope, &id, 9).await?, nothing);
    // Of no turn.
    let seeded = vec![item("thr_1", "seeded", 1, "hello")];
    assert!(store.put_items(&scope, &id, seeded).await?);
    // The ids of turns are no order, and neither are the times they began at.
    for (thread, turn, second) in [
        ("thr_1", "turn_c", 50),
        ("thr_2", "turn_x", 2),
        ("thr_1", "turn_a", 20),
        ("thr_1", "turn_b", 10),
    ] {
        let mut first = begin(thread, turn, second);
        first.put = vec![item(thread, &format!("{turn}_1"), second, "asked")];
        store.begin_turn(&scope, first).await?;
        for number in [10, 2, 0] {
            let write = TurnWrite {
                steps: vec![step(turn, number, turn)?],
                ..TurnWrite::default()
            };
            store.write_turn(&scope, &key(thread, turn), write).await?;
        }
        // Its second item is later than others' first.
        let write = TurnWrite {
            put: vec![item(thread, &format!("{turn}_2"), second + 25, "answered")],
            ..end(TurnStatus::Done, 90)
        };
        store.write_turn(&scope, &key(thread, turn), write).await?;
    }
    let in_time = [
        "seeded", "turn_b_1", "turn_a_1", "turn_b_2", "turn_a_2", "turn_c_1", "turn_c_2",
    ];
    for (limit, turns) in [
        (1, &["turn_c"][..]),
        (2, &["turn_c"]),
        (3, &["turn_a", "turn_c"]),
        (4, &["turn_b", "turn_a", "turn_c"]),
        (5, &["turn_a", "turn_b", "turn_c"]),
        (6, &["turn_b", "turn_a", "turn_c"]),
        (MAX_PAGE, &["turn_b", "turn_a", "turn_c"]),
        (u32::MAX, &["turn_b", "turn_a", "turn_c"]),
    ] {
        let (items, steps) = store.recent_with_steps(&scope, &id, limit).await?;
        assert_eq!(items, store.recent_items(&scope, &id, limit).await?);
        let kept = usize::try_from(limit).unwrap_or(usize::MAX);
        let left_out = in_time.len().saturating_sub(kept);
        let expected = in_time.iter().skip(left_out).copied().map(item_id);
        let ids = items.iter().map(|stored| stored.item.id().clone());
        assert!(ids.eq(expected), "{limit}: {items:?}");
        let turns: Vec<_> = turns.iter().copied().map(turn_id).collect();
        assert_eq!(steps, store.steps(&scope, &id, &turns).await?, "{limit}");
        assert_eq!(steps.len(), 3 * turns.len());
    }
    // Neither here nor there anything of the other thread.
    let other = thread_id("thr_2");
    let (items, steps) = store.recent_with_steps(&scope, &other, 9).await?;
    assert_eq!(items, store.recent_items(&scope, &other, 9).await?);
    assert_eq!(items.len(), 2);
    let turns = [turn_id("turn_x")];
    assert_eq!(steps, store.steps(&scope, &other, &turns).await?);
    Ok(())
}
