//! A turn in which the user approved a call: no error of it offers to try again, however it ends, for that would forget
//! what was done.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_agent::Agents;
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{Lease, Maintenance, ProcessId, TurnId, TurnStatus};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::asking::{Done, action};
use crate::desk::{Desk, create, event, plain, read_all, resuming};
use crate::faulty::Faulty;
use crate::going_on::{Planned, Work, assistant, last_status, process};
use crate::model::{calls_with, says};

const MANY: usize = 10_000;

/// A thread in which the user is asked about a call.
struct Asked {
    store: Arc<MemoryStore>,
    model: Arc<Planned>,
    done: Done,
    thread: ThreadId,
    approve: Value,
}

impl Asked {
    async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let plan = vec![(0, calls_with(&[("add_task", "{}")])), (1, says("Fine."))];
        let (model, done) = (Planned::new(plan), Done::default());
        let desk = process(&store, agents(&model, &done, Work::Quick));
        let (_, mut reader) = desk.begin(create("Do it"), &resuming()).await;
        let thread = crate::desk::thread_of(&read_all(&mut reader).await);
        let items = desk.items(&thread, &plain()).await;
        let widget = items.last().unwrap()["id"].clone();
        let approve = action(&thread, &widget, &json!({"decision": "approve"}));
        Self {
            store,
            model,
            done,
            thread,
            approve,
        }
    }

    fn process(&self, store: &Arc<Faulty>, work: Work) -> Desk {
        let responder = Arc::new(Assistant::new(agents(&self.model, &self.done, work)));
        Desk::over(
            store.clone(),
            store.clone(),
            responder,
            OnDisconnect::Continue,
        )
    }

    /// The user approves, and the process dies after so many writes. `None` where it came to the turn's end.
    async fn approved(&self, writes: usize) -> Option<TurnId> {
        let dying = self.process(&Faulty::over(self.store.clone(), writes), Work::Quick);
        let (turn, _reader) = dying.begin(self.approve.clone(), &resuming()).await;
        for _ in 0..500 {
            tokio::task::yield_now().await;
        }
        let status = last_status(&self.store, &self.thread).await;
        (status == TurnStatus::Running).then_some(turn)
    }

    /// How the turn ends in a process on this store.
    async fn ends(&self, store: &Arc<Faulty>, turn: &TurnId) -> Value {
        let next = self.process(store, Work::Quick);
        assert_eq!(next.service.recover().await.unwrap(), 1);
        let mut reader = next.service.events(&resuming(), turn, None).await.unwrap();
        event(read_all(&mut reader).await.last().unwrap())
    }
}

fn agents(model: &Arc<Planned>, done: &Done, work: Work) -> Agents<TurnContext> {
    let mut agent = assistant(model, done, work);
    agent.approval.always.insert("add_task".to_owned());
    Agents::of(agent)
}

/// What is told in an error, and whether it offers to try again.
fn offered(last: &Value) -> (&Value, &Value) {
    (&last["type"], &last["allow_retry"])
}

#[tokio::test]
async fn who_approved_is_not_offered_to_try_again_where_the_next_process_fails() {
    for writes in 0.. {
        let asked = Asked::new().await;
        let Some(turn) = asked.approved(writes).await else {
            assert!(writes > 3, "{writes}");
            return;
        };
        let next = Faulty::over(asked.store.clone(), MANY);
        // The takeover reads them first, and then the assistant.
        next.calls.fail_after(1, "steps");
        let last = asked.ends(&next, &turn).await;
        let never = (&json!("error"), &json!(false));
        assert_eq!(offered(&last), never, "after {writes} writes");
    }
}

#[tokio::test]
async fn who_approved_is_not_offered_to_try_again_where_the_turn_is_given_up() {
    let asked = Asked::new().await;
    let turn = asked.approved(3).await.unwrap();
    let lease = Lease {
        holder: ProcessId::new("prc_other"),
        length: Duration::ZERO,
    };
    let scope = resuming().scope();
    asked.store.release_all().await.unwrap();
    for from in 1..5 {
        let taken = asked.store.take_over(&scope, &turn, from, &lease).await;
        assert!(taken.unwrap().is_some());
    }
    let next = Faulty::over(asked.store.clone(), MANY);
    let last = asked.ends(&next, &turn).await;
    assert_eq!(offered(&last), (&json!("error"), &json!(false)));
    let status = last_status(&asked.store, &asked.thread).await;
    assert_eq!(status, TurnStatus::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn who_approved_is_not_offered_to_try_again_where_the_end_can_not_be_stored() {
    let asked = Asked::new().await;
    let store = Faulty::over(asked.store.clone(), MANY);
    let desk = asked.process(&store, Work::Endless);
    let (turn, mut reader) = desk.begin(asked.approve.clone(), &plain()).await;
    while asked.done.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.fails.store(true, Ordering::SeqCst);
    let stopping = TaskTracker::new().spawn({
        let service = desk.service.clone();
        async move { service.stop(&plain(), &turn).await.unwrap() }
    });
    let frames = read_all(&mut reader).await;
    let last = frames.last().unwrap();
    assert_eq!(last.id, None, "it isn't stored");
    assert_eq!(offered(&event(last)), (&json!("error"), &json!(false)));
    stopping.abort();
}
