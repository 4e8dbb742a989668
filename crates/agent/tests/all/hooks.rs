//! An application's own code at every step.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_agent::{
    Agents, CallResult, Handoff, Hook, NoArguments, RunContext, RunError, RunOutcome, ToolCall,
    ToolContext, ToolError, function_tool, run,
};
use frontdesk_model::{Error, ErrorKind, Item, Request, Usage};

use crate::scene::{Desk, Notes, Play, PlayedModel, agent, calls, context, play, says};

/// Writes down what it hears, and adds a line to what the model is told.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Hook<Desk> for Diary {
    async fn agent_started(&self, agent: &str, context: &RunContext<Desk>) {
        self.write(format!("{agent} started in the {}", context.context.room));
    }

    async fn model_asked(&self, agent: &str, request: &mut Request, _: &RunContext<Desk>) {
        self.write(format!("{agent} asks with {} items", request.input.len()));
        request.input.push(Item::developer("It is late."));
    }

    async fn model_replied(
        &self,
        agent: &str,
        output: &[Item],
        usage: Usage,
        _: &RunContext<Desk>,
    ) {
        self.write(format!(
            "{agent} has {} items for {}",
            output.len(),
            usage.total_tokens
        ));
    }

    async fn model_failed(&self, agent: &str, error: &Error, _: &RunContext<Desk>) {
        self.write(format!("{agent} failed: {error}"));
    }

    async fn tool_started(&self, agent: &str, call: &ToolCall, _: &RunContext<Desk>) {
        self.write(format!("{agent} calls {} {}", call.call_id, call.name));
    }

    async fn tool_finished(
        &self,
        agent: &str,
        call: &ToolCall,
        result: &CallResult,
        _: &RunContext<Desk>,
    ) {
        self.write(format!("{agent} gets {}: {}", call.call_id, result.text));
    }

    async fn handed_off(&self, from: &str, to: &str, _: &RunContext<Desk>) {
        self.write(format!("{from} hands over to {to}"));
    }

    async fn run_ended(&self, outcome: Result<&RunOutcome, &RunError>, _: &RunContext<Desk>) {
        self.write(match outcome {
            Ok(outcome) => format!("ended {:?}", outcome.ended),
            Err(error) => format!("ended: {error}"),
        });
    }
}

/// Panics at each step.
struct Clumsy;

#[async_trait]
impl Hook<Desk> for Clumsy {
    async fn agent_started(&self, _: &str, _: &RunContext<Desk>) {
        panic!("at the start")
    }

    async fn tool_started(&self, _: &str, _: &ToolCall, _: &RunContext<Desk>) {
        panic!("at a tool")
    }

    async fn run_ended(&self, _: Result<&RunOutcome, &RunError>, _: &RunContext<Desk>) {
        panic!("at the end")
    }
}

async fn greet(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
    Ok("hello".to_owned())
}

#[tokio::test]
async fn hooks_hear_of_each_step_and_one_that_panics_harms_nobody() {
    let model = PlayedModel::new(vec![
        calls(&[("a", "greet", "{}"), ("b", "unheard", "{}")]),
        says("Done."),
    ]);
    let diary = Arc::new(Diary::default());
    let mut agent = agent(&model, vec![function_tool("greet", "Greets.", greet)]);
    agent.hooks = vec![Arc::new(Clumsy), Arc::clone(&diary) as Arc<dyn Hook<Desk>>];
    agent.limits.max_parallel_tools = 1;
    let (outcome, _) = play(agent).await;
    let outcome = outcome.unwrap();
    assert_eq!(
        diary.lines(),
        [
            "desk started in the lobby",
            "desk asks with 1 items",
            "desk has 2 items for 10",
            "desk calls a greet",
            "desk gets a: hello",
            "desk calls b unheard",
            "desk gets b: tool not found: unheard",
            "desk asks with 5 items",
            "desk has 1 items for 10",
            "ended Answered",
        ]
    );
    // What a hook changed was asked, and isn't remembered.
    for number in 0..2 {
        assert_eq!(
            model.request(number).input.last(),
            Some(&Item::developer("It is late."))
        );
    }
    assert!(!outcome.new_items.contains(&Item::developer("It is late.")));
}

#[tokio::test]
async fn hooks_hear_of_a_model_that_failed_but_not_of_a_stop() {
    let failure = Error::new(ErrorKind::Overloaded, "503");
    let failing = vec![Play::Fail(failure)];
    let stopped: Vec<Play> = says("Done.");
    let cases = [
        (
            failing,
            None,
            vec![
                "desk failed: the model is overloaded",
                "ended: the model is overloaded",
            ],
        ),
        (stopped, Some("text 1.0"), vec![]),
    ];
    for (plays, stop_at, expected) in cases {
        let diary = Arc::new(Diary::default());
        let mut agent = agent(&PlayedModel::new(vec![plays]), vec![]);
        agent.hooks.push(Arc::clone(&diary) as Arc<dyn Hook<Desk>>);
        let mut notes = Notes {
            stop_at,
            ..Notes::default()
        };
        let input = vec![Item::user("hello")];
        let outcome = run(&Agents::of(agent), input, context(), &mut notes).await;
        assert!(outcome.is_err());
        assert_eq!(diary.lines().get(2..).unwrap_or_default(), expected);
    }
}

#[tokio::test]
async fn each_agent_has_its_own_hooks() {
    let diary = || Arc::new(Diary::default());
    let (first, second) = (diary(), diary());
    let model = PlayedModel::new(vec![calls(&[("a", "transfer_to_billing", "{}")])]);
    let mut desk = agent(&model, vec![]);
    desk.handoffs.push(Handoff::to("billing"));
    desk.hooks.push(Arc::clone(&first) as Arc<dyn Hook<Desk>>);
    let mut billing = agent(&PlayedModel::new(vec![says("Done.")]), vec![]);
    billing.name = "billing".to_owned();
    billing
        .hooks
        .push(Arc::clone(&second) as Arc<dyn Hook<Desk>>);
    let agents = Agents::new(desk, [Arc::new(billing)]).unwrap();
    let input = vec![Item::user("hello")];
    run(&agents, input, context(), &mut Notes::default())
        .await
        .unwrap();
    assert_eq!(
        first.lines(),
        [
            "desk started in the lobby",
            "desk asks with 1 items",
            "desk has 1 items for 10",
            "desk hands over to billing",
        ]
    );
    assert_eq!(
        second.lines(),
        [
            "billing started in the lobby",
            "billing asks with 3 items",
            "billing has 1 items for 10",
            "ended Answered",
        ]
    );
}
