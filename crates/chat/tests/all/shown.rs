//! How a run is shown: what calls are made with, what came of them, answers that are JSON.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, FunctionTools, OutputSchema, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::desk::{Desk, create, event, plain, read_all};
use crate::model::{Told, calls_with, says};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Task {
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
}

async fn add_task(task: Task, _: ToolContext<TurnContext>) -> Result<Value, ToolError> {
    Ok(json!({"id": 7, "title": task.title, "tags": []}))
}

pub(crate) fn desk(model: &Arc<Told>, change: impl FnOnce(&mut Agent<TurnContext>)) -> Desk {
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = vec![function_tool("add_task", "Adds a task.", add_task)];
    let tools = FunctionTools::new("tasks", tools);
    agent.toolsets.push(Arc::new(tools));
    change(&mut agent);
    Desk::new(Arc::new(Assistant::new(Agents::of(agent))))
}

pub(crate) async fn turn(desk: &Desk, request: Value) -> Vec<Value> {
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await.iter().map(event).collect()
}

pub(crate) fn done(events: &[Value]) -> Vec<&Value> {
    let done = events
        .iter()
        .filter(|event| event["type"] == "thread.item.done");
    done.map(|event| &event["item"]).collect()
}

#[tokio::test]
async fn a_call_shows_what_it_is_made_with_and_what_came_of_it() {
    let model = Told::new([
        calls_with(&[
            ("add_task", r#"{"title": "Buy *milk*"}"#),
            ("add_task", "{}"),
        ]),
        says("Done."),
    ]);
    let desk = desk(&model, |_| {});
    let events = turn(&desk, create("Add it")).await;
    let items = done(&events);
    let tasks = &items[2]["workflow"]["tasks"];
    assert_eq!(
        tasks[0]["content"],
        "Title: Buy \\*milk\\*\n\n→ Id: 7 · Title: Buy \\*milk\\*"
    );
    let failed = tasks[1]["content"].as_str().unwrap();
    assert!(
        failed.starts_with("Failed: ") && failed.contains("title"),
        "{failed}"
    );
}

#[tokio::test]
async fn an_answer_of_a_form_is_shown_as_code() {
    let model = Told::new([says(r#"{"title": "Buy milk"}"#)]);
    let desk = desk(&model, |agent| {
        agent.output = Some(OutputSchema::of::<Task>("task"));
    });
    let events = turn(&desk, create("Extract")).await;
    let deltas: String = events
        .iter()
        .filter_map(|event| event["update"]["delta"].as_str())
        .collect();
    assert_eq!(deltas, "```json\n{\"title\": \"Buy milk\"}");
    let shown = "```json\n{\n  \"title\": \"Buy milk\"\n}\n```";
    assert_eq!(done(&events)[1]["content"][0]["text"], shown);
}
