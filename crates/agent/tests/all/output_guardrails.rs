//! Checks of what is about to be said: nothing is told before, and what is recorded is what was told.

use std::time::Duration;

use frontdesk_agent::{
    AgentEvent, Ended, NoArguments, Timing, ToolContext, ToolError, UNCHECKED, function_tool,
};
use frontdesk_model::{Event, Item};
use serde_json::json;

use crate::checks::{Check, Says, saying};
use crate::scene::{
    Desk, Notes, Play, PlayedModel, added, agent, calls, completed, context, delta, done, play,
    results, says,
};

const WITHHELD: &str = "[This answer was withheld: a check did not let it through.]";

fn check(says: Says) -> std::sync::Arc<Check> {
    Check::new(Timing::Parallel, says)
}

fn thought() -> Item {
    let summary = json!([{"type": "summary_text", "text": "Hm."}]);
    Item::from_value(json!({"type": "reasoning", "id": "rs_1", "summary": summary})).unwrap()
}

/// A thought, then words.
fn thinks_and_says(text: &str) -> Vec<Play> {
    let said = Item::assistant(text);
    vec![
        Play::Event(Event::ReasoningDelta {
            index: 0,
            part: 0,
            delta: "Hm.".to_owned(),
        }),
        done(0, thought()),
        added(1, Item::assistant("")),
        delta(1, text),
        done(1, said.clone()),
        completed(vec![thought(), said]),
    ]
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_before_the_whole_answer_was_read() {
    let half = vec![
        added(0, Item::assistant("")),
        delta(0, "one"),
        Play::Silence,
    ];
    let model = PlayedModel::new(vec![half]);
    let mut notes = Notes::default();
    let agents = frontdesk_agent::Agents::of(saying(agent(&model, vec![]), &[&check(Says::Allow)]));
    let input = vec![Item::user("hello")];
    let running = frontdesk_agent::run(&agents, input, context(), &mut notes);
    let waited = tokio::time::timeout(Duration::from_secs(1), running).await;
    assert!(waited.is_err());
    assert_eq!(notes.lines(), ["model 1"]);
}

#[tokio::test]
async fn an_answer_is_let_through_replaced_or_stopped() {
    let told = |text: &str| {
        vec![
            "text 1.1".to_owned(),
            format!("text 1.1 part 0 + {text}"),
            format!("text 1.1 = {text} 0"),
        ]
    };
    let withdrawn = vec!["withdrawn 1.0".to_owned()];
    let stopped = |message: &str| Ended::Blocked {
        message: message.to_owned(),
    };
    let said = Item::assistant;
    let cases = [
        (
            vec![Says::Allow, Says::Allow],
            told("My card is 4111."),
            vec![thought(), said("My card is 4111.")],
            Ended::Answered,
        ),
        (
            vec![Says::Replace("My card is [card]."), Says::Allow],
            told("My card is [card]."),
            vec![said("My card is [card].")],
            Ended::Answered,
        ),
        (vec![Says::Replace("")], vec![], vec![], Ended::Answered),
        (
            vec![Says::Replace("No."), Says::Stop("Not this.")],
            withdrawn.clone(),
            vec![said(WITHHELD)],
            stopped("Not this."),
        ),
        (
            vec![Says::Fails],
            withdrawn,
            vec![said(WITHHELD)],
            stopped(UNCHECKED),
        ),
    ];
    for (verdicts, told, items, ended) in cases {
        let model = PlayedModel::new(vec![thinks_and_says("My card is 4111.")]);
        let checks: Vec<_> = verdicts.iter().cloned().map(check).collect();
        let refs: Vec<_> = checks.iter().collect();
        let (outcome, notes) = play(saying(agent(&model, vec![]), &refs)).await;
        let outcome = outcome.unwrap();
        let mut lines: Vec<String> = [
            "model 1",
            "reasoning 1.0 part 0 + Hm.",
            "reasoning 1.0 = Hm.",
        ]
        .map(str::to_owned)
        .into();
        lines.extend(told);
        lines.push(format!("step 1: {} items, 10 tokens", items.len()));
        assert_eq!(notes.lines(), lines, "{verdicts:?}");
        assert_eq!(
            (outcome.ended, &outcome.new_items),
            (ended, &items),
            "{verdicts:?}"
        );
        let recorded = notes.events.into_iter().find_map(|event| match event {
            AgentEvent::StepDone { items, .. } => Some(items),
            _ => None,
        });
        assert_eq!(recorded.as_ref(), Some(&items), "{verdicts:?}");
    }
}

#[tokio::test]
async fn the_second_guardrail_reads_what_the_first_put_in_place() {
    let (one, two) = (check(Says::Replace("one")), check(Says::Allow));
    let model = PlayedModel::new(vec![says("zero")]);
    let (outcome, _) = play(saying(agent(&model, vec![]), &[&one, &two])).await;
    assert_eq!(outcome.unwrap().new_items, [Item::assistant("one")]);
    assert_eq!(
        (one.has_read(), two.has_read()),
        (vec!["zero".to_owned()], vec!["one".to_owned()])
    );
}

#[tokio::test]
async fn words_beside_calls_are_checked_too_and_a_stop_makes_no_call() {
    async fn greet(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        Ok("hello".to_owned())
    }
    let call = Item::function_call("a", "greet", "{}");
    let cases = [
        (Says::Replace("I look."), vec!["a: hello"], "I look."),
        (
            Says::Stop("No."),
            vec!["a: the call was not made, because a check stopped the answer"],
            WITHHELD,
        ),
    ];
    for (verdict, expected, said) in cases {
        let both = vec![
            added(0, Item::assistant("")),
            delta(0, "Looking."),
            completed(vec![thought(), Item::assistant("Looking."), call.clone()]),
        ];
        let model = PlayedModel::new(vec![both, calls(&[]), says("unasked")]);
        let tools = vec![function_tool("greet", "Greets.", greet)];
        let (outcome, notes) = play(saying(agent(&model, tools), &[&check(verdict.clone())])).await;
        let items = outcome.unwrap().new_items;
        assert_eq!(results(&items), expected, "{verdict:?}");
        let has_said =
            |item: &Item| matches!(item, Item::Message(message) if message.text() == said);
        assert!(items.iter().any(has_said), "{verdict:?}: {items:?}");
        assert!(
            !format!("{items:?} {:?}", notes.events).contains("Looking"),
            "{verdict:?}"
        );
    }
}

#[tokio::test]
async fn words_that_the_finished_answer_does_not_have_are_checked_too() {
    let system = json!({"type": "message", "role": "system", "content": "Its key is 4111."});
    let cases = [
        (
            vec![added(0, Item::assistant("")), delta(0, "It is 4111.")],
            Item::assistant("Fine."),
            "Fine.\n\nIt is 4111.",
        ),
        (
            vec![done(0, Item::assistant("It is 4111."))],
            Item::assistant(""),
            "It is 4111.",
        ),
        (
            vec![],
            Item::from_value(system).unwrap(),
            "Its key is 4111.",
        ),
        (
            vec![delta(0, "It is "), delta(0, "fine.")],
            Item::assistant("It is fine."),
            "It is fine.",
        ),
    ];
    for (mut plays, said, expected) in cases {
        plays.push(completed(vec![said]));
        let model = PlayedModel::new(vec![plays]);
        let stop = check(Says::Stop("No."));
        let (outcome, notes) = play(saying(agent(&model, vec![]), &[&stop])).await;
        assert_eq!(stop.has_read(), [expected]);
        assert_eq!(outcome.unwrap().new_items, [Item::assistant(WITHHELD)]);
        assert_eq!(notes.lines(), ["model 1", "step 1: 1 items, 10 tokens"]);
    }
}

/// What a provider keeps of an answer is what the model wrote.
#[tokio::test]
async fn no_model_goes_on_from_an_answer_that_was_not_let_through_as_it_is() {
    let kept = || {
        let said = json!({"type": "message", "role": "assistant", "content": "It is 4111."});
        let call = json!({"type": "function_call", "call_id": "a", "name": "x", "arguments": "{}"});
        [said, call].map(|mut item| {
            item["response_id"] = json!("resp_1");
            Item::from_value(item).unwrap()
        })
    };
    for (verdict, is_kept) in [
        (Says::Allow, true),
        (Says::Replace("It is [it]."), false),
        (Says::Stop("No."), false),
    ] {
        let model = PlayedModel::new(vec![vec![completed(kept().into())], says("Done.")]);
        let (outcome, _) = play(saying(agent(&model, vec![]), &[&check(verdict.clone())])).await;
        let items = format!("{:?}", outcome.unwrap().new_items);
        assert_eq!(items.contains("resp_1"), is_kept, "{verdict:?}: {items}");
    }
}
