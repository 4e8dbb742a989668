//! Requests that another process overtakes between what they read and what they begin.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_chat::{Processes, Reply};
use frontdesk_clock::{ManualClock, Timestamp};
use frontdesk_protocol::{ThreadId, ThreadItem};
use frontdesk_store::TurnId;
use frontdesk_store::memory::MemoryStore;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::calls::Calls;
use crate::desk::{Desk, PATIENCE, add, answering, create, read_all, resuming, thread_of};
use crate::faulty::Faulty;

/// The reading and the beginning of a turn.
const READ: &str = "thread_with_running";
const BEGIN: &str = "begin_turn";

/// An answer with this value to what is open in a thread.
type Answer<'a> = &'a dyn Fn(&ThreadId, &str) -> Value;

/// Two processes on one store, and what holds the calls of the one that is slow. The clock of the other is ahead.
struct Pair {
    held: Arc<Faulty>,
    slow: Arc<Desk>,
    quick: Desk,
    ahead: Arc<ManualClock>,
    thread: ThreadId,
}

impl Pair {
    /// In a thread with one turn of the quick one.
    async fn new() -> Self {
        let inner = Arc::new(MemoryStore::new());
        let held = Faulty::over(inner.clone(), 10_000);
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let [ahead, behind] = [(); 2].map(|()| Arc::new(ManualClock::at(start)));
        ahead.advance(Duration::from_secs(10));
        let slow = Desk::made_of(held.clone(), held.clone(), answering(), |parts| {
            parts.options.processes = Processes::Many;
            parts.clock = behind;
        });
        let quick = Desk::made_of(inner.clone(), inner, answering(), |parts| {
            parts.options.processes = Processes::Many;
            parts.clock = ahead.clone();
        });
        let (_, mut reader) = quick.begin(create("first"), &resuming()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        Self {
            held,
            slow: Arc::new(slow),
            quick,
            ahead,
            thread,
        }
    }

    fn calls(&self) -> &Calls {
        &self.held.calls
    }

    /// Asks the slow process, which comes as far as to this call.
    async fn ask_slowly(&self, request: Value) -> JoinHandle<Result<TurnId, u16>> {
        self.calls().close(BEGIN);
        let made = self.calls().made(BEGIN);
        let slow = self.slow.clone();
        let asked = TaskTracker::new().spawn(async move {
            match slow.ask(request, &resuming()).await {
                Ok(Reply::Stream {
                    turn: Some(turn),
                    mut reader,
                }) => {
                    read_all(&mut reader).await;
                    Ok(turn)
                }
                Ok(_) => panic!("no stream"),
                Err(error) => Err(error.status()),
            }
        });
        self.wait_for(BEGIN, made + 1).await;
        asked
    }

    /// Waits until the slow process has made a call so often; the last one may be held.
    async fn wait_for(&self, call: &'static str, times: usize) {
        let made = async {
            while self.calls().made(call) < times {
                tokio::task::yield_now().await;
            }
        };
        let made = tokio::time::timeout(PATIENCE, made).await;
        made.expect("the call was not made");
    }

    /// A whole turn of the quick process, a second later.
    async fn answer(&self, request: Value) -> TurnId {
        self.ahead.advance(Duration::from_secs(1));
        let (turn, mut reader) = self.quick.begin(request, &resuming()).await;
        read_all(&mut reader).await;
        turn
    }

    async fn items(&self) -> Vec<Value> {
        self.quick.items(&self.thread, &resuming()).await
    }

    async fn texts(&self) -> Vec<String> {
        let items = self.items().await;
        let texts = items.iter().map(|item| &item["content"][0]["text"]);
        let texts = texts.map(|text| text.as_str().unwrap().to_owned());
        texts.collect()
    }

    async fn last_turn(&self) -> TurnId {
        let scope = resuming().scope();
        let last = self.quick.store.last_turn(&scope, &self.thread).await;
        last.unwrap().unwrap().id
    }

    /// Stores something that waits for the user.
    async fn leave_open(&self, mut item: Value) {
        item["thread_id"] = json!(self.thread);
        item["created_at"] = json!("2027-01-15T08:00:30Z");
        let item = serde_json::from_value::<ThreadItem>(item).unwrap();
        let (store, scope) = (&self.quick.store, resuming().scope());
        let put = store.put_items(&scope, &self.thread, vec![item]).await;
        assert!(put.unwrap());
    }
}

async fn ended(asked: JoinHandle<Result<TurnId, u16>>) -> Result<TurnId, u16> {
    let outcome = tokio::time::timeout(PATIENCE, asked).await;
    outcome.expect("the request took too long").unwrap()
}

#[tokio::test]
async fn of_two_answers_at_two_processes_one_counts() {
    let call = json!({
        "type": "client_tool_call", "id": "tc_1", "status": "pending", "call_id": "c_1",
        "name": "pick", "arguments": {},
    });
    let form = json!({
        "type": "structured_input", "id": "si_1", "status": "pending",
        "inputs": [{"type": "freeform", "id": "q", "question": "Why?"}],
    });
    let output = |thread: &ThreadId, value: &str| {
        let params = json!({"thread_id": thread, "result": value});
        json!({"type": "threads.add_client_tool_output", "params": params})
    };
    let named = |thread: &ThreadId, value: &str| {
        let mut output = output(thread, value);
        output["params"]["item_id"] = json!("tc_1");
        output
    };
    let input = |thread: &ThreadId, value: &str| {
        let answers = json!({"status": "answered", "answers": {"q": {"values": [value]}}});
        let params = json!({"thread_id": thread, "item_id": "si_1", "input": answers});
        json!({"type": "threads.add_structured_input", "params": params})
    };
    let cases: [(&Value, Answer<'_>); 3] = [(&call, &output), (&call, &named), (&form, &input)];
    for (open, answer) in cases {
        let pair = Pair::new().await;
        pair.leave_open(open.clone()).await;
        let asked = pair.ask_slowly(answer(&pair.thread, "late")).await;
        let turn = pair.answer(answer(&pair.thread, "counts")).await;
        let after = pair.items().await;
        pair.calls().open(BEGIN);
        assert_eq!(ended(asked).await, Err(409), "{open}");
        assert_eq!(pair.items().await, after, "{open}");
        let answered = serde_json::to_string(&after).unwrap();
        assert!(answered.contains("counts"), "{answered}");
        assert_eq!(pair.last_turn().await, turn, "{open}");
    }
}

#[tokio::test]
async fn a_message_that_is_overtaken_comes_after_what_overtook_it() {
    let pair = Pair::new().await;
    let asked = pair.ask_slowly(add(&pair.thread, "slow")).await;
    pair.answer(add(&pair.thread, "quick")).await;
    pair.calls().open(BEGIN);
    let turn = ended(asked).await.unwrap();
    let order = ["first", "done", "quick", "done", "slow", "done"];
    assert_eq!(pair.texts().await, order);
    assert_eq!(pair.last_turn().await, turn);
}

#[tokio::test]
async fn a_retry_that_is_overtaken_takes_away_what_overtook_it() {
    let pair = Pair::new().await;
    let before = pair.items().await;
    let params = json!({"thread_id": pair.thread, "item_id": before[0]["id"]});
    let retry = json!({"type": "threads.retry_after_item", "params": params});
    let asked = pair.ask_slowly(retry.clone()).await;
    pair.answer(retry.clone()).await;
    pair.calls().open(BEGIN);
    let turn = ended(asked).await.unwrap();
    assert_eq!(pair.texts().await, ["first", "done"]);
    assert_eq!(pair.last_turn().await, turn);

    // What it was to go on from isn't there any more.
    let mut instead = add(&pair.thread, "rather");
    instead["params"]["replaces"] = before[0]["id"].clone();
    let asked = pair.ask_slowly(retry).await;
    pair.answer(instead).await;
    pair.calls().open(BEGIN);
    assert_eq!(ended(asked).await, Err(404));
    assert_eq!(pair.texts().await, ["rather", "done"]);
}

#[tokio::test]
async fn who_is_overtaken_again_and_again_is_refused() {
    const TRIES: usize = 3;
    let pair = Pair::new().await;
    let asked = pair.ask_slowly(add(&pair.thread, "slow")).await;
    for tries in 1..=TRIES {
        pair.wait_for(BEGIN, tries).await;
        pair.answer(add(&pair.thread, "quick")).await;
        // Only as far as to its next reading: what is held next has to be closed before.
        pair.calls().close(READ);
        pair.calls().open(BEGIN);
        if tries < TRIES {
            pair.wait_for(READ, tries + 1).await;
            pair.calls().close(BEGIN);
            pair.calls().open(READ);
        }
    }
    assert_eq!(ended(asked).await, Err(409));
    assert_eq!(pair.calls().made(BEGIN), TRIES);
    pair.calls().open(READ);
    let order = [
        "first", "done", "quick", "done", "quick", "done", "quick", "done",
    ];
    assert_eq!(pair.texts().await, order);
    // Nothing of it stands in the way of another one.
    let (turn, mut reader) = pair
        .slow
        .begin(add(&pair.thread, "slow"), &resuming())
        .await;
    read_all(&mut reader).await;
    assert_eq!(pair.last_turn().await, turn);
}
