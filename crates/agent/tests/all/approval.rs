//! Calls that ask the user first: what asks, what a decision is bound to, and that nothing is made before it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use frontdesk_agent::{
    Agent, Agents, Annotations, ApprovalPolicy, Ask, AskedCall, Decision, Ended, FunctionTool,
    FunctionTools, ToolContext, ToolError, function_tool, resume, run,
};
use frontdesk_model::Item;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scene::{Desk, Notes, PlayedModel, calls, context, results, says};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Which {
    id: i64,
}

/// What was done, in order.
type Done = Arc<Mutex<Vec<String>>>;

fn tool(name: &'static str, annotations: Annotations, done: &Done) -> FunctionTool<Desk> {
    let done = Arc::clone(done);
    let act = move |which: Which, _: ToolContext<Desk>| {
        let done = Arc::clone(&done);
        async move {
            done.lock().unwrap().push(format!("{name} {}", which.id));
            Ok::<_, ToolError>(format!("{name} {}: done", which.id))
        }
    };
    function_tool(name, "Acts on a task.", act).annotated(annotations)
}

fn marked(destructive: Option<bool>, read_only: Option<bool>) -> Annotations {
    Annotations {
        title: Some("Delete a task".to_owned()),
        read_only,
        destructive,
        ..Annotations::default()
    }
}

/// An agent with a tool that destroys and one that shows.
fn desk(model: &Arc<PlayedModel>, toolset: &str, done: &Done) -> Agent<Desk> {
    let mut agent = Agent::new("desk", "Be brief.", model.clone());
    let tools = vec![
        tool("delete", marked(Some(true), Some(false)), done),
        tool("show", marked(None, Some(true)), done),
    ];
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new(toolset, tools)));
    agent
}

/// Runs on "hello"; gives back what waits for the user, and the conversation up to there.
async fn ask(agents: &Agents<Desk>) -> (Ended, Vec<AskedCall>, Vec<Item>, Vec<String>) {
    let mut notes = Notes::default();
    let hello = Item::user("hello");
    let outcome = run(agents, vec![hello.clone()], context(), &mut notes).await;
    let outcome = outcome.unwrap();
    let items = std::iter::once(hello).chain(outcome.new_items).collect();
    (outcome.ended, notes.asked(), items, notes.lines())
}

fn two_calls() -> Vec<crate::scene::Play> {
    calls(&[
        ("a", "delete", r#"{"id": 1}"#),
        ("b", "show", r#"{"id": 2}"#),
    ])
}

#[tokio::test]
async fn a_destructive_call_is_made_only_after_the_user_approved_it() {
    let done = Done::default();
    let model = PlayedModel::new(vec![two_calls(), says("Deleted.")]);
    let agents = Agents::of(desk(&model, "desk", &done));
    let (ended, asked, items, lines) = ask(&agents).await;
    assert_eq!(ended, Ended::WaitingForApproval);
    assert_eq!(*done.lock().unwrap(), ["show 2"]);
    assert_eq!(
        lines.last().unwrap(),
        r#"asked: a desk/delete Delete a task {"id": 1}"#
    );

    let decided = asked.into_iter().map(|asked| (asked, Decision::Approved));
    let mut notes = Notes::default();
    let outcome = resume(&agents, items, decided.collect(), context(), &mut notes).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Answered);
    assert_eq!(*done.lock().unwrap(), ["show 2", "delete 1"]);
    assert_eq!(
        notes.lines()[..4],
        [
            "called a delete Delete a task",
            "effect of a ahead",
            "result a a: delete 1: done",
            "finished a delete ok: delete 1: done",
        ]
    );
    let read = results(&model.request(1).input);
    assert_eq!(read, ["b: show 2: done", "a: delete 1: done"]);
}

/// A tool that changes nothing destroys nothing, whatever else it says of itself.
#[tokio::test]
async fn a_call_that_asks_says_whether_it_destroys() {
    for (destructive, read_only, destroys) in [
        (Some(true), None, true),
        (Some(true), Some(false), true),
        (Some(true), Some(true), false),
        (None, Some(true), false),
        (None, None, false),
    ] {
        let act = calls(&[("a", "act", r#"{"id": 1}"#)]);
        let model = PlayedModel::new(vec![act]);
        let mut agent = Agent::new("desk", "", model.clone());
        let marks = marked(destructive, read_only);
        let tools = vec![tool("act", marks, &Done::default())];
        let tools = FunctionTools::new("desk", tools);
        agent.toolsets.push(Arc::new(tools));
        agent.approval.always.insert("act".to_owned());
        let (ended, asked, _, _) = ask(&Agents::of(agent)).await;
        assert_eq!(ended, Ended::WaitingForApproval);
        let said: Vec<bool> = asked.iter().map(|call| call.destructive).collect();
        assert_eq!(said, [destroys], "{destructive:?} {read_only:?}");
    }
}

/// Two servers have a tool of the same name; the second one's is to ask always.
#[tokio::test]
async fn a_tool_that_always_asks_does_so_whatever_name_it_has_today() {
    let shows = || marked(None, Some(true));
    for (others, name) in [
        (vec!["mine", "theirs"], "theirs__act_on"),
        // Without the first one the second one's tool has the short name.
        (vec!["theirs"], "act_on"),
    ] {
        for named in ["theirs__act.on", "theirs__act_on"] {
            let done = Done::default();
            let arguments = r#"{"id": 1}"#;
            let model = PlayedModel::new(vec![calls(&[("a", name, arguments)]), says("Done.")]);
            let mut agent = Agent::new("desk", "", model.clone());
            for toolset in &others {
                let tools = vec![tool("act.on", shows(), &done)];
                let tools = FunctionTools::new(*toolset, tools);
                agent.toolsets.push(Arc::new(tools));
            }
            agent.approval.always.insert(named.to_owned());
            let agents = Agents::of(agent);
            let (ended, asked, _, _) = ask(&agents).await;
            assert_eq!(ended, Ended::WaitingForApproval, "{name} as {named}");
            assert_eq!(asked[0].toolset, "theirs");
            assert!(done.lock().unwrap().is_empty());
        }
    }
    // The other one's doesn't.
    let done = Done::default();
    let call = calls(&[("a", "act_on", r#"{"id": 1}"#)]);
    let model = PlayedModel::new(vec![call, says("Done.")]);
    let mut agent = Agent::new("desk", "", model.clone());
    let tools = FunctionTools::new("mine", vec![tool("act.on", shows(), &done)]);
    agent.toolsets.push(Arc::new(tools));
    agent.approval.always.insert("theirs__act_on".to_owned());
    let agents = Agents::of(agent);
    assert_eq!(ask(&agents).await.0, Ended::Answered);
}

#[tokio::test]
async fn arguments_that_the_tool_knows_are_shown_first() {
    let done = Done::default();
    let arguments = r#"{"aa": 1, "id": 7, "zz": 2}"#;
    let model = PlayedModel::new(vec![calls(&[("a", "delete", arguments)])]);
    let (_, asked, _, _) = ask(&Agents::of(desk(&model, "desk", &done))).await;
    let names: Vec<String> = asked[0]
        .arguments()
        .unwrap()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["id", "aa", "zz"]);
}

#[tokio::test]
async fn a_declined_call_is_never_made_and_the_model_is_told() {
    let done = Done::default();
    let model = PlayedModel::new(vec![two_calls(), says("All right.")]);
    let agents = Agents::of(desk(&model, "desk", &done));
    let (_, asked, items, _) = ask(&agents).await;
    let no = Decision::Declined {
        reason: "the user said no".to_owned(),
    };
    let decided = asked.into_iter().map(|asked| (asked, no.clone())).collect();
    let mut notes = Notes::default();
    let outcome = resume(&agents, items, decided, context(), &mut notes).await;
    assert_eq!(outcome.unwrap().ended, Ended::Answered);
    assert_eq!(*done.lock().unwrap(), ["show 2"]);
    let read = results(&model.request(1).input);
    assert_eq!(read, ["b: show 2: done", "a: the user said no"]);
    assert!(!notes.lines().iter().any(|line| line.starts_with("called")));
}

#[tokio::test]
async fn an_approval_holds_for_the_tool_that_the_user_saw() {
    let done = Done::default();
    let model = PlayedModel::new(vec![two_calls(), says("Sorry.")]);
    let (_, asked, items, _) = ask(&Agents::of(desk(&model, "desk", &done))).await;
    let elsewhere = Agents::of(desk(&model, "elsewhere", &done));
    let decided = asked.into_iter().map(|asked| (asked, Decision::Approved));
    let mut notes = Notes::default();
    let outcome = resume(&elsewhere, items, decided.collect(), context(), &mut notes).await;
    assert_eq!(outcome.unwrap().ended, Ended::Answered);
    assert_eq!(*done.lock().unwrap(), ["show 2"]);
    assert_eq!(
        results(&model.request(1).input)[1],
        "a: the call was not made: the tool that the user approved is not available any more"
    );
}

#[tokio::test]
async fn a_call_that_fails_anyway_asks_nobody() {
    for (name, arguments) in [
        ("delete", "{}"),
        ("delete", "nonsense"),
        ("delete", r#"{"id": "one"}"#),
        ("destroy", r#"{"id": 1}"#),
    ] {
        let done = Done::default();
        let model = PlayedModel::new(vec![calls(&[("a", name, arguments)]), says("Sorry.")]);
        let (ended, asked, _, _) = ask(&Agents::of(desk(&model, "desk", &done))).await;
        assert_eq!(
            (ended, asked),
            (Ended::Answered, vec![]),
            "{name} {arguments}"
        );
        assert!(done.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_policy_says_what_asks() {
    let named = |name: &str| BTreeSet::from([name.to_owned()]);
    let policy = ApprovalPolicy::default;
    let always = |name| ApprovalPolicy {
        always: named(name),
        ..policy()
    };
    let never = |name| ApprovalPolicy {
        never: named(name),
        ..policy()
    };
    let off = ApprovalPolicy {
        ask: Ask::Never,
        ..policy()
    };
    let (yes, no) = (Some(true), Some(false));
    let cases = [
        (policy(), marked(yes, None), true),
        (policy(), marked(yes, no), true),
        (policy(), marked(yes, yes), false),
        (policy(), marked(no, no), false),
        (policy(), marked(None, None), false),
        (off.clone(), marked(yes, None), false),
        (always("act.on"), marked(None, yes), true),
        (always("act_on"), marked(None, yes), true),
        (never("act.on"), marked(yes, None), false),
        (never("other"), marked(yes, None), true),
        (
            ApprovalPolicy {
                always: named("act_on"),
                never: named("act.on"),
                ..off
            },
            marked(no, None),
            true,
        ),
    ];
    for (policy, annotations, asks) in cases {
        let done = Done::default();
        let model = PlayedModel::new(vec![
            calls(&[("a", "act_on", r#"{"id": 1}"#)]),
            says("Done."),
        ]);
        let mut agent = Agent::new("desk", "", model.clone());
        let tools = vec![tool("act.on", annotations.clone(), &done)];
        agent
            .toolsets
            .push(Arc::new(FunctionTools::new("desk", tools)));
        agent.approval = policy.clone();
        let agents = Agents::of(agent);
        let (ended, _, _, _) = ask(&agents).await;
        let is_asked = ended == Ended::WaitingForApproval;
        assert_eq!(is_asked, asks, "{policy:?} {annotations:?}");
        assert_eq!(done.lock().unwrap().is_empty(), asks);
    }
}
