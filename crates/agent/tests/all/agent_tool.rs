//! Agents as tools of other agents.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use frontdesk_agent::{
    Agent, AgentEvent, AgentTool, Agents, AgentsError, Annotations, MAX_AGENT_DEPTH, NoArguments,
    RunError, ToolContext, ToolError, Toolset, function_tool, run,
};
use frontdesk_model::{Error, ErrorKind, Event, Item};
use schemars::JsonSchema;
use serde_json::json;

use crate::checks::{Check, Says, reading};
use crate::scene::{
    Desk, Notes, Play, PlayedModel, agent, calls, completed, context, play, results, says, usage,
};

/// What the inner agent is asked with.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Place {
    /// The city.
    city: String,
}

async fn look_up(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
    let user = &context.principal.user;
    Ok(format!("{user} in the {}", context.context.room))
}

/// An agent that can ask `inner` by the tool `ask`.
fn asking(inner: Agent<Desk>, model: &Arc<PlayedModel>) -> Agent<Desk> {
    let tool = AgentTool::new(Agents::of(inner), "ask", "Asks a researcher.").unwrap();
    let mut outer = agent(model, vec![]);
    outer.toolsets.push(Arc::new(tool));
    outer
}

fn asked() -> Arc<PlayedModel> {
    let call = ("a", "ask", "{\"input\": \"Where is she?\"}");
    PlayedModel::new(vec![calls(&[call]), says("In the lobby.")])
}

#[tokio::test]
async fn an_agent_works_as_a_tool_in_the_name_of_the_same_user() {
    let inner_model =
        PlayedModel::new(vec![calls(&[("x", "look_up", "{}")]), says("She is here.")]);
    let annotations = Annotations {
        title: Some("Looks it up".to_owned()),
        ..Annotations::default()
    };
    let tool = function_tool("look_up", "Looks up.", look_up).annotated(annotations);
    let model = asked();
    let (outcome, notes) = play(asking(agent(&inner_model, vec![tool]), &model)).await;
    let outcome = outcome.unwrap();
    assert_eq!(results(&outcome.new_items), ["a: She is here."]);
    assert_eq!(outcome.usage, usage(40));
    // It is told as soon as the tool is done, so that a run that is stopped afterwards has it, too.
    let told = notes.events.iter().find_map(|event| match event {
        AgentEvent::ToolFinished { usage, .. } => Some(*usage),
        _ => None,
    });
    assert_eq!(told, Some(usage(20)));
    assert_eq!(inner_model.request(0).input, [Item::user("Where is she?")]);
    assert_eq!(
        results(&inner_model.request(1).input),
        ["x: ann in the lobby"]
    );
    let lines = notes.lines();
    let during: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("progress"))
        .collect();
    assert!(
        during.contains(&&"progress a Looks it up -".to_owned()),
        "{lines:#?}"
    );
    // Nothing that the inner agent says is shown.
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("text") && line.contains("here"))
    );
    let definition = &model.request(0).tools[0];
    assert_eq!(definition.name, "ask");
    assert_eq!(definition.parameters["required"], json!(["input"]));
}

#[tokio::test]
async fn an_agent_can_be_asked_with_arguments_of_a_type() {
    let inner_model = PlayedModel::new(vec![says("Rain.")]);
    let inner = Agents::of(agent(&inner_model, vec![]));
    let tool = AgentTool::typed::<Place>(inner, "weather", "Says the weather.").unwrap();
    let model = PlayedModel::new(vec![
        calls(&[("a", "weather", "{\"city\": \"Bonn\"}")]),
        says("It rains."),
    ]);
    let mut outer = agent(&model, vec![]);
    outer.toolsets.push(Arc::new(tool));
    let (outcome, _) = play(outer).await;
    assert_eq!(results(&outcome.unwrap().new_items), ["a: Rain."]);
    assert_eq!(
        inner_model.request(0).input,
        [Item::user("{\"city\":\"Bonn\"}")]
    );
    assert_eq!(
        model.request(0).tools[0].parameters["properties"]["city"]["type"],
        "string"
    );
}

#[tokio::test]
async fn nobody_is_asked_while_an_agent_works_as_a_tool() {
    let inner_model = PlayedModel::new(vec![calls(&[("x", "look_up", "{}")]), says("I can't.")]);
    let mut inner = agent(
        &inner_model,
        vec![function_tool("look_up", "Looks up.", look_up)],
    );
    inner.approval.always.insert("look_up".to_owned());
    let (outcome, _) = play(asking(inner, &asked())).await;
    assert_eq!(results(&outcome.unwrap().new_items), ["a: I can't."]);
    assert_eq!(
        results(&inner_model.request(1).input),
        [
            "x: the call was not made: it needs the user's approval, and the user can't be asked here"
        ]
    );
}

#[tokio::test]
async fn an_agent_that_gives_no_answer_is_a_failed_tool() {
    let incomplete = vec![Play::Event(Event::Incomplete {
        reason: "max_output_tokens".to_owned(),
        usage: usage(1),
        output: vec![Item::assistant("She")],
    })];
    let refusal = json!({"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "I won't."}]});
    let refused = vec![completed(vec![Item::from_value(refusal).unwrap()])];
    let failing = vec![Play::Fail(Error::new(
        ErrorKind::Connect,
        "10.0.0.7 is down",
    ))];
    let cases = [
        (
            vec![incomplete],
            "the agent's answer was cut short (max_output_tokens): She",
        ),
        (vec![refused], "I won't."),
        (
            vec![failing],
            "the agent's model can't answer at the moment",
        ),
        (
            vec![calls(&[("x", "unheard", "{}")]); 3],
            "the agent didn't finish: it needed too many steps. Ask it for less at once.",
        ),
    ];
    for (plays, expected) in cases {
        let mut inner = agent(&PlayedModel::new(plays), vec![]);
        inner.limits.max_turns = 3;
        let (outcome, notes) = play(asking(inner, &asked())).await;
        assert_eq!(
            results(&outcome.unwrap().new_items),
            [format!("a: {expected}")]
        );
        let failed = format!("finished a ask error: {expected}");
        assert!(notes.lines().contains(&failed), "{:?}", notes.lines());
    }
    let check = Check::new(frontdesk_agent::Timing::Blocking, Says::Stop("Not here."));
    let inner = reading(agent(&PlayedModel::new(vec![]), vec![]), &[&check]);
    let (outcome, _) = play(asking(inner, &asked())).await;
    let expected = "a: the answer was not let through: Not here.";
    assert_eq!(results(&outcome.unwrap().new_items), [expected]);
}

#[tokio::test(start_paused = true)]
async fn stopping_or_dropping_a_run_ends_the_agents_that_it_asked() {
    let silent = || PlayedModel::new(vec![vec![Play::Silence]]);
    for stopped in [true, false] {
        let inner_model = silent();
        let agents = Agents::of(asking(agent(&inner_model, vec![]), &asked()));
        let context = context();
        let cancel = context.cancel.clone();
        let mut notes = Notes::default();
        let mut running = Box::pin(run(&agents, vec![Item::user("hello")], context, &mut notes));
        let waited = tokio::time::timeout(Duration::from_secs(1), &mut running).await;
        assert!(waited.is_err());
        assert_eq!(inner_model.dropped.load(Ordering::SeqCst), 0);
        if stopped {
            cancel.cancel();
            assert_eq!(running.await, Err(RunError::Stopped));
        } else {
            drop(running);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(inner_model.dropped.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn agents_are_tools_of_each_other_only_so_deep() {
    let model = PlayedModel::new(vec![]);
    let mut inner = agent(&model, vec![]);
    for depth in 1..=MAX_AGENT_DEPTH {
        let tool = AgentTool::new(Agents::of(inner), "ask", "Asks.").unwrap();
        assert_eq!(tool.agent_depth(), depth);
        inner = agent(&model, vec![]);
        inner.toolsets.push(Arc::new(tool));
    }
    let too_deep = AgentTool::new(Agents::of(inner), "ask", "Asks.").unwrap_err();
    let name = "ask".to_owned();
    assert_eq!(too_deep, AgentsError::TooDeep { name });
}
