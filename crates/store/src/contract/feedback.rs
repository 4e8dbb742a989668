//! What users think of items.

use frontdesk_identity::Scope;
use frontdesk_protocol::{FeedbackKind, ItemId, ThreadId, Timestamp};

use super::StoreUnderTest;
use super::sample::{ann, at, begin, item, key, owner, thread};
use crate::{ItemFeedback, Result, Trim, TurnWrite};

fn given(thread: &str, item: &str, kind: FeedbackKind, at: Timestamp) -> ItemFeedback {
    ItemFeedback {
        thread: ThreadId::new(thread),
        item: ItemId::new(item),
        kind,
        at,
    }
}

/// A thread of the owner's with items.
async fn with_items(
    subject: &StoreUnderTest,
    scope: &Scope,
    id: &str,
    items: &[&str],
) -> Result<ThreadId> {
    let store = &subject.store;
    store.create_thread(scope, thread(id, 1)).await?;
    let items = items.iter().map(|name| item(id, name, 2, "hi")).collect();
    let id = ThreadId::new(id);
    assert!(store.put_items(scope, &id, items).await?);
    Ok(id)
}

/// The last word on an item counts, and what isn't in the thread is judged by nobody.
pub async fn the_last_feedback_counts(subject: &StoreUnderTest) -> Result<()> {
    use FeedbackKind::{Negative, Positive};
    let (scope, store) = (ann()?, &subject.store);
    let here = with_items(subject, &scope, "thr_1", &["msg_1", "msg_2"]).await?;
    with_items(subject, &scope, "thr_2", &["msg_3"]).await?;
    let other = owner("other", "ann")?;
    for (scope, items, kind, second, kept) in [
        (&scope, vec!["msg_1", "msg_2"], Positive, 5, true),
        (&scope, vec!["msg_2"], Negative, 6, true),
        (&scope, vec![], Negative, 7, true),
        (&scope, vec!["msg_1", "msg_3"], Negative, 8, false),
        (&scope, vec!["msg_1", "msg_9"], Negative, 8, false),
        (&other, vec!["msg_1"], Negative, 8, false),
    ] {
        let ids: Vec<ItemId> = items.iter().map(|id| ItemId::new(*id)).collect();
        let outcome = store
            .give_feedback(scope, &here, &ids, kind, at(second))
            .await?;
        assert_eq!(outcome, kept, "{items:?}");
    }
    let expected = vec![
        given("thr_1", "msg_1", Positive, at(5)),
        given("thr_1", "msg_2", Negative, at(6)),
    ];
    assert_eq!(store.feedback(&scope, &here).await?, expected);
    assert_eq!(store.feedback(&other, &here).await?, Vec::new());
    // An item that is put again is still the one that was judged.
    let again = vec![item("thr_1", "msg_1", 9, "ho")];
    assert!(store.put_items(&scope, &here, again).await?);
    assert_eq!(store.feedback(&scope, &here).await?, expected);
    Ok(())
}

/// Feedback goes with its item and with its thread.
pub async fn feedback_goes_with_what_it_is_about(subject: &StoreUnderTest) -> Result<()> {
    let (scope, store) = (ann()?, &subject.store);
    let items = ["msg_1", "msg_2", "msg_3"];
    let here = with_items(subject, &scope, "thr_1", &items).await?;
    let ids = items.map(ItemId::new);
    let kind = FeedbackKind::Positive;
    assert!(
        store
            .give_feedback(&scope, &here, &ids, kind, at(5))
            .await?
    );
    let mut turn = begin("thr_1", "turn_1", 6);
    turn.trim = Some(Trim::After(ItemId::new("msg_2")));
    store.begin_turn(&scope, turn).await?;
    let write = TurnWrite {
        remove: vec![ItemId::new("msg_1")],
        ..TurnWrite::default()
    };
    store
        .write_turn(&scope, &key("thr_1", "turn_1"), write)
        .await?;
    let left = vec![given("thr_1", "msg_2", kind, at(5))];
    assert_eq!(store.feedback(&scope, &here).await?, left);
    assert!(store.delete_thread(&scope, &here).await?);
    assert_eq!(store.feedback(&scope, &here).await?, Vec::new());
    assert_eq!(subject.feedbacks.all_feedback(None, 10).await?, Vec::new());
    // A thread of the same ids begins without any.
    with_items(subject, &scope, "thr_1", &["msg_2"]).await?;
    assert_eq!(store.feedback(&scope, &here).await?, Vec::new());
    Ok(())
}

/// The operator reads what all users gave, page by page, whatever has the same time.
pub async fn the_operator_reads_all_feedback(subject: &StoreUnderTest) -> Result<()> {
    let kind = FeedbackKind::Negative;
    let mut expected = Vec::new();
    for scope in [owner("a", "u")?, owner("a", "v")?, owner("b", "u")?] {
        let items = ["msg_1", "msg_2"];
        let here = with_items(subject, &scope, "thr_1", &items).await?;
        let ids = items.map(ItemId::new);
        let store = &subject.store;
        assert!(
            store
                .give_feedback(&scope, &here, &ids, kind, at(5))
                .await?
        );
        for item in items {
            expected.push((scope.clone(), given("thr_1", item, kind, at(5))));
        }
    }
    for limit in [1, 4, 500] {
        let mut read = Vec::new();
        loop {
            let page = subject.feedbacks.all_feedback(read.last(), limit).await?;
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, expected, "by {limit}");
    }
    Ok(())
}
