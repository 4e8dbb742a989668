//! What the user chooses for a message: a model and a tool, of those that are offered.

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, AssistantOptions, TurnContext};
use frontdesk_model::{Model, ToolChoice};
use frontdesk_protocol::ThreadId;
use serde_json::{Value, json};

use crate::desk::{Desk, create, event, plain, read_all};
use crate::model::{Told, calls, says};

async fn look(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Ok("seen".to_owned())
}

/// A desk with a model of its own and another that may be chosen as `fast`; the tool `look` may be as `eyes`.
fn desk(own: &Arc<Told>, fast: &Arc<Told>) -> Desk {
    let mut agent = Agent::new("assistant", "", own.clone() as Arc<dyn Model>);
    let tools = FunctionTools::new("eyes", vec![function_tool("look", "Looks.", look)]);
    agent.toolsets.push(Arc::new(tools));
    let options = AssistantOptions {
        models: BTreeMap::from([("fast".to_owned(), fast.clone() as Arc<dyn Model>)]),
        tools: BTreeMap::from([("eyes".to_owned(), "look".to_owned())]),
        ..AssistantOptions::default()
    };
    let agents = Agents::of(agent);
    Desk::new(Arc::new(Assistant::with_options(agents, options)))
}

fn wishing(mut request: Value, wishes: Value) -> Value {
    request["params"]["input"]["inference_options"] = wishes;
    request
}

async fn turn(desk: &Desk, request: Value) -> Vec<Value> {
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await.iter().map(event).collect()
}

fn choices(model: &Told) -> Vec<ToolChoice> {
    let asked = model.asked.lock().unwrap();
    let choices = asked.iter().map(|request| request.tool_choice.clone());
    choices.collect()
}

#[tokio::test]
async fn what_is_not_offered_is_refused_before_anything_begins() {
    let (own, fast) = (Told::new([]), Told::new([]));
    let offering = desk(&own, &fast);
    let bare = Desk::new(Arc::new(Assistant::new(Agents::of(Agent::new(
        "assistant",
        "",
        own.clone() as Arc<dyn Model>,
    )))));
    let cases = [
        (
            &offering,
            json!({"model": "huge"}),
            "model: must be one of: fast",
        ),
        (
            &offering,
            json!({"model": "fast", "tool_choice": {"id": "look"}}),
            "tool_choice.id: must be one of: eyes",
        ),
        (
            &bare,
            json!({"model": "fast"}),
            "model: there is nothing to choose from; leave it out",
        ),
    ];
    for (desk, wishes, message) in cases {
        let request = wishing(create("Hi"), wishes.clone());
        let error = desk.ask(request, &plain()).await.err().unwrap();
        assert_eq!(error.status(), 400, "{wishes}");
        let expected = format!("params.input.inference_options.{message}");
        assert_eq!(error.public_message(), expected);
        let threads = desk
            .json(json!({"type": "threads.list", "params": {}}), &plain())
            .await;
        assert_eq!(threads["data"], json!([]));
    }
    assert!(own.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_chosen_model_and_tool_are_used_and_stay_with_their_message() {
    let own = Told::new([says("Own.")]);
    let fast = Told::new([
        calls(&["look"]),
        says("Seen."),
        calls(&["look"]),
        says("Again."),
    ]);
    let desk = desk(&own, &fast);
    let wishes = json!({"model": "fast", "tool_choice": {"id": "eyes"}});
    let events = turn(&desk, wishing(create("Look"), wishes)).await;
    let chosen = ToolChoice::Tool("look".to_owned());
    assert_eq!(choices(&fast), [chosen.clone(), ToolChoice::Auto]);

    // Answered anew, as it was wished.
    let thread = ThreadId::new(events[0]["thread"]["id"].as_str().unwrap());
    let message = &events[1]["item"]["id"];
    let retry = json!({"type": "threads.retry_after_item", "params": {"thread_id": thread, "item_id": message}});
    turn(&desk, retry).await;
    assert_eq!(choices(&fast)[2..], [chosen, ToolChoice::Auto]);
    assert!(own.asked.lock().unwrap().is_empty());

    // The next message wishes for nothing.
    turn(&desk, crate::desk::add(&thread, "And now?")).await;
    assert_eq!(choices(&own), [ToolChoice::Auto]);
}
