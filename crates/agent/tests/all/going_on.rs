//! A run whose process died, and another one that goes on with what it recorded: wherever it was cut.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, Annotations, Because, Ended, FunctionTool, FunctionTools, Handoff,
    LeftOff, NoArguments, Outcome, Recorded, RunOutcome, Start, ToolContext, ToolError,
    function_tool, go_on, run,
};
use frontdesk_model::{Error, Event, EventStream, Item, Model, Request};
use futures_util::{StreamExt, stream};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::{Desk, Notes, context, usage};

/// A tool by its name: `read` and `set` can be called again, `add` can't, and `broken` fails.
const TOOLS: [&str; 4] = ["read", "set", "add", "broken"];

/// What the model reads of a call in flight whose tool is gone.
const GONE: &str = "the call was interrupted; whether it had an effect is not known";

/// Replies by how many it finds in the conversation.
#[derive(Debug)]
struct Planned {
    /// The calls of each reply; the last reply has none.
    plan: Vec<Vec<&'static str>>,
    asked: Mutex<usize>,
}

#[async_trait]
impl Model for Planned {
    fn name(&self) -> &'static str {
        "planned"
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        *self.asked.lock().unwrap() += 1;
        let said = |item: &&Item| matches!(item, Item::Message(message) if !message.text().starts_with("hello"));
        let number = request.input.iter().filter(said).count();
        let mut output = vec![Item::assistant(format!("reply {number}"))];
        let calls = self.plan.get(number).into_iter().flatten();
        output.extend(calls.enumerate().map(|(index, tool)| {
            Item::function_call(format!("call_{number}_{index}"), *tool, "{}")
        }));
        let usage = usage(10);
        let completed = Event::Completed { usage, output };
        Ok(stream::iter([Ok(completed)]).boxed())
    }
}

type Done = Arc<Mutex<Vec<String>>>;

fn tool(name: &'static str, done: &Done) -> FunctionTool<Desk> {
    let done = Arc::clone(done);
    let act = move |_: NoArguments, context: ToolContext<Desk>| {
        done.lock().unwrap().push(context.call_id);
        async move {
            match name {
                "broken" => Err(ToolError::plain("it is broken")),
                _ => Ok(name),
            }
        }
    };
    let annotations = Annotations {
        read_only: Some(name == "read"),
        idempotent: Some(name == "set" || name == "broken"),
        ..Annotations::default()
    };
    function_tool(name, "Acts.", act).annotated(annotations)
}

/// A process: agents of its own, the calls that it has made, and its model.
fn process(plan: &[Vec<&'static str>]) -> (Agents<Desk>, Done, Arc<Planned>) {
    let (mut desk, done, model) = desk(plan);
    desk.handoffs.push(Handoff::to("billing"));
    let mut billing = Agent::new("billing", "Be exact.", model.clone());
    billing.toolsets.clone_from(&desk.toolsets);
    let agents = Agents::new(desk, [Arc::new(billing)]).unwrap();
    (agents, done, model)
}

fn desk(plan: &[Vec<&'static str>]) -> (Agent<Desk>, Done, Arc<Planned>) {
    let model = Arc::new(Planned {
        plan: plan.to_vec(),
        asked: Mutex::default(),
    });
    let done = Done::default();
    let tools = TOOLS.map(|name| tool(name, &done)).into();
    let toolset: Arc<FunctionTools<Desk>> = Arc::new(FunctionTools::new("desk", tools));
    let mut desk = Agent::new("desk", "Be brief.", model.clone());
    desk.toolsets.push(toolset);
    (desk, done, model)
}

/// What an application stores of a run.
pub(crate) fn recorded(notes: &Notes) -> Vec<Recorded> {
    let mut agent = None;
    let mut record = Vec::new();
    for event in &notes.events {
        let (items, outcome) = match event {
            AgentEvent::StepDone {
                agent: by, items, ..
            } => {
                agent = Some(by.clone());
                (items.clone(), Outcome::Ok)
            }
            AgentEvent::ToolResult { item, outcome, .. } => (vec![item.clone()], *outcome),
            AgentEvent::HandedOff { to, .. } => {
                agent = Some(to.clone());
                (Vec::new(), Outcome::Ok)
            }
            _ => continue,
        };
        record.push(Recorded {
            agent: agent.clone(),
            items,
            outcome,
        });
    }
    record
}

async fn whole(plan: &[Vec<&'static str>]) -> (RunOutcome, Vec<Recorded>) {
    let (agents, ..) = process(plan);
    let mut notes = Notes::default();
    let outcome = run(&agents, vec![Item::user("hello")], context(), &mut notes).await;
    (outcome.unwrap(), recorded(&notes))
}

async fn going_on(agents: &Agents<Desk>, record: Vec<Recorded>) -> (RunOutcome, Notes) {
    let start = Start::from(vec![Item::user("hello")]);
    let left = LeftOff {
        record,
        decided: Vec::new(),
    };
    let mut notes = Notes::default();
    let outcome = go_on(agents, start, left, context(), &mut notes).await;
    (outcome.unwrap(), notes)
}

/// The calls of a record's last reply that have no result, and their tools.
fn in_flight(record: &[Recorded]) -> Vec<(String, String)> {
    let mut open = Vec::new();
    for item in record.iter().flat_map(|recorded| &recorded.items) {
        match item {
            Item::FunctionCall(call) => open.push((call.call_id.clone(), call.name.clone())),
            Item::FunctionCallOutput(result) => open.retain(|(id, _)| *id != result.call_id),
            _ => {}
        }
    }
    open
}

/// The items as they are where the calls in flight that no tool answers to can't be told from those whose tool is gone.
fn with_gone_tools(items: &[Item], open: &[(String, String)]) -> Vec<Item> {
    let unknown = |id: &str| {
        let text = "tool not found: transfer_to_billing";
        (
            Item::function_call_output(id, text),
            Item::function_call_output(id, GONE),
        )
    };
    let told = |item: &Item| {
        let known = open.iter().map(|(id, _)| unknown(id));
        let mut known = known.filter(|(refused, _)| refused == item);
        known.next().map_or_else(|| item.clone(), |(_, gone)| gone)
    };
    items.iter().map(told).collect()
}

fn replies(record: &[Recorded]) -> usize {
    let is_said = |item: &&Item| matches!(item, Item::Message(_));
    let items = record.iter().flat_map(|recorded| &recorded.items);
    items.filter(is_said).count()
}

fn any_plan() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let name = prop_oneof![
        3 => Just("read"),
        3 => Just("set"),
        2 => Just("add"),
        1 => Just("broken"),
        1 => Just("transfer_to_billing"),
    ];
    vec(vec(name, 1..4), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn wherever_a_run_is_cut_nothing_that_was_recorded_is_done_again(plan in any_plan()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (outcome, record) = whole(&plan).await;
            for cut in 0..=record.len() {
                let left = &record[..cut];
                let (agents, done, model) = process(&plan);
                let (again, notes) = going_on(&agents, left.to_vec()).await;
                let open = in_flight(left);
                let may_be_made: Vec<&String> = open.iter().filter(|(_, tool)| tool == "add").map(|(id, _)| id).collect();
                let asked = notes.asked();
                let asks: Vec<&String> = asked.iter().map(|asked| &asked.call.call_id).collect();
                prop_assert_eq!(&asks, &may_be_made);
                prop_assert!(asked.iter().all(|asked| asked.because == Because::Interrupted));
                let made = done.lock().unwrap().clone();
                let recorded_results = left.iter().flat_map(|recorded| &recorded.items);
                for item in recorded_results {
                    if let Item::FunctionCallOutput(result) = item {
                        prop_assert!(!made.contains(&result.call_id), "{} was made again", result.call_id);
                    }
                }
                prop_assert!(made.iter().all(|id| !may_be_made.contains(&id)));
                let asked_for = *model.asked.lock().unwrap();
                if may_be_made.is_empty() {
                    prop_assert_eq!(&again.ended, &outcome.ended);
                    prop_assert_eq!(&again.agent, &outcome.agent);
                    let expected = with_gone_tools(&outcome.new_items, &open);
                    prop_assert_eq!(&again.new_items, &expected);
                    prop_assert_eq!(asked_for, replies(&record) - replies(left));
                } else {
                    prop_assert_eq!(&again.ended, &Ended::WaitingForApproval);
                    prop_assert_eq!(asked_for, 0);
                }
            }
            Ok(())
        })?;
    }
}

/// What people see of the calls that went on is whole.
#[tokio::test]
async fn the_calls_of_the_last_reply_are_told_again() {
    let plan = [vec!["read", "broken", "set"]];
    let (_, record) = whole(&plan).await;
    let (agents, ..) = process(&plan);
    let (_, notes) = going_on(&agents, record[..3].to_vec()).await;
    let lines = notes.lines();
    let expected = [
        "called call_0_0 read -",
        "arguments call_0_0 {}",
        "finished call_0_0 read ok: read",
        "called call_0_1 broken -",
        "arguments call_0_1 {}",
        "finished call_0_1 broken error: it is broken",
        "called call_0_2 set -",
        "arguments call_0_2 {}",
        "result call_0_2 call_0_2: set",
        "finished call_0_2 set ok: set",
        "model 2",
    ];
    assert_eq!(lines[..expected.len()], expected);
}

/// The agent's new release asks about a tool that the one before has called without asking.
#[tokio::test]
async fn a_call_that_may_have_been_made_is_asked_about_as_such_whatever_the_policy_says() {
    for is_asked_for in [false, true] {
        let plan = [vec!["add", "read"]];
        let (_, record) = whole(&plan).await;
        let (mut desk, done, model) = desk(&plan);
        if is_asked_for {
            desk.approval.always.insert("add".to_owned());
        }
        let left = record[..1].to_vec();
        let (outcome, notes) = going_on(&Agents::of(desk), left).await;
        assert_eq!(outcome.ended, Ended::WaitingForApproval);
        let asked = notes.asked();
        let because: Vec<&Because> = asked.iter().map(|asked| &asked.because).collect();
        assert_eq!(because, [&Because::Interrupted], "{is_asked_for}");
        assert_eq!(*done.lock().unwrap(), ["call_0_1"]);
        assert_eq!(*model.asked.lock().unwrap(), 0);
    }
}
