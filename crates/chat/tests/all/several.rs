//! Several agents and tools of the user's page: who goes on in the next turn, and with what.

use std::sync::Arc;

use frontdesk_agent::{Agent, Agents, ClientTool, Handoff, Schema, ToolDefinition};
use frontdesk_chat::OnDisconnect;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::{Model, Strictness};
use frontdesk_protocol::ThreadId;
use frontdesk_store::memory::MemoryStore;
use frontdesk_store::{TurnStatus, Turns};
use serde_json::{Value, json};

use crate::desk::{Desk, add, create, event, plain, read_all};
use crate::model::{Told, calls, calls_with, says};

/// An agent that begins and hands over to another one, who knows a tool of the page.
struct Scene {
    store: Arc<MemoryStore>,
    front: Arc<Told>,
    billing: Arc<Told>,
    desk: Desk,
}

fn agents(front: &Arc<Told>, billing: Option<&Arc<Told>>) -> Agents<TurnContext> {
    let mut entry = Agent::new(
        "front",
        "You are the front.",
        front.clone() as Arc<dyn Model>,
    );
    let Some(billing) = billing else {
        return Agents::of(entry);
    };
    entry.handoffs.push(Handoff::to("billing"));
    let mut other = Agent::new(
        "billing",
        "You do bills.",
        billing.clone() as Arc<dyn Model>,
    );
    other.client_tools.push(ClientTool {
        definition: ToolDefinition {
            name: "open_page".to_owned(),
            description: "Opens a page.".to_owned(),
            parameters: Schema::new(json!({
                "type": "object",
                "properties": {"path": {"type": "string"}},
                "required": ["path"],
            })),
            strict: Strictness::default(),
        },
        title: Some("Open a page".to_owned()),
    });
    Agents::new(entry, [Arc::new(other)]).unwrap()
}

impl Scene {
    fn new() -> Self {
        let (front, billing) = (Told::new([]), Told::new([]));
        let store = Arc::new(MemoryStore::new());
        let desk = desk_of(&store, agents(&front, Some(&billing)));
        Self {
            store,
            front,
            billing,
            desk,
        }
    }

    async fn turn(&self, request: Value) -> Vec<Value> {
        let (_, mut reader) = self.desk.begin(request, &plain()).await;
        read_all(&mut reader).await.iter().map(event).collect()
    }

    async fn last_status(&self, thread: &ThreadId) -> TurnStatus {
        let last = self
            .store
            .last_turn(&plain().scope(), thread)
            .await
            .unwrap();
        last.unwrap().status
    }
}

fn desk_of(store: &Arc<MemoryStore>, agents: Agents<TurnContext>) -> Desk {
    let responder = Arc::new(Assistant::new(agents));
    Desk::over(
        store.clone(),
        store.clone(),
        responder,
        OnDisconnect::Continue,
    )
}

fn then(
    model: &Told,
    answers: impl IntoIterator<Item = Vec<Result<frontdesk_model::Event, frontdesk_model::Error>>>,
) {
    model.answers.lock().unwrap().extend(answers);
}

fn thread(events: &[Value]) -> ThreadId {
    ThreadId::new(events[0]["thread"]["id"].as_str().unwrap())
}

fn asked(model: &Told) -> usize {
    model.asked.lock().unwrap().len()
}

#[tokio::test]
async fn the_agent_that_answered_last_goes_on() {
    let mut scene = Scene::new();
    then(&scene.front, [calls(&["transfer_to_billing"])]);
    then(&scene.billing, [says("Your bill."), says("It is paid.")]);
    let events = scene.turn(create("My bill?")).await;
    let thread = thread(&events);
    let items = scene.desk.items(&thread, &plain()).await;
    let workflow = &items[2]["workflow"];
    assert_eq!(workflow["tasks"].as_array().unwrap().len(), 1, "{workflow}");
    let task = &workflow["tasks"][0];
    assert_eq!(
        (&task["title"], &task["status_indicator"], &task["content"]),
        (
            &json!("Handed over to Billing"),
            &json!("complete"),
            &Value::Null
        )
    );
    assert_eq!(workflow["summary"]["title"], "Handed over to Billing");

    // In another process, too.
    scene.desk = desk_of(&scene.store, agents(&scene.front, Some(&scene.billing)));
    scene.turn(add(&thread, "Is it paid?")).await;
    assert_eq!((asked(&scene.front), asked(&scene.billing)), (1, 2));
    let read = scene.billing.read(1);
    assert_eq!(read.first().unwrap(), "User: My bill?");
    assert_eq!(
        read[read.len() - 2..],
        ["Assistant: Your bill.", "User: Is it paid?"]
    );

    // Where that agent is no more, the one that begins goes on.
    scene.desk = desk_of(&scene.store, agents(&scene.front, None));
    then(&scene.front, [says("I can help.")]);
    scene.turn(add(&thread, "Thanks")).await;
    assert_eq!((asked(&scene.front), asked(&scene.billing)), (2, 2));
}

#[tokio::test]
async fn check_19_a_turn_goes_on_after_client_tool_output_and_structured_input() {
    let scene = Scene::new();
    then(&scene.front, [calls(&["transfer_to_billing"])]);
    then(
        &scene.billing,
        [
            calls_with(&[("open_page", r#"{"path": "/bills"}"#)]),
            says("It is open."),
            says("As you like."),
        ],
    );
    let events = scene.turn(create("Show my bills")).await;
    let thread = thread(&events);
    assert_eq!(scene.last_status(&thread).await, TurnStatus::Waiting);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "thread.item.done");
    let call = &last["item"];
    assert_eq!(
        (
            &call["type"],
            &call["status"],
            &call["name"],
            &call["arguments"]
        ),
        (
            &json!("client_tool_call"),
            &json!("pending"),
            &json!("open_page"),
            &json!({"path": "/bills"})
        )
    );

    let output = json!({"type": "threads.add_client_tool_output", "params": {"thread_id": thread, "result": {"opened": true}}});
    scene.turn(output).await;
    assert_eq!((asked(&scene.front), asked(&scene.billing)), (1, 2));
    let read = scene.billing.read(1);
    assert_eq!(
        read[read.len() - 2..],
        [
            "call open_page {\"path\": \"/bills\"}",
            r#"result "{\"opened\":true}""#
        ]
    );
    assert_eq!(scene.last_status(&thread).await, TurnStatus::Done);

    let form = json!({
        "type": "structured_input", "id": "si_1", "thread_id": thread, "created_at": SystemClock.now(),
        "status": "pending",
        "inputs": [{"type": "freeform", "id": "q", "question": "Which month?"}],
    });
    let form = serde_json::from_value(form).unwrap();
    let scope = plain().scope();
    assert!(
        scene
            .desk
            .store
            .put_items(&scope, &thread, vec![form])
            .await
            .unwrap()
    );
    let answers =
        json!({"status": "answered", "answers": {"q": {"values": ["May"], "skipped": false}}});
    let answer = json!({"type": "threads.add_structured_input", "params": {"thread_id": thread, "item_id": "si_1", "input": answers}});
    scene.turn(answer).await;
    assert_eq!(asked(&scene.billing), 3);
    let read = scene.billing.read(2).join("\n");
    assert!(read.contains("Which month?: May"), "{read}");
}

#[tokio::test]
async fn a_message_in_place_of_the_pages_answer_says_that_there_was_none() {
    let scene = Scene::new();
    then(&scene.front, [calls(&["transfer_to_billing"])]);
    then(
        &scene.billing,
        [
            calls_with(&[("open_page", r#"{"path": "/"}"#)]),
            says("Fine."),
        ],
    );
    let thread = thread(&scene.turn(create("Open it")).await);
    scene.turn(add(&thread, "Never mind")).await;
    let read = scene.billing.read(1);
    let [call, result, said] = &read[read.len() - 3..] else {
        panic!("{read:?}");
    };
    assert!(call.starts_with("call open_page"), "{read:?}");
    assert!(
        result.starts_with("result ") && result.contains("page"),
        "{read:?}"
    );
    assert_eq!(said, "User: Never mind");
}
