//! A process that dies in the middle of a turn, and another one that goes on: nothing is lost, and nothing that may have
//! been done is done again unless that changes nothing or the user says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, Agents, Annotations, FunctionTool, FunctionTools, Hook, NoArguments, RunContext,
    ToolCall, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::{Error, Event, EventStream, Item, Model, Request};
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{
    Lease, Maintenance, ProcessId, Step, TurnKey, TurnStatus, TurnWrite, Turns, Usage, UtcDay,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::asking::{Done, action, lines, said};
use crate::desk::{
    Desk, PATIENCE, add, create, hanging, is_delta, plain, read_all, read_until, resuming,
    thread_of,
};
use crate::model::{calls_with, line, says, says_and_calls, silently_calls};

/// A reply of a model.
pub(crate) type Events = Vec<Result<Event, Error>>;

/// Answers by how many results it finds after the newest message, so that it says the same in every process.
#[derive(Debug)]
pub(crate) struct Planned {
    plan: Vec<(usize, Events)>,
    asked: Mutex<Vec<Vec<String>>>,
}

impl Planned {
    pub(crate) fn new(plan: Vec<(usize, Events)>) -> Arc<Self> {
        Arc::new(Self {
            plan,
            asked: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<Vec<String>> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Model for Planned {
    fn name(&self) -> &'static str {
        "planned"
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let lines: Vec<String> = request.input.iter().map(line).collect();
        let is_result = |item: &&Item| matches!(item, Item::FunctionCallOutput(_));
        let results = request.input.iter().filter(is_result).count();
        self.asked.lock().unwrap().push(lines);
        let reply = self.plan.iter().rfind(|(from, _)| *from <= results);
        let (_, events) = reply.unwrap();
        Ok(stream::iter(events.clone())
            .chain(stream::pending())
            .boxed())
    }
}

/// How long the tools of a process take.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Work {
    Quick,
    /// They do what they are asked to, and never come back.
    Endless,
}

fn tool(
    name: &'static str,
    annotations: Annotations,
    done: &Done,
    work: Work,
) -> FunctionTool<TurnContext> {
    let done = Arc::clone(done);
    let act = move |_: NoArguments, _: ToolContext<TurnContext>| {
        done.lock().unwrap().push(name.to_owned());
        async move {
            if work == Work::Endless {
                std::future::pending::<()>().await;
            }
            Ok::<_, ToolError>(format!("{name}: done"))
        }
    };
    function_tool(name, "Acts.", act).annotated(annotations)
}

pub(crate) fn assistant(model: &Arc<Planned>, done: &Done, work: Work) -> Agent<TurnContext> {
    let marked = |read_only: bool, idempotent: bool| Annotations {
        read_only: Some(read_only),
        idempotent: Some(idempotent),
        ..Annotations::default()
    };
    let tools = vec![
        tool("look", marked(true, false), done, work),
        tool("set", marked(false, true), done, work),
        tool("add_task", marked(false, false), done, work),
    ];
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("taskflow", tools)));
    agent
}

pub(crate) fn process(store: &Arc<MemoryStore>, agents: Agents<TurnContext>) -> Desk {
    let responder = Arc::new(Assistant::new(agents));
    Desk::over(
        store.clone(),
        store.clone(),
        responder,
        OnDisconnect::Continue,
    )
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

pub(crate) async fn last_status(store: &MemoryStore, thread: &ThreadId) -> TurnStatus {
    let turn = store.last_turn(&plain().scope(), thread).await.unwrap();
    turn.unwrap().status
}

/// The kinds of what people see.
pub(crate) fn seen(items: &[Value]) -> Vec<String> {
    let kind = |item: &Value| match item["type"].as_str().unwrap() {
        "workflow" => format!("workflow: {}", item["workflow"]["type"].as_str().unwrap()),
        kind => kind.to_owned(),
    };
    items.iter().map(kind).collect()
}

pub(crate) async fn press(desk: &Desk, thread: &ThreadId, decision: &str) {
    let items = desk.items(thread, &plain()).await;
    let widget = items.iter().rfind(|item| item["type"] == "widget").unwrap();
    let request = action(thread, &widget["id"], &json!({"decision": decision}));
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await;
}

#[tokio::test]
async fn a_call_that_can_be_made_again_is_made_again() {
    let (thoughtful, silent) = (
        |name| calls_with(&[(name, "{}")]),
        |name| silently_calls(&[name]),
    );
    for (name, calls) in [
        ("look", thoughtful("look")),
        ("look", silent("look")),
        ("set", silent("set")),
    ] {
        let store = Arc::new(MemoryStore::new());
        let plan = vec![(0, calls), (1, says("Here."))];
        let (model, done) = (Planned::new(plan), Done::default());
        let first = process(&store, Agents::of(assistant(&model, &done, Work::Endless)));
        let (_, mut reader) = first.begin(create("Show"), &resuming()).await;
        let thread =
            thread_of(&read_until(&mut reader, |event| event["type"] == "thread.created").await);
        until(|| done.lock().unwrap().len() == 1).await;
        let second = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
        assert_eq!(second.recovered(&thread).await, 1);
        assert_eq!(*done.lock().unwrap(), [name, name]);
        assert_eq!(
            model.asked().len(),
            2,
            "the reply that was stored is not asked for again"
        );
        let items = second.items(&thread, &plain()).await;
        assert_eq!(said(&items), ["Here."]);
        assert_eq!(last_status(&store, &thread).await, TurnStatus::Done);
    }
}

/// A turn that died while it added a task; the next process asks.
async fn interrupted() -> (Desk, Arc<MemoryStore>, Arc<Planned>, Done, ThreadId) {
    let store = Arc::new(MemoryStore::new());
    let plan = vec![
        (0, says_and_calls("I add it.", &["add_task"])),
        (1, says("Fine.")),
    ];
    let (model, done) = (Planned::new(plan), Done::default());
    let first = process(&store, Agents::of(assistant(&model, &done, Work::Endless)));
    let (_, mut reader) = first.begin(create("Add"), &resuming()).await;
    let thread =
        thread_of(&read_until(&mut reader, |event| event["type"] == "thread.created").await);
    until(|| done.lock().unwrap().len() == 1).await;
    let second = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
    assert_eq!(second.recovered(&thread).await, 1);
    (second, store, model, done, thread)
}

#[tokio::test]
async fn of_a_call_that_may_have_been_made_the_user_is_told_and_asked() {
    let (desk, store, model, done, thread) = interrupted().await;
    assert_eq!(last_status(&store, &thread).await, TurnStatus::Waiting);
    assert_eq!(model.asked().len(), 1);
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(
        seen(&items),
        ["user_message", "assistant_message", "widget"]
    );
    let asks = [
        "Interrupted · Add task",
        "taskflow",
        "The server was interrupted while doing this, and it isn't known whether it was done.",
        "[Do it again]",
        "[Don't]",
    ];
    assert_eq!(lines(&items[2]["widget"]), asks);
    assert_eq!(*done.lock().unwrap(), ["add_task"]);

    press(&desk, &thread, "approve").await;
    assert_eq!(*done.lock().unwrap(), ["add_task", "add_task"]);
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(lines(&items[2]["widget"])[0], "To be done again · Add task");
    assert_eq!(said(&items), ["I add it.", "Fine."]);
    assert_eq!(
        model.asked()[1].last().unwrap(),
        "result \"add_task: done\""
    );
}

#[tokio::test]
async fn what_a_dead_process_used_is_counted_where_its_turn_only_ends() {
    for status in [TurnStatus::Stopped, TurnStatus::Interrupted] {
        let (store, scope) = (Arc::new(MemoryStore::new()), plain().scope());
        let plan = vec![(0, says_and_calls("I add it.", &["add_task"]))];
        let (model, done) = (Planned::new(plan), Done::default());
        let first = process(&store, Agents::of(assistant(&model, &done, Work::Endless)));
        let (turn, mut reader) = first.begin(create("Add"), &resuming()).await;
        let frames = read_until(&mut reader, |event| event["type"] == "thread.created").await;
        until(|| done.lock().unwrap().len() == 1).await;
        store.release_all().await.unwrap();
        if status == TurnStatus::Stopped {
            store.ask_to_stop(&scope, &turn).await.unwrap();
        } else {
            let lease = Lease {
                holder: ProcessId::new("prc_other"),
                length: Duration::ZERO,
            };
            for from in 1..5 {
                let taken = store.take_over(&scope, &turn, from, &lease).await;
                assert!(taken.unwrap().is_some());
            }
        }
        let second = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
        let thread = thread_of(&frames);
        assert_eq!(second.recovered(&thread).await, 1);
        assert_eq!(last_status(&store, &thread).await, status);
        assert_eq!(model.asked().len(), 1);
        let used = store.tokens_used(&scope, UtcDay::of(SystemClock.now()));
        assert_eq!(used.await.unwrap(), 10, "{status:?}");
    }
}

#[tokio::test]
async fn what_is_not_to_be_done_again_stays_unknown_to_the_model() {
    let unknown = "it is not known whether it was made";
    let (desk, _, model, done, thread) = interrupted().await;
    press(&desk, &thread, "decline").await;
    let told = model.asked()[1].last().unwrap().clone();
    assert!(
        told.contains(unknown) && told.contains("doesn't want it"),
        "{told}"
    );
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(lines(&items[2]["widget"])[0], "Not done again · Add task");
    assert_eq!(*done.lock().unwrap(), ["add_task"]);

    let (desk, _, model, done, thread) = interrupted().await;
    let (_, mut reader) = desk.begin(add(&thread, "Is it there?"), &plain()).await;
    read_all(&mut reader).await;
    let told = model.asked()[1].clone();
    assert!(
        told[3].contains(unknown) && told[3].contains("wrote something else"),
        "{told:?}"
    );
    assert_eq!(told[4], "User: Is it there?");
    assert_eq!(*done.lock().unwrap(), ["add_task"]);
}

#[tokio::test]
async fn text_that_was_not_finished_is_taken_back_and_written_anew() {
    let store = Arc::new(MemoryStore::new());
    let mut broken_off = says("one two three");
    broken_off.truncate(3);
    let (model, done) = (Planned::new(vec![(0, broken_off)]), Done::default());
    let first = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
    let (turn, mut reader) = first.begin(create("Count"), &resuming()).await;
    let frames = read_until(&mut reader, |event| event["update"]["delta"] == "two ").await;
    let thread = thread_of(&frames);
    // Until the log has it.
    let scope = plain().scope();
    let has_text = async {
        loop {
            let log = store.turn_log(&scope, &turn, None).await.unwrap();
            if format!("{log:?}").contains("two ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, has_text).await.unwrap();
    let model = Planned::new(vec![(0, says("one two three"))]);
    let second = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
    assert_eq!(second.recovered(&thread).await, 1);
    let items = second.items(&thread, &plain()).await;
    assert_eq!(said(&items), ["one two three"]);
    let mut all = second
        .service
        .events(&resuming(), &turn, None)
        .await
        .unwrap();
    let all = read_all(&mut all).await;
    let removed = all.iter().map(crate::desk::event);
    let removed = removed.filter(|event| event["type"] == "thread.item.removed");
    assert_eq!(removed.count(), 1);
}

#[tokio::test]
async fn a_step_that_this_release_does_not_know_ends_the_turn_as_interrupted() {
    let store = Arc::new(MemoryStore::new());
    let first = Desk::over(
        store.clone(),
        store.clone(),
        hanging(),
        OnDisconnect::Continue,
    );
    let (turn, mut reader) = first.begin(create("hi"), &resuming()).await;
    let thread = thread_of(&read_until(&mut reader, is_delta).await);
    let key = TurnKey {
        thread: thread.clone(),
        turn: turn.clone(),
        attempt: 1,
    };
    let step = Step {
        turn,
        number: 1,
        version: 99,
        data: serde_json::value::to_raw_value(&json!({"items": []})).unwrap(),
    };
    let write = TurnWrite {
        steps: vec![step],
        ..TurnWrite::default()
    };
    store
        .write_turn(&plain().scope(), &key, write)
        .await
        .unwrap();
    let (model, done) = (Planned::new(vec![(0, says("Hello."))]), Done::default());
    let second = process(&store, Agents::of(assistant(&model, &done, Work::Quick)));
    assert_eq!(second.recovered(&thread).await, 1);
    assert_eq!(last_status(&store, &thread).await, TurnStatus::Interrupted);
    assert!(model.asked().is_empty());
}

/// The process is held up before a call, for so long that another one takes its turn.
struct HeldUp {
    store: Arc<MemoryStore>,
    was_held_up: Arc<AtomicBool>,
}

#[async_trait]
impl Hook<TurnContext> for HeldUp {
    async fn tool_started(&self, _: &str, _: &ToolCall, _: &RunContext<TurnContext>) {
        std::thread::sleep(Duration::from_millis(1_100));
        self.store.release_all().await.unwrap();
        let lease = Lease {
            holder: ProcessId::new("prc_other"),
            length: PATIENCE,
        };
        for (scope, record) in self.store.abandoned_turns(8).await.unwrap() {
            let taken = self
                .store
                .take_over(&scope, &record.id, record.attempt, &lease);
            assert!(taken.await.unwrap().is_some());
        }
        self.was_held_up.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_process_that_was_held_up_for_too_long_makes_no_call() {
    let store = Arc::new(MemoryStore::new());
    let plan = vec![(0, says_and_calls("I add it.", &["add_task"]))];
    let (model, done) = (Planned::new(plan), Done::default());
    let mut agent = assistant(&model, &done, Work::Quick);
    let was_held_up = Arc::new(AtomicBool::new(false));
    agent.hooks.push(Arc::new(HeldUp {
        store: store.clone(),
        was_held_up: was_held_up.clone(),
    }));
    let desk = process(&store, Agents::of(agent));
    let (_, _reader) = desk.begin(create("Add"), &resuming()).await;
    until(|| was_held_up.load(Ordering::SeqCst)).await;
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
    assert!(done.lock().unwrap().is_empty());
}
