//! Checks of calls and of what they gave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use frontdesk_agent::{
    Agent, AgentEvent, Agents, AskedCall, ClientTool, Decision, Ended, FunctionTool, InsteadOfCall,
    NoArguments, Schema, Strictness, ToolContext, ToolDefinition, ToolError, Verdict,
    function_tool, resume,
};
use frontdesk_model::Item;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::checks::{Check, Says, ToolCheck, saying};
use crate::scene::{
    Desk, Notes, PlayedModel, agent, calls, completed, context, play, results, says, usage,
};

#[derive(Deserialize, JsonSchema)]
struct Room {
    name: String,
}

async fn clean(room: Room, _: ToolContext<Desk>) -> Result<String, ToolError> {
    Ok(format!("{} is clean", room.name))
}

fn tool() -> FunctionTool<Desk> {
    function_tool("clean", "Cleans.", clean)
}

fn guarded(model: &Arc<PlayedModel>, check: ToolCheck) -> Agent<Desk> {
    let mut agent = agent(model, vec![tool()]);
    agent.guardrails.tools.push(Arc::new(check));
    agent
}

fn with(arguments: Value) -> Verdict<InsteadOfCall> {
    let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
    Verdict::Replace(InsteadOfCall::Arguments(arguments))
}

fn stop<T>() -> Verdict<T> {
    Verdict::Stop {
        message: "Not this.".to_owned(),
    }
}

fn play_of() -> Arc<PlayedModel> {
    PlayedModel::new(vec![
        calls(&[("a", "clean", "{\"name\": \"hall\"}")]),
        says("Done."),
    ])
}

#[tokio::test]
async fn a_call_is_let_through_changed_refused_or_stops_the_run() {
    let refusal = || Verdict::Replace(InsteadOfCall::Refusal("not at night".to_owned()));
    let unfit = "a: the arguments don't fit the tool's schema: \"name\" is a required property";
    let stopped =
        "a: a check stopped the answer during the call; whether it had an effect is not known";
    let blocked = || Ended::Blocked {
        message: "Not this.".to_owned(),
    };
    let replaced = || Verdict::Replace("it is [clean]".to_owned());
    let cases = [
        (
            Verdict::Allow,
            Verdict::Allow,
            "a: hall is clean",
            Ended::Answered,
        ),
        (
            with(json!({"name": "attic"})),
            Verdict::Allow,
            "a: attic is clean",
            Ended::Answered,
        ),
        (with(json!({})), Verdict::Allow, unfit, Ended::Answered),
        (refusal(), stop(), "a: not at night", Ended::Answered),
        (
            Verdict::Allow,
            replaced(),
            "a: it is [clean]",
            Ended::Answered,
        ),
        (stop(), Verdict::Allow, stopped, blocked()),
        (Verdict::Allow, stop(), stopped, blocked()),
    ];
    for (number, (before, after, result, ended)) in cases.into_iter().enumerate() {
        let (outcome, notes) = play(guarded(&play_of(), ToolCheck { before, after })).await;
        let outcome = outcome.unwrap();
        assert_eq!(results(&outcome.new_items), [result], "case {number}");
        assert_eq!(outcome.ended, ended, "case {number}");
        let text = result.strip_prefix("a: ").unwrap();
        let finished = notes
            .lines()
            .into_iter()
            .any(|line| line.starts_with("finished a clean") && line.ends_with(text));
        assert!(finished, "case {number}: {:?}", notes.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_other_calls_and_starts_no_further_one() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let guard = Arc::clone(&dropped);
    let hang = function_tool(
        "hang",
        "Hangs.",
        move |_: NoArguments, context: ToolContext<Desk>| {
            context.usage.add(usage(5), None);
            let guard = crate::scene::Dropped(Arc::clone(&guard));
            async move {
                let _guard = guard;
                std::future::pending::<Result<String, ToolError>>().await
            }
        },
    );
    let asked = [
        ("a", "hang", "{}"),
        ("b", "clean", "{\"name\": \"hall\"}"),
        ("c", "clean", "{\"name\": \"attic\"}"),
    ];
    let model = PlayedModel::new(vec![calls(&asked)]);
    let mut agent = agent(&model, vec![hang, tool()]);
    agent.limits.max_parallel_tools = 2;
    agent.guardrails.tools.push(Arc::new(ToolCheck {
        before: Verdict::Allow,
        after: stop(),
    }));
    let (outcome, _) = play(agent).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.usage, usage(15));
    let broken_off =
        "a check stopped the answer during the call; whether it had an effect is not known";
    assert_eq!(
        results(&outcome.new_items),
        [
            format!("a: {broken_off}"),
            format!("b: {broken_off}"),
            "c: the call was not made, because a check stopped the answer".to_owned(),
        ]
    );
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

/// What a run that waits for approval asks, and what it has added.
async fn asked(agent: Agent<Desk>) -> (Vec<AskedCall>, Vec<Item>) {
    let (outcome, notes) = play(agent).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::WaitingForApproval);
    let asked = notes.events.into_iter().find_map(|event| match event {
        AgentEvent::ApprovalAsked { calls } => Some(calls),
        _ => None,
    });
    (asked.unwrap(), outcome.new_items)
}

fn asking(model: &Arc<PlayedModel>, before: Verdict<InsteadOfCall>) -> Agent<Desk> {
    let after = Verdict::Allow;
    let mut agent = guarded(model, ToolCheck { before, after });
    agent.approval.always.insert("clean".to_owned());
    agent
}

#[tokio::test]
async fn the_user_approves_what_the_guardrails_let_through_and_that_alone_is_made() {
    let other = "the call was not made: a check lets it through with other arguments than the user approved";
    let cases = [
        (json!({"name": "hall"}), "hall is clean"),
        (json!({"name": "attic"}), other),
    ];
    for (later, result) in cases {
        let before = with(json!({"name": "hall"}));
        let (calls, items) = asked(asking(&play_of(), before)).await;
        let mut input = vec![Item::user("hello")];
        input.extend(items);
        let agents = Agents::of(asking(&PlayedModel::new(vec![says("Done.")]), with(later)));
        let decided = calls.into_iter().map(|call| (call, Decision::Approved));
        let notes = &mut Notes::default();
        let outcome = resume(&agents, input, decided.collect(), context(), notes).await;
        assert_eq!(
            results(&outcome.unwrap().new_items),
            [format!("a: {result}")]
        );
    }
}

#[tokio::test]
async fn what_the_guardrails_put_in_place_is_shown_recorded_and_approved() {
    let agent = asking(&play_of(), with(json!({"name": "attic"})));
    let (calls, items) = asked(agent).await;
    assert_eq!(calls[0].call.arguments, "{\"name\":\"attic\"}");
    assert_eq!(
        items,
        [Item::function_call("a", "clean", "{\"name\":\"attic\"}")]
    );
}

#[tokio::test]
async fn no_model_goes_on_from_a_call_with_other_arguments() {
    let called = json!({"type": "function_call", "call_id": "a", "name": "clean",
        "arguments": "{\"name\":\"hall\"}", "response_id": "resp_1"});
    for (name, is_kept) in [("hall", true), ("attic", false)] {
        let called = Item::from_value(called.clone()).unwrap();
        let model = PlayedModel::new(vec![vec![completed(vec![called])]]);
        let (_, items) = asked(asking(&model, with(json!({"name": name})))).await;
        assert_eq!(format!("{items:?}").contains("resp_1"), is_kept, "{name}");
    }
}

#[tokio::test]
async fn nobody_is_asked_about_a_call_that_is_not_let_through() {
    let refusal = || Verdict::Replace(InsteadOfCall::Refusal("not at night".to_owned()));
    let unfit = "a: the arguments don't fit the tool's schema: \"name\" is a required property";
    let not_made = "a: the call was not made, because a check stopped the answer";
    let blocked = Ended::Blocked {
        message: "Not this.".to_owned(),
    };
    let cases = [
        (refusal(), "a: not at night", Ended::Answered),
        (with(json!({})), unfit, Ended::Answered),
        (stop(), not_made, blocked),
    ];
    for (before, result, ended) in cases {
        let (outcome, _) = play(asking(&play_of(), before.clone())).await;
        let outcome = outcome.unwrap();
        assert_eq!(results(&outcome.new_items), [result], "{before:?}");
        assert_eq!(outcome.ended, ended, "{before:?}");
    }
}

#[tokio::test]
async fn the_users_page_gets_what_was_let_through() {
    let model = PlayedModel::new(vec![calls(&[("a", "open", "{\"name\": \"hall\"}")])]);
    let before = with(json!({"name": "attic"}));
    let after = Verdict::Allow;
    let mut agent = guarded(&model, ToolCheck { before, after });
    agent.client_tools.push(ClientTool {
        definition: ToolDefinition {
            name: "open".to_owned(),
            description: "Opens a room.".to_owned(),
            parameters: Schema::new(json!({"type": "object"})),
            strict: Strictness::Lenient,
        },
        title: None,
    });
    let (_, notes) = play(agent).await;
    let called = notes.events.into_iter().find_map(|event| match event {
        AgentEvent::ClientToolCalled { call, .. } => Some(call.arguments),
        _ => None,
    });
    assert_eq!(called.as_deref(), Some("{\"name\":\"attic\"}"));
}

#[tokio::test]
async fn a_result_that_is_the_answer_is_checked_like_one() {
    let check = Check::new(
        frontdesk_agent::Timing::Parallel,
        Says::Replace("It is done."),
    );
    let mut agent = saying(agent(&play_of(), vec![tool()]), &[&check]);
    agent.stop_at_tools.insert("clean".to_owned());
    let (outcome, _) = play(agent).await;
    assert_eq!(results(&outcome.unwrap().new_items), ["a: It is done."]);
    assert_eq!(check.has_read()[0], "hall is clean");
}
