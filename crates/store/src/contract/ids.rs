//! Ids that come again, and records that are too large.

use frontdesk_protocol::Order;

use super::StoreUnderTest;
use super::sample::{ann, begin, end, item, item_id, key, page, thread, thread_id, turn_id};
use crate::limit::MAX_ITEM_BYTES;
use crate::{Result, StoreError, StoredItem, TurnStatus, TurnWrite};

fn is_conflict<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(StoreError::Conflict { .. }))
}

/// An item that is stored again has its new content, and its old time and turn.
pub async fn an_item_put_again_keeps_its_time_and_turn(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    let mut first = begin("thr_1", "turn_1", 5);
    first.new_thread = Some(thread("thr_1", 5));
    first.put = vec![
        item("thr_1", "msg_1", 5, "one"),
        item("thr_1", "msg_2", 6, "one"),
    ];
    store.begin_turn(&scope, first).await?;
    let put = vec![
        item("thr_1", "msg_3", 7, "one"),
        item("thr_1", "msg_1", 9, "two"),
    ];
    let write = TurnWrite {
        put,
        ..end(TurnStatus::Done, 10)
    };
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), write)
        .await?;
    let mut second = begin("thr_1", "turn_2", 11);
    second.put = vec![
        item("thr_1", "msg_2", 1, "three"),
        item("thr_1", "msg_4", 12, "one"),
    ];
    store.begin_turn(&scope, second).await?;
    store
        .put_items(&scope, &id, vec![item("thr_1", "msg_3", 99, "four")])
        .await?;

    let stored = |name: &str, second: i64, content: &str, turn: &str| StoredItem {
        item: item("thr_1", name, second, content),
        turn: Some(turn_id(turn)),
    };
    let expected = [
        stored("msg_1", 5, "two", "turn_1"),
        stored("msg_2", 6, "three", "turn_1"),
        stored("msg_3", 7, "four", "turn_1"),
        stored("msg_4", 12, "one", "turn_2"),
    ];
    assert_eq!(store.recent_items(&scope, &id, 9).await?, expected);
    let found = store.items(&scope, &id, &page(9, Order::Asc, None)).await?;
    let items: Vec<_> = expected.into_iter().map(|stored| stored.item).collect();
    assert_eq!(found.map(|page| page.data), Some(items));
    Ok(())
}

/// An item's id that belongs to another thread of the owner is a conflict, and nothing is written.
pub async fn an_id_of_another_thread_is_a_conflict(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let (one, two) = (thread_id("thr_1"), thread_id("thr_2"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    store.create_thread(&scope, thread("thr_2", 1)).await?;
    store
        .put_items(&scope, &one, vec![item("thr_1", "msg_1", 1, "first")])
        .await?;
    let taken = || {
        vec![
            item("thr_2", "msg_2", 2, "second"),
            item("thr_2", "msg_1", 2, "second"),
        ]
    };
    let astray = || {
        vec![
            item("thr_2", "msg_3", 2, "second"),
            item("thr_1", "msg_4", 2, "second"),
        ]
    };

    assert!(is_conflict(&store.put_items(&scope, &two, taken()).await));
    assert!(is_conflict(&store.put_items(&scope, &two, astray()).await));
    let mut turn = begin("thr_2", "turn_2", 2);
    turn.put = taken();
    assert!(is_conflict(&store.begin_turn(&scope, turn).await));
    assert_eq!(store.turn(&scope, &turn_id("turn_2")).await?, None);
    store
        .begin_turn(&scope, begin("thr_2", "turn_3", 3))
        .await?;
    let write = TurnWrite {
        put: taken(),
        ..end(TurnStatus::Done, 4)
    };
    assert!(is_conflict(
        &store
            .write_turn(&scope, &key("thr_2", "turn_3"), write)
            .await
    ));

    assert_eq!(store.recent_items(&scope, &two, 9).await?, []);
    assert_eq!(
        store.running_turn(&scope, &two).await?,
        Some(turn_id("turn_3"))
    );
    let first = store.item(&scope, &one, &item_id("msg_1")).await?;
    assert_eq!(first, Some(item("thr_1", "msg_1", 1, "first")));
    // Nor is it removed or read through the other thread.
    let write = TurnWrite {
        remove: vec![item_id("msg_1")],
        ..TurnWrite::default()
    };
    store
        .write_turn(&scope, &key("thr_2", "turn_3"), write)
        .await?;
    assert_eq!(store.item(&scope, &two, &item_id("msg_1")).await?, None);
    assert_eq!(store.item(&scope, &one, &item_id("msg_1")).await?, first);
    Ok(())
}

/// A new thread or turn under an id that is taken is a conflict, and nothing is written.
pub async fn a_repeated_thread_or_turn_is_a_conflict(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let mut kept = thread("thr_1", 1);
    kept.title = Some("kept".to_owned());
    store.create_thread(&scope, kept.clone()).await?;
    store
        .begin_turn(&scope, begin("thr_1", "turn_1", 1))
        .await?;
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), end(TurnStatus::Done, 2))
        .await?;
    let ended = store.turn(&scope, &turn_id("turn_1")).await?;

    assert!(is_conflict(
        &store.create_thread(&scope, thread("thr_1", 2)).await
    ));
    let mut new = begin("thr_1", "turn_2", 2);
    new.new_thread = Some(thread("thr_1", 2));
    assert!(is_conflict(&store.begin_turn(&scope, new).await));
    assert_eq!(store.thread(&scope, &kept.id).await?, Some(kept));

    let mut again = begin("thr_1", "turn_1", 3);
    again.put = vec![item("thr_1", "msg_1", 3, "lost")];
    assert!(is_conflict(&store.begin_turn(&scope, again).await));
    assert_eq!(store.turn(&scope, &turn_id("turn_1")).await?, ended);
    assert_eq!(
        store.recent_items(&scope, &thread_id("thr_1"), 9).await?,
        []
    );
    Ok(())
}

/// An item that is too large is refused, and nothing is written.
pub async fn too_large_an_item_is_refused(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store, id) = (ann()?, &subject.store, thread_id("thr_1"));
    store.create_thread(&scope, thread("thr_1", 1)).await?;
    let frame = serde_json::to_string(&item("thr_1", "msg_1", 1, "")).map_or(0, |json| json.len());
    for (size, fits) in [(MAX_ITEM_BYTES, true), (MAX_ITEM_BYTES + 1, false)] {
        let large = item("thr_1", "msg_1", 1, &"x".repeat(size - frame));
        let small = item("thr_1", "msg_2", 2, "");
        let outcome = store.put_items(&scope, &id, vec![small, large]).await;
        match outcome {
            Ok(stored) => assert!(fits && stored),
            Err(error) => {
                assert!(
                    !fits && matches!(error, StoreError::TooLarge { .. }),
                    "{error}"
                );
            }
        }
        assert_eq!(
            store.recent_items(&scope, &id, 9).await?.len(),
            2,
            "those of the first round"
        );
    }
    Ok(())
}
