//! Stopping: the model and the tools are really gone, and what the user saw stays.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::{Error, EventStream, Model, Request};
use frontdesk_store::UtcDay;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::desk::{Desk, PATIENCE, add, create, plain, read_until, thread_of};
use crate::model::{Told, calls, says};

/// A model whose streams tell when they are dropped.
#[derive(Debug)]
struct Watched {
    told: Arc<Told>,
    dropped: Mutex<Vec<CancellationToken>>,
}

#[async_trait]
impl Model for Watched {
    fn name(&self) -> &'static str {
        "watched"
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let token = CancellationToken::new();
        self.dropped.lock().unwrap().push(token.clone());
        let guard = token.drop_guard();
        let events = self.told.stream(request).await?;
        Ok(events.inspect(move |_| _ = &guard).boxed())
    }
}

async fn look(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Ok("seen".to_owned())
}

fn desk(model: &Arc<Watched>, tool_dropped: &CancellationToken) -> Desk {
    let dropped = tool_dropped.clone();
    let wait = move |_: NoArguments, _: ToolContext<TurnContext>| {
        let guard = dropped.clone().drop_guard();
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            Ok::<_, ToolError>("never")
        }
    };
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = vec![
        function_tool("look", "Looks.", look),
        function_tool("wait", "Waits.", wait),
    ];
    let tools = FunctionTools::new("eyes", tools);
    agent.toolsets.push(Arc::new(tools));
    Desk::new(Arc::new(Assistant::new(Agents::of(agent))))
}

async fn is_cancelled(token: &CancellationToken) {
    tokio::time::timeout(PATIENCE, token.cancelled())
        .await
        .expect("it is still there");
}

#[tokio::test]
async fn check_13_a_stop_ends_the_tool_and_the_model_and_keeps_what_was_seen() {
    let mut half = says("one two three");
    half.truncate(3);
    let model = Arc::new(Watched {
        told: Told::new([calls(&["look", "wait"]), half]),
        dropped: Mutex::default(),
    });
    let tool_dropped = CancellationToken::new();
    let desk = desk(&model, &tool_dropped);

    // Stopped by the button, while a tool runs.
    let (turn, mut reader) = desk.begin(create("Look around"), &plain()).await;
    let is_seen = |event: &Value| event["update"]["task"]["content"] == "→ seen";
    let thread = thread_of(&read_until(&mut reader, is_seen).await);
    assert!(!tool_dropped.is_cancelled());
    desk.service.stop(&plain(), &turn).await.unwrap();
    is_cancelled(&tool_dropped).await;
    let items = desk.items(&thread, &plain()).await;
    let tasks = items[2]["workflow"]["tasks"].as_array().unwrap();
    let shown: Vec<[&Value; 3]> = tasks
        .iter()
        .map(|task| [&task["title"], &task["status_indicator"], &task["content"]])
        .collect();
    assert_eq!(
        shown,
        [
            [&json!("Look"), &json!("complete"), &json!("→ seen")],
            [&json!("Wait"), &json!("none"), &json!("Not finished.")],
        ]
    );
    let today = UtcDay::of(SystemClock.now());
    let used = desk.store.tokens_used(&plain().scope(), today).await;
    assert_eq!(used.unwrap(), 10);

    // Stopped by going away, while the model speaks. It had read what was seen, and that it was stopped.
    let (_, mut reader) = desk.begin(add(&thread, "Go on"), &plain()).await;
    read_until(&mut reader, |event| event["update"]["delta"] == "two ").await;
    let streams = model.dropped.lock().unwrap().clone();
    assert_eq!(streams.len(), 2);
    is_cancelled(&streams[0]).await;
    assert!(!streams[1].is_cancelled());
    drop(reader);
    is_cancelled(&streams[1]).await;
    let read = model.told.read(1);
    assert_eq!(
        read[..5],
        [
            "User: Look around",
            "reasoning",
            "call look {}",
            "call wait {}",
            "result \"seen\""
        ]
    );
    assert!(read[5].contains("stopped"), "{read:?}");
    assert!(read[6].contains("The user stopped the answer"), "{read:?}");
    assert_eq!(read[7..], ["User: Go on"]);

    model.told.answers.lock().unwrap().push_back(says("Fine."));
    let (_, mut reader) = desk.begin(add(&thread, "And?"), &plain()).await;
    read_until(&mut reader, |event| {
        event["type"] == "thread.item.done" && event["item"]["type"] == "assistant_message"
    })
    .await;
    let items = desk.items(&thread, &plain()).await;
    let texts: Vec<&Value> = items
        .iter()
        .map(|item| &item["content"][0]["text"])
        .collect();
    assert_eq!(
        texts[4..6],
        [&json!("one two "), &json!("And?")],
        "{items:?}"
    );
}
