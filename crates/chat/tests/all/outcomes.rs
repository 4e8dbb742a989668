//! What the user sees of ends that aren't the model's own words.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, Agents, FunctionTools, GuardrailError, InputGuardrail, NoArguments, OutputSchema,
    RunContext, ToolContext, ToolError, Verdict, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::{Event, Item, Model, Usage};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::asking::said;
use crate::desk::{Desk, create, event, plain, read_all};
use crate::model::{Told, calls, says};

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema counts")]
struct Task {
    title: String,
}

async fn look(_: NoArguments, _: ToolContext<TurnContext>) -> Result<Value, ToolError> {
    Ok(json!({"seen": ["a", "b"]}))
}

/// The events of a first turn, and the items that stay.
async fn turn(
    model: &Arc<Told>,
    change: impl FnOnce(&mut Agent<TurnContext>),
) -> (Vec<Value>, Vec<Value>) {
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = FunctionTools::new("eyes", vec![function_tool("look", "Looks.", look)]);
    agent.toolsets.push(Arc::new(tools));
    change(&mut agent);
    let desk = Desk::new(Arc::new(Assistant::new(Agents::of(agent))));
    let (_, mut reader) = desk.begin(create("Hi"), &plain()).await;
    let events: Vec<Value> = read_all(&mut reader).await.iter().map(event).collect();
    let thread = frontdesk_protocol::ThreadId::new(events[0]["thread"]["id"].as_str().unwrap());
    let items = desk.items(&thread, &plain()).await;
    (events, items)
}

#[tokio::test]
async fn a_tools_result_can_be_the_answer() {
    let model = Told::new([calls(&["look"])]);
    let (_, items) = turn(&model, |agent| {
        agent.stop_at_tools.insert("look".to_owned());
    })
    .await;
    let shown = "```json\n{\n  \"seen\": [\n    \"a\",\n    \"b\"\n  ]\n}\n```";
    assert_eq!(said(&items), [shown]);
    assert_eq!(model.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_that_took_too_many_steps_says_so() {
    let model = Told::new([calls(&["look"]), calls(&["look"])]);
    let (_, items) = turn(&model, |agent| agent.limits.max_turns = 2).await;
    assert_eq!(
        said(&items),
        [
            "I stopped here because this took more steps than I may take at once. \
            Tell me to go on if I should continue."
        ]
    );
    assert_eq!(model.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_cut_short_says_why() {
    for (reason, why) in [
        ("max_output_tokens", "length limit"),
        ("content_filter", "filter of the model's provider"),
        ("novel", "cut short. Ask"),
    ] {
        let mut cut = says("one two");
        cut.pop();
        cut.push(Ok(Event::Incomplete {
            reason: reason.to_owned(),
            usage: Usage::default(),
            output: vec![Item::assistant("one two")],
        }));
        let (_, items) = turn(&Told::new([cut]), |_| {}).await;
        let said = said(&items);
        assert_eq!((said.len(), said[0]), (2, "one two"), "{reason}");
        assert!(said[1].contains(why), "{reason}: {}", said[1]);
    }
}

#[tokio::test]
async fn an_answer_without_its_form_is_not_shown_and_mended_once() {
    let form = |agent: &mut Agent<TurnContext>| {
        agent.output = Some(OutputSchema::of::<Task>("task"));
    };
    let model = Told::new([says("{\"name\": 1}"), says("{\"title\": \"a\"}")]);
    let (events, items) = turn(&model, form).await;
    assert_eq!(said(&items), ["```json\n{\n  \"title\": \"a\"\n}\n```"]);
    assert!(
        !json!(events).to_string().contains("name\\\""),
        "{events:?}"
    );

    let model = Told::new([says("{\"name\": 1}"), says("no")]);
    let (events, items) = turn(&model, form).await;
    assert!(said(&items).is_empty(), "{items:?}");
    let last = events.last().unwrap();
    assert_eq!(
        (&last["type"], &last["allow_retry"]),
        (&json!("error"), &json!(true))
    );
    let message = last["message"].as_str().unwrap();
    assert!(message.contains("form"), "{message}");
}

struct Closed;

#[async_trait]
impl InputGuardrail<TurnContext> for Closed {
    fn name(&self) -> &'static str {
        "closed"
    }

    async fn check(
        &self,
        _: &[Item],
        _: &RunContext<TurnContext>,
    ) -> Result<Verdict<String>, GuardrailError> {
        // The model speaks first.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        Ok(Verdict::Stop {
            message: "We are closed.".to_owned(),
        })
    }
}

#[tokio::test]
async fn what_a_guardrail_stops_is_taken_back() {
    let mut half = says("one two three");
    half.truncate(3);
    let (events, items) = turn(&Told::new([half]), |agent| {
        agent.guardrails.input.push(Arc::new(Closed));
    })
    .await;
    assert_eq!(said(&items), ["We are closed."]);
    let shown = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(
        (shown("thread.item.added"), shown("thread.item.removed")),
        (1, 1)
    );
    assert_eq!(events.last().unwrap()["type"], "thread.item.done");
}
