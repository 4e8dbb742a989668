//! A process that dies in the middle of a turn, where the model reads few items: the next one goes on with what it was
//! asked all the same.

use std::sync::Arc;

use frontdesk_agent::Agents;
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, AssistantOptions, HistoryLimits};
use frontdesk_protocol::{ItemId, Map, SdkHiddenContextItem, ThreadId, ThreadItem};
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Items, StoredItem, TurnStatus};
use serde_json::json;

use crate::asking::{Done, action, said};
use crate::desk::{Desk, create, plain, read_all, read_until, resuming, thread_of};
use crate::faulty::Faulty;
use crate::going_on::{Planned, Work, assistant, last_status};
use crate::model::{calls_with, says, says_and_calls};

/// An assistant whose model reads this many items.
fn reads(items: u32, model: &Arc<Planned>, done: &Done, asks: Option<&str>) -> Arc<Assistant> {
    let mut agent = assistant(model, done, Work::Quick);
    agent.approval.always.extend(asks.map(str::to_owned));
    let history = HistoryLimits {
        items,
        ..HistoryLimits::default()
    };
    let options = AssistantOptions {
        history,
        ..AssistantOptions::default()
    };
    Arc::new(Assistant::with_options(Agents::of(agent), options))
}

fn over(store: &Arc<MemoryStore>, responder: Arc<Assistant>) -> Desk {
    Desk::over(
        store.clone(),
        store.clone(),
        responder,
        OnDisconnect::Continue,
    )
}

/// A process that stops dead after so many writes.
fn dying(store: &Arc<MemoryStore>, writes: usize, responder: Arc<Assistant>) -> Desk {
    let store = Faulty::over(store.clone(), writes);
    Desk::over(store.clone(), store, responder, OnDisconnect::Continue)
}

/// Lets a dying process do all that it can; whether it died in the turn.
async fn has_died(store: &MemoryStore, thread: &ThreadId) -> bool {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    last_status(store, thread).await == TurnStatus::Running
}

#[tokio::test]
async fn a_turn_that_has_written_more_than_is_read_again_keeps_its_question() {
    let plan = vec![
        (0, says_and_calls("One.", &["look"])),
        (1, says_and_calls("Two.", &["set"])),
        (2, says_and_calls("Three.", &["look"])),
        (3, says("Done.")),
    ];
    let mut cuts = 0;
    for writes in 0.. {
        let store = Arc::new(MemoryStore::new());
        let (model, done) = (Planned::new(plan.clone()), Done::default());
        let dying = dying(&store, writes, reads(3, &model, &done, None));
        let (_, mut reader) = dying.begin(create("Do it"), &resuming()).await;
        let frames = read_until(&mut reader, |event| event["type"] == "thread.created").await;
        let thread = thread_of(&frames);
        if !has_died(&store, &thread).await {
            break;
        }
        cuts += 1;
        let desk = over(&store, reads(3, &model, &done, None));
        assert_eq!(desk.recovered(&thread).await, 1);
        assert_eq!(last_status(&store, &thread).await, TurnStatus::Done);
        for lines in model.asked() {
            let question = lines.iter().filter(|line| *line == "User: Do it");
            assert_eq!(question.count(), 1, "after {writes} writes: {lines:?}");
        }
    }
    assert!(cuts > 6, "{cuts} cuts");
}

#[tokio::test]
async fn what_was_decided_and_is_no_longer_read_is_not_left_without_a_word() {
    let mut interrupted = 0;
    for writes in 0.. {
        let store = Arc::new(MemoryStore::new());
        let plan = vec![(0, calls_with(&[("add_task", "{}")])), (1, says("Fine."))];
        let (model, done) = (Planned::new(plan), Done::default());
        let responder = || reads(9, &model, &done, Some("add_task"));
        let first = over(&store, responder());
        let (_, mut reader) = first.begin(create("Do it"), &resuming()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        let items = first.items(&thread, &plain()).await;
        let approve = action(
            &thread,
            &items.last().unwrap()["id"],
            &json!({"decision": "approve"}),
        );
        let dying = dying(&store, writes, responder());
        let (_, _reader) = dying.begin(approve, &resuming()).await;
        if !has_died(&store, &thread).await {
            break;
        }
        // Something that the next process reads in place of the question.
        let recent = store.recent_items(&plain().scope(), &thread, 1).await;
        let newest: Option<StoredItem> = recent.unwrap().pop();
        let note = ThreadItem::SdkHiddenContext(SdkHiddenContextItem {
            id: ItemId::new("shcx_later"),
            thread_id: thread.clone(),
            created_at: newest.unwrap().item.created_at(),
            content: "The page was closed.".to_owned(),
            extra: Map::new(),
        });
        let put = store.put_items(&plain().scope(), &thread, vec![note]).await;
        assert!(put.unwrap());
        let second = over(&store, reads(1, &model, &done, Some("add_task")));
        assert_eq!(second.recovered(&thread).await, 1);
        let items = second.items(&thread, &plain()).await;
        match last_status(&store, &thread).await {
            TurnStatus::Interrupted => interrupted += 1,
            status => assert!(
                !said(&items).is_empty(),
                "{status:?} after {writes} writes, and nothing said"
            ),
        }
    }
    assert!(interrupted > 0);
}
