//! Handoffs: who answers next, with what, and what of the conversation it reads.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, AgentsError, Decision, Ended, Handoff, HandoffHistory, NoArguments, Start,
    ToolContext, ToolError, function_tool, resume, run,
};
use frontdesk_model::{Item, Reasoning, Role, Settings};
use serde_json::json;

use crate::scene::{
    Desk, Notes, Play, PlayedModel, agent, asks_first, calls, completed, context, results, says,
};

async fn ring(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
    Ok("rang".to_owned())
}

/// An agent that can hand over to others.
fn named(name: &str, model: &Arc<PlayedModel>, to: &[&str]) -> Agent<Desk> {
    let tool = format!("ring_{name}");
    let mut agent = agent(model, vec![function_tool(tool, "Rings.", ring)]);
    agent.name = name.to_owned();
    agent.description = format!("Knows all about {name}.");
    agent.instructions = frontdesk_agent::Instructions::Fixed(format!("You are {name}."));
    agent.handoffs = to.iter().map(|to| Handoff::to(*to)).collect();
    agent
}

fn desk_and_billing(desk: &Arc<PlayedModel>, billing: &Arc<PlayedModel>) -> Agents<Desk> {
    let billing = named("billing", billing, &["desk"]);
    Agents::new(named("desk", desk, &["billing"]), [Arc::new(billing)]).unwrap()
}

async fn hear(agents: &Agents<Desk>) -> (Ended, String, Vec<Item>, Notes) {
    let mut notes = Notes::default();
    let outcome = run(agents, vec![Item::user("hello")], context(), &mut notes).await;
    let outcome = outcome.unwrap();
    (outcome.ended, outcome.agent, outcome.new_items, notes)
}

fn transfer(to: &'static str) -> Vec<Play> {
    calls(&[("h", to, "not even JSON")])
}

#[tokio::test]
async fn the_agent_that_took_over_answers_with_its_own_model_and_tools() {
    let desk = PlayedModel::new(vec![calls(&[
        ("h", "transfer_to_billing", "{}"),
        ("a", "ring_desk", "{}"),
        ("again", "transfer_to_billing", "{}"),
    ])]);
    let billing = PlayedModel::new(vec![calls(&[("b", "ring_billing", "{}")]), says("Paid.")]);
    let agents = desk_and_billing(&desk, &billing);
    let (ended, agent, items, notes) = hear(&agents).await;
    assert_eq!((ended, agent.as_str()), (Ended::Answered, "billing"));
    let again = "again: not handed over: the conversation was handed over to billing";
    let expected = [r#"h: {"assistant":"billing"}"#, "a: rang", again, "b: rang"];
    assert_eq!(results(&items), expected);
    let lines = notes.lines();
    let expected = [
        "model 1",
        "called a ring_desk -",
        "arguments a {}",
        "step 1: 3 items, 10 tokens",
        &format!("result again {again}"),
        "effect of a ahead",
        "result a a: rang",
        "finished a ring_desk ok: rang",
        r#"result h h: {"assistant":"billing"}"#,
        "handed off desk -> billing",
        "model 2",
    ];
    assert_eq!(lines[..11], expected);

    let asked = desk.request(0);
    let offered: Vec<&str> = asked.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(offered, ["ring_desk", "transfer_to_billing"]);
    assert_eq!(
        asked.tools[1].description,
        "Hand over to billing: Knows all about billing."
    );
    let asked = billing.request(0);
    assert_eq!(asked.instructions.as_deref(), Some("You are billing."));
    let offered: Vec<&str> = asked.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(offered, ["ring_billing", "transfer_to_desk"]);
    assert_eq!(asked.input.len(), 1 + 3 + 3);
}

#[tokio::test]
async fn agents_hand_back_and_all_their_model_calls_count_together() {
    let desk = PlayedModel::new(vec![transfer("transfer_to_billing"), says("Back.")]);
    let billing = PlayedModel::new(vec![transfer("transfer_to_desk")]);
    let agents = desk_and_billing(&desk, &billing);
    let (ended, agent, items, _) = hear(&agents).await;
    assert_eq!((ended, agent.as_str()), (Ended::Answered, "desk"));
    let expected = [
        r#"h: {"assistant":"billing"}"#,
        r#"h_2: {"assistant":"desk"}"#,
    ];
    assert_eq!(results(&items), expected);

    let to_billing = || transfer("transfer_to_billing");
    let desk = PlayedModel::new(vec![to_billing(), to_billing()]);
    let billing = PlayedModel::new(vec![transfer("transfer_to_desk")]);
    let mut entry = named("desk", &desk, &["billing"]);
    entry.limits.max_turns = 3;
    let other = Arc::new(named("billing", &billing, &["desk"]));
    let (ended, agent, _, _) = hear(&Agents::new(entry, [other]).unwrap()).await;
    assert_eq!((ended, agent.as_str()), (Ended::TurnLimit, "billing"));
}

#[tokio::test]
async fn a_run_goes_on_with_the_agent_that_it_is_told() {
    let desk = PlayedModel::new(vec![says("I.")]);
    let billing = PlayedModel::new(vec![says("I.")]);
    let agents = desk_and_billing(&desk, &billing);
    for (told, agent) in [("billing", "billing"), ("gone", "desk")] {
        let start = Start {
            input: vec![Item::user("hello")],
            agent: Some(told.to_owned()),
            ..Start::default()
        };
        let outcome = run(&agents, start, context(), &mut Notes::default()).await;
        assert_eq!(outcome.unwrap().agent, agent);
    }
}

#[tokio::test]
async fn a_handover_waits_for_calls_that_ask_and_is_not_lost() {
    let desk = PlayedModel::new(vec![calls(&[
        ("h", "transfer_to_billing", "{}"),
        ("a", "delete", "{}"),
    ])]);
    let billing = PlayedModel::new(vec![says("Deleted, and now I.")]);
    let mut entry = named("desk", &desk, &["billing"]);
    entry.toolsets.push(asks_first("delete"));
    let agents = Agents::new(entry, [Arc::new(named("billing", &billing, &[]))]).unwrap();
    let (ended, agent, items, notes) = hear(&agents).await;
    assert_eq!((ended, agent.as_str()), (Ended::WaitingForApproval, "desk"));
    assert_eq!(results(&items), [""; 0]);

    let decided = notes.asked().into_iter();
    let decided = decided.map(|asked| (asked, Decision::Approved)).collect();
    let start = Start {
        input: [vec![Item::user("hello")], items].concat(),
        agent: Some(agent),
        ..Start::default()
    };
    let mut notes = Notes::default();
    let outcome = resume(&agents, start, decided, context(), &mut notes).await;
    let outcome = outcome.unwrap();
    assert_eq!(
        (outcome.ended, outcome.agent.as_str()),
        (Ended::Answered, "billing")
    );
    let read = results(&billing.request(0).input);
    assert_eq!(read, [r#"h: {"assistant":"billing"}"#, "a: delete: done"]);
    let told = notes.lines();
    assert!(
        told.contains(&"handed off desk -> billing".to_owned()),
        "{told:#?}"
    );
}

/// A conversation with everything in it, up to and with the handoff.
fn before() -> Vec<Item> {
    let thought = || Item::Reasoning(Reasoning::default());
    vec![
        Item::user("one"),
        thought(),
        Item::assistant("two"),
        Item::user("three"),
        thought(),
        Item::function_call("h", "transfer_to_billing", "{}"),
        Item::function_call_output("h", "{}"),
    ]
}

#[test]
fn an_agent_that_takes_over_reads_what_its_handoff_lets_it() {
    let model = PlayedModel::new(vec![]);
    let without_calls = |items: Vec<Item>| {
        let is_kept = |item: &Item| !matches!(item, Item::FunctionCall(_));
        items.into_iter().filter(is_kept).collect()
    };
    let said = || {
        vec![
            Item::user("one"),
            Item::assistant("two"),
            Item::user("three"),
        ]
    };
    let mut lone = before();
    lone.truncate(4);
    let cases: [(
        HandoffHistory,
        Option<Arc<frontdesk_agent::InputFilter>>,
        Vec<Item>,
    ); 4] = [
        (HandoffHistory::All, None, before()),
        (HandoffHistory::WithoutTools, None, said()),
        (
            HandoffHistory::NewestMessage,
            None,
            vec![Item::user("three")],
        ),
        // What the filter breaks is mended: no result without its call, no thought without what came of it.
        (HandoffHistory::All, Some(Arc::new(without_calls)), lone),
    ];
    for (history, input_filter, expected) in cases {
        let mut desk = named("desk", &model, &["billing"]);
        desk.handoffs[0].history = history;
        desk.handoffs[0].input_filter = input_filter;
        let billing = Arc::new(named("billing", &model, &[]));
        let agents = Agents::new(desk, [billing]).unwrap();
        let seen = agents.seen_after("desk", "billing", before());
        assert_eq!(seen, expected, "{history:?}");
        assert_eq!(agents.seen_after("billing", "desk", before()), before());
    }
}

/// What a provider keeps of a conversation is all of it.
#[test]
fn an_agent_that_reads_less_goes_on_from_no_answer_to_another_one() {
    let unchanged: Arc<frontdesk_agent::InputFilter> = Arc::new(|items| items);
    let model = PlayedModel::new(vec![]);
    let said =
        json!({"type": "message", "role": "assistant", "content": "two", "response_id": "resp_1"});
    for (history, input_filter, is_kept) in [
        (HandoffHistory::All, None, true),
        (HandoffHistory::WithoutTools, None, false),
        (HandoffHistory::All, Some(unchanged), false),
    ] {
        let mut desk = named("desk", &model, &["billing"]);
        desk.handoffs[0].history = history;
        desk.handoffs[0].input_filter = input_filter;
        let agents = Agents::new(desk, [Arc::new(named("billing", &model, &[]))]).unwrap();
        let said = Item::from_value(said.clone()).unwrap();
        let seen = agents.seen_after("desk", "billing", vec![said]);
        assert_eq!(seen.len(), 1);
        assert_eq!(
            format!("{seen:?}").contains("resp_1"),
            is_kept,
            "{history:?}"
        );
    }
}

#[tokio::test]
async fn a_later_run_reads_no_more_than_the_handoff_let_its_agent() {
    for (history, expected) in [
        (HandoffHistory::All, 9),
        (HandoffHistory::WithoutTools, 5),
        (HandoffHistory::NewestMessage, 3),
    ] {
        let desk = PlayedModel::new(vec![calls(&[
            ("h", "transfer_to_billing", "{}"),
            ("a", "ring_desk", "{}"),
        ])]);
        let billing = PlayedModel::new(vec![says("Paid."), says("Still.")]);
        let mut first = named("desk", &desk, &["billing"]);
        first.handoffs[0].history = history;
        let other = Arc::new(named("billing", &billing, &[]));
        let agents = Agents::new(first, [other]).unwrap();
        let mut input = vec![
            Item::user("old"),
            Item::assistant("older"),
            Item::user("new"),
        ];
        let outcome = run(&agents, input.clone(), context(), &mut Notes::default()).await;
        let outcome = outcome.unwrap();
        input.extend(outcome.new_items);
        input.push(Item::user("and now?"));
        let start = Start {
            input,
            agent: Some(outcome.agent),
            ..Start::default()
        };
        let mut notes = Notes::default();
        run(&agents, start, context(), &mut notes).await.unwrap();
        let mut read = billing.request(0).input;
        read.extend([Item::assistant("Paid."), Item::user("and now?")]);
        let again = billing.request(1).input;
        assert_eq!(again.len(), read.len(), "{history:?}");
        let texts = |items: &[Item]| {
            let text = |item: &Item| match item {
                Item::Message(message) => message.text(),
                other => format!("{other:?}"),
            };
            items.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(texts(&again), texts(&read), "{history:?}");
        assert_eq!(again.len(), expected, "{history:?}");
    }
}

#[tokio::test]
async fn each_handoff_of_a_chain_lets_the_next_agent_read_less() {
    let to = |name: &'static str| {
        completed(vec![
            Item::assistant("Wait."),
            Item::function_call("h", name, ""),
        ])
    };
    let model = PlayedModel::new(vec![
        vec![to("transfer_to_b")],
        vec![to("transfer_to_c")],
        says("Here I am."),
    ]);
    let mut first = named("a", &model, &["b"]);
    first.handoffs[0].history = HandoffHistory::NewestMessage;
    let mut second = named("b", &model, &["c"]);
    second.handoffs[0].history = HandoffHistory::WithoutTools;
    second.settings = Settings {
        temperature: Some(0.1),
        ..Settings::default()
    };
    let third = Arc::new(named("c", &model, &[]));
    let agents = Agents::new(first, [Arc::new(second), third]).unwrap();
    let input = vec![
        Item::user("old"),
        Item::assistant("older"),
        Item::user("new"),
    ];
    let outcome = run(&agents, input, context(), &mut Notes::default()).await;
    assert_eq!(model.request(1).input, [Item::user("new")]);
    assert_eq!(model.request(1).settings.temperature, Some(0.1));
    let read = model.request(2).input;
    let said: Vec<(Role, String)> = read
        .iter()
        .filter_map(|item| match item {
            Item::Message(message) => Some((message.role, message.text())),
            _ => None,
        })
        .collect();
    let expected = [
        (Role::User, "new".to_owned()),
        (Role::Assistant, "Wait.".to_owned()),
    ];
    assert_eq!(said, expected);
    assert_eq!(read.len(), 2);
    // The run keeps everything.
    assert_eq!(outcome.unwrap().new_items.len(), 3 + 3 + 1);
}

#[test]
fn handoffs_lead_to_other_agents_that_are_there() {
    let model = PlayedModel::new(vec![]);
    for (to, reason) in [
        ("desk", "it is that agent"),
        ("gone", "there is no such agent"),
    ] {
        let refused = Agents::new(named("desk", &model, &[to]), []).unwrap_err();
        let expected = AgentsError::Handoff {
            agent: "desk".to_owned(),
            to: to.to_owned(),
            reason,
        };
        assert_eq!(refused, expected);
    }
}
