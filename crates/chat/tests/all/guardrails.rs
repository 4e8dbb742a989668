//! What guardrails replace or don't let through: what later turns read of it.

use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_agent::{
    Agent, Agents, GuardrailError, InputGuardrail, OnMatch, PatternGuardrail, RunContext, Timing,
    Verdict,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::{Item, Model};
use serde_json::Value;

use crate::desk::{Desk, add, create, plain, read_all, read_until, resuming, thread_of};
use crate::model::{Told, says};

fn desk(model: &Arc<Told>, on_match: OnMatch, timing: Timing) -> Desk {
    let mut agent = Agent::new("assistant", "Be brief.", model.clone() as Arc<dyn Model>);
    let cards = PatternGuardrail::new("cards", [r"\d{4}-\d{4}"], on_match).unwrap();
    agent.guardrails.input.push(Arc::new(cards.timed(timing)));
    Desk::new(Arc::new(Assistant::new(Agents::of(agent))))
}

#[tokio::test]
async fn later_turns_read_a_message_as_the_guardrail_left_it() {
    let replace = || OnMatch::Replace {
        with: "[card]".to_owned(),
    };
    let stop = || OnMatch::Stop {
        message: "No cards, please.".to_owned(),
    };
    let withheld = "User: [This message was withheld: a check did not let it through.]";
    let cases = [
        (
            replace(),
            Timing::Blocking,
            "User: mine is [card]",
            "Noted.",
        ),
        (
            replace(),
            Timing::Parallel,
            "User: mine is [card]",
            "Noted.",
        ),
        (stop(), Timing::Blocking, withheld, "No cards, please."),
        (stop(), Timing::Parallel, withheld, "No cards, please."),
    ];
    for (on_match, timing, expected, answered) in cases {
        let model = Told::new((0..4).map(|_| says("Noted.")));
        let desk = desk(&model, on_match.clone(), timing);
        let (_, mut reader) = desk.begin(create("mine is 1234-5678"), &plain()).await;
        let thread = thread_of(&read_all(&mut reader).await);
        let (_, mut reader) = desk.begin(add(&thread, "And now?"), &plain()).await;
        read_all(&mut reader).await;

        let last = model.asked.lock().unwrap().len() - 1;
        let read = model.read(last);
        assert_eq!(read[0], expected, "{on_match:?} {timing:?}");
        assert_eq!(read.last().unwrap(), "User: And now?");
        // The user still sees what they wrote.
        let items = desk.items(&thread, &plain()).await;
        assert_eq!(items[0]["content"][0]["text"], "mine is 1234-5678");
        assert_eq!(
            items[1]["content"][0]["text"], answered,
            "{on_match:?} {timing:?}"
        );
    }
}

/// Takes its time over messages that say "wait".
struct Slow;

#[async_trait]
impl InputGuardrail<TurnContext> for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn timing(&self) -> Timing {
        Timing::Blocking
    }

    async fn check(
        &self,
        input: &[Item],
        _: &RunContext<TurnContext>,
    ) -> Result<Verdict<String>, GuardrailError> {
        let Some(Item::Message(newest)) = input.last() else {
            return Ok(Verdict::Allow);
        };
        if newest.text().contains("wait") {
            std::future::pending::<()>().await;
        }
        Ok(Verdict::Allow)
    }
}

#[tokio::test]
async fn a_message_whose_check_the_user_stopped_is_not_read_later() {
    let model = Told::new([says("Hi."), says("Fine.")]);
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    agent.guardrails.input.push(Arc::new(Slow));
    let desk = Desk::new(Arc::new(Assistant::new(Agents::of(agent))));
    let (_, mut reader) = desk.begin(create("Hello"), &plain()).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let (id, mut reader) = desk.begin(add(&thread, "wait"), &resuming()).await;
    let is_said = |event: &Value| event["item"]["type"] == "user_message";
    read_until(&mut reader, is_said).await;
    desk.service.stop(&resuming(), &id).await.unwrap();
    let (_, mut reader) = desk.begin(add(&thread, "Go on."), &plain()).await;
    read_all(&mut reader).await;
    let mut read = model.read(1);
    read.retain(|line| !line.starts_with("Developer: The user stopped"));
    let expected = [
        "User: Hello",
        "Assistant: Hi.",
        "User: [This message was withheld: the user stopped before it was checked.]",
        "User: Go on.",
    ];
    assert_eq!(read, expected);
}
