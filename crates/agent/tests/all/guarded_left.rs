//! A run whose process died while guardrails had a say in its calls: what they refused or stopped doesn't go on.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, AgentEvent, Agents, Annotations, AskedCall, ClientTool, Decision, Ended, FunctionTool,
    InsteadOfCall, LeftOff, Outcome, Recorded, RunOutcome, Schema, Start, Strictness, ToolContext,
    ToolDefinition, ToolError, Verdict, function_tool, go_on, run,
};
use frontdesk_model::Item;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::checks::ToolCheck;
use crate::going_on::recorded;
use crate::scene::{Desk, Notes, PlayedModel, agent, calls, context, results, says};

const BROKEN_OFF: &str =
    "a check stopped the answer during the call; whether it had an effect is not known";
const NOT_MADE: &str = "the call was not made, because a check stopped the answer";

#[derive(Deserialize, JsonSchema)]
struct Room {
    name: String,
}

async fn clean(room: Room, _: ToolContext<Desk>) -> Result<String, ToolError> {
    Ok(format!("{} is clean", room.name))
}

fn tool(name: &'static str, read_only: bool) -> FunctionTool<Desk> {
    function_tool(name, "Cleans.", clean).annotated(Annotations {
        read_only: Some(read_only),
        ..Annotations::default()
    })
}

/// `open` is called by the user's page, `look` asks and can be made again, `clean` doesn't ask and can't.
fn guarded(model: &Arc<PlayedModel>, before: Verdict<InsteadOfCall>) -> Agent<Desk> {
    let mut agent = agent(model, vec![tool("look", true), tool("clean", false)]);
    agent.approval.always.insert("look".to_owned());
    agent.client_tools.push(ClientTool {
        definition: ToolDefinition {
            name: "open".to_owned(),
            description: "Opens a room.".to_owned(),
            parameters: Schema::new(json!({"type": "object"})),
            strict: Strictness::Lenient,
        },
        title: None,
    });
    let after = Verdict::Allow;
    agent
        .guardrails
        .tools
        .push(Arc::new(ToolCheck { before, after }));
    agent
}

fn refusal() -> Verdict<InsteadOfCall> {
    Verdict::Replace(InsteadOfCall::Refusal("not at night".to_owned()))
}

fn attic() -> Verdict<InsteadOfCall> {
    let arguments = json!({"name": "attic"}).as_object().cloned();
    Verdict::Replace(InsteadOfCall::Arguments(arguments.unwrap()))
}

fn stop() -> Verdict<InsteadOfCall> {
    Verdict::Stop {
        message: "Not this.".to_owned(),
    }
}

async fn going_on(agent: Agent<Desk>, start: Start, left: LeftOff) -> (RunOutcome, Notes) {
    let mut notes = Notes::default();
    let outcome = go_on(&Agents::of(agent), start, left, context(), &mut notes).await;
    (outcome.unwrap(), notes)
}

/// What the user, or their page, was given to do.
fn given(notes: &Notes) -> Vec<String> {
    let given = notes.events.iter().flat_map(|event| match event {
        AgentEvent::ClientToolCalled { call, .. } => vec![call.arguments.clone()],
        AgentEvent::ApprovalAsked { calls } => calls
            .iter()
            .map(|asked| asked.call.arguments.clone())
            .collect(),
        _ => Vec::new(),
    });
    given.collect()
}

#[tokio::test]
async fn what_guardrails_say_of_a_call_that_waits_is_asked_again() {
    let made = "the call was interrupted; whether it had an effect is not known; \
        it was not made again: not at night";
    let (hall, changed) = ("{\"name\":\"hall\"}", "{\"name\":\"attic\"}");
    let mut cases = Vec::new();
    for (tool, refused, stopped) in [
        ("open", "not at night", NOT_MADE),
        ("look", "not at night", NOT_MADE),
        ("clean", made, BROKEN_OFF),
    ] {
        cases.push((tool, Verdict::Allow, Some(hall), None));
        cases.push((tool, attic(), Some(changed), None));
        cases.push((tool, refusal(), None, Some((refused, Ended::Answered))));
        let message = "Not this.".to_owned();
        let blocked = Ended::Blocked { message };
        cases.push((tool, stop(), None, Some((stopped, blocked))));
    }
    for (tool, verdict, to_do, told) in cases {
        let at = format!("{tool} {verdict:?}");
        let items = vec![
            Item::assistant("So."),
            Item::function_call("a", tool, "{\"name\":\"hall\"}"),
        ];
        let left = LeftOff {
            record: vec![Recorded {
                agent: None,
                items,
                outcome: Outcome::Ok,
            }],
            decided: Vec::new(),
        };
        let model = PlayedModel::new(vec![says("Done.")]);
        let start = Start::from(vec![Item::user("hello")]);
        let (outcome, notes) = going_on(guarded(&model, verdict), start, left).await;
        let to_do: Vec<&str> = to_do.into_iter().collect();
        assert_eq!(given(&notes), to_do, "{at}");
        let (told, ended) = told.unzip();
        let told: Vec<String> = told.iter().map(|text| format!("a: {text}")).collect();
        assert_eq!(results(&outcome.new_items), told, "{at}");
        match ended {
            Some(ended) => assert_eq!(outcome.ended, ended, "{at}"),
            None => assert!(model.requests.lock().unwrap().is_empty(), "{at}"),
        }
    }
}

/// Whether the run was stopped, and nobody was asked for anything.
fn is_over(outcome: &RunOutcome, notes: &Notes, model: &PlayedModel) -> bool {
    let is_blocked = matches!(outcome.ended, Ended::Blocked { .. });
    is_blocked && given(notes).is_empty() && model.requests.lock().unwrap().is_empty()
}

#[tokio::test]
async fn a_run_that_was_stopped_during_its_calls_stays_stopped() {
    let hall = "{\"name\":\"hall\"}";
    for tools in [["clean", "clean"], ["look", "clean"], ["clean", "open"]] {
        let asked = calls(&[("a", tools[0], hall), ("b", tools[1], hall)]);
        let mut agent = guarded(&PlayedModel::new(vec![asked]), stop());
        agent.limits.max_parallel_tools = 1;
        let mut notes = Notes::default();
        let hello = vec![Item::user("hello")];
        let outcome = run(&Agents::of(agent), hello, context(), &mut notes).await;
        assert!(matches!(outcome.unwrap().ended, Ended::Blocked { .. }));
        let record = recorded(&notes);
        assert_eq!(record.len(), 3);
        // From the first result on, the stop is known, even where no guardrail says it again.
        for cut in 2..=record.len() {
            let model = PlayedModel::new(vec![says("Done.")]);
            let left = LeftOff {
                record: record[..cut].to_vec(),
                decided: Vec::new(),
            };
            let start = Start::from(vec![Item::user("hello")]);
            let (outcome, notes) = going_on(guarded(&model, Verdict::Allow), start, left).await;
            assert!(is_over(&outcome, &notes, &model), "{tools:?} cut at {cut}");
        }
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_during_what_was_approved_stays_stopped() {
    let hall = "{\"name\":\"hall\"}";
    let called = calls(&[("a", "look", hall)]);
    let agent = guarded(&PlayedModel::new(vec![called]), Verdict::Allow);
    let mut notes = Notes::default();
    let hello = vec![Item::user("hello")];
    let outcome = run(&Agents::of(agent), hello.clone(), context(), &mut notes).await;
    let asked: Vec<AskedCall> = notes.asked();
    let approved = asked.into_iter().map(|asked| (asked, Decision::Approved));
    let left = LeftOff {
        record: vec![Recorded {
            agent: None,
            items: vec![Item::function_call_output("a", BROKEN_OFF)],
            outcome: Outcome::Error,
        }],
        decided: approved.collect(),
    };
    let model = PlayedModel::new(vec![says("Done.")]);
    let input = [hello, outcome.unwrap().new_items].concat();
    let agent = guarded(&model, Verdict::Allow);
    let (outcome, notes) = going_on(agent, Start::from(input), left).await;
    assert!(is_over(&outcome, &notes, &model));
    let told = format!("a: {BROKEN_OFF}");
    assert_eq!(results(&outcome.new_items), [told]);
}
