//! Checks of what the user wrote: before the model, and beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use frontdesk_agent::{
    Agent, Agents, Ended, FunctionTool, NoArguments, RunError, RunOutcome, Timing, ToolContext,
    ToolError, UNCHECKED, function_tool, run,
};
use frontdesk_model::{Error, ErrorKind, Item};
use tokio_util::sync::CancellationToken;

use crate::checks::{Check, Says, reading};
use crate::scene::{
    Desk, Notes, Play, PlayedModel, added, agent, calls, context, delta, play, results, says, usage,
};

const WITHHELD: &str = "input = [This message was withheld: a check did not let it through.]";

fn blocked(message: &str) -> Ended {
    Ended::Blocked {
        message: message.to_owned(),
    }
}

/// Runs an agent, and cancels the token when the line is heard.
async fn hear(
    agent: Agent<Desk>,
    at: &'static str,
    token: &CancellationToken,
) -> (Result<RunOutcome, RunError>, Vec<String>) {
    let mut notes = Notes {
        cancel_at: Some((at, token.clone())),
        ..Notes::default()
    };
    let input = vec![Item::user("hello")];
    let outcome = run(&Agents::of(agent), input, context(), &mut notes).await;
    (outcome, notes.lines())
}

fn counting(calls: &Arc<AtomicUsize>) -> FunctionTool<Desk> {
    let calls = Arc::clone(calls);
    function_tool(
        "count",
        "Counts.",
        move |_: NoArguments, _: ToolContext<Desk>| {
            calls.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, ToolError>("counted"))
        },
    )
}

#[tokio::test]
async fn guardrails_before_the_model_read_what_those_before_them_put_in_place() {
    for timing in [Timing::Blocking, Timing::Parallel] {
        let checks = [
            Check::new(timing, Says::Allow),
            Check::new(timing, Says::Replace("hi")),
            Check::new(timing, Says::Replace("good day")),
            Check::new(timing, Says::Allow),
        ];
        let model = PlayedModel::new(vec![says("Fine."), says("Fine.")]);
        let [one, two, three, four] = &checks;
        let (outcome, notes) = play(reading(agent(&model, vec![]), &[one, two, three, four])).await;
        assert_eq!(outcome.unwrap().ended, Ended::Answered);
        let newest = checks
            .each_ref()
            .map(|check| check.has_read().pop().unwrap());
        assert_eq!(
            newest,
            [
                "hello in the lobby",
                "hello in the lobby",
                "hi in the lobby",
                "good day in the lobby"
            ]
        );
        let asked = model.requests.lock().unwrap().pop().unwrap();
        assert_eq!(asked.input, [Item::user("good day")]);
        let told = notes.lines();
        let told: Vec<&String> = told
            .iter()
            .filter(|line| line.starts_with("input"))
            .collect();
        assert_eq!(told, ["input = good day"]);
    }
}

#[tokio::test]
async fn a_message_that_is_stopped_before_the_model_reaches_none() {
    let checks = [
        Check::new(Timing::Blocking, Says::Stop("Not here.")),
        Check::new(Timing::Blocking, Says::Allow),
        Check::new(Timing::Parallel, Says::Allow),
    ];
    let model = PlayedModel::new(vec![]);
    let [one, two, three] = &checks;
    let (outcome, notes) = play(reading(agent(&model, vec![]), &[one, two, three])).await;
    let outcome = outcome.unwrap();
    assert_eq!(
        (outcome.ended, outcome.new_items),
        (blocked("Not here."), vec![])
    );
    assert_eq!(notes.lines(), [WITHHELD]);
    assert!(two.has_read().is_empty() && three.has_read().is_empty());
}

/// Else a later run would read the message, and check its own newest one alone.
#[tokio::test]
async fn a_message_is_checked_even_if_the_model_fails() {
    for (says, ended) in [
        (Says::Allow, None),
        (Says::Fails, None),
        (Says::Stop("Not here."), Some(blocked("Not here."))),
    ] {
        let late = CancellationToken::new();
        let check = Check::after(&late, says);
        let failing = vec![Play::Fail(Error::new(ErrorKind::Overloaded, "503"))];
        let agents = Agents::of(reading(
            agent(&PlayedModel::new(vec![failing]), vec![]),
            &[&check],
        ));
        let mut notes = Notes::default();
        let running = run(&agents, vec![Item::user("hello")], context(), &mut notes);
        let (outcome, ()) = tokio::join!(running, async { late.cancel() });
        let is_withheld = notes.lines().iter().any(|line| line == WITHHELD);
        assert_eq!(is_withheld, ended.is_some());
        assert_eq!(outcome.ok().map(|outcome| outcome.ended), ended);
    }
}

#[tokio::test]
async fn the_ids_of_calls_that_are_void_are_not_taken_again() {
    let told = CancellationToken::new();
    let replace = Check::after(&told, Says::Replace("good day"));
    let (made, called) = (Arc::default(), Item::function_call("a", "count", ""));
    let model = PlayedModel::new(vec![
        vec![added(0, called), Play::Silence],
        calls(&[("a", "count", "{}")]),
        says("Done."),
    ]);
    let watched = reading(agent(&model, vec![counting(&made)]), &[&replace]);
    let (outcome, lines) = hear(watched, "called a count -", &told).await;
    assert_eq!(results(&outcome.unwrap().new_items), ["a_2: counted"]);
    let named = lines.iter().filter(|line| line.starts_with("called"));
    let named: Vec<&String> = named.collect();
    assert_eq!(named, ["called a count -", "called a_2 count -"]);
}

#[tokio::test]
async fn what_was_told_before_a_stop_is_taken_back_and_the_model_dropped() {
    let told = CancellationToken::new();
    let stop = Check::after(&told, Says::Stop("Not here."));
    let model = PlayedModel::new(vec![vec![
        added(0, Item::function_call("a", "count", "")),
        added(1, Item::assistant("")),
        delta(1, "one"),
        Play::Silence,
    ]]);
    let watched = reading(agent(&model, vec![]), &[&stop]);
    let (outcome, lines) = hear(watched, "text 1.1 part 0 + one", &told).await;
    let outcome = outcome.unwrap();
    assert_eq!(
        (outcome.ended, outcome.new_items),
        (blocked("Not here."), vec![])
    );
    assert_eq!(
        lines,
        [
            "model 1",
            "called a count -",
            "text 1.1",
            "text 1.1 part 0 + one",
            "finished a count error: the call was not made, because a check stopped the answer",
            "withdrawn 1.1",
            WITHHELD,
        ]
    );
    assert_eq!(model.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_message_that_is_replaced_beside_the_model_is_asked_anew_once() {
    let told = CancellationToken::new();
    let replace = Check::after(&told, Says::Replace("hi"));
    let begun = vec![
        added(0, Item::assistant("")),
        delta(0, "one"),
        Play::Silence,
    ];
    let model = PlayedModel::new(vec![begun, says("Fine.")]);
    let mut agent = reading(agent(&model, vec![]), &[&replace]);
    agent.limits.max_turns = 1;
    let (outcome, lines) = hear(agent, "text 1.0 part 0 + one", &told).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Answered);
    assert_eq!(outcome.new_items, [Item::assistant("Fine.")]);
    assert_eq!(
        lines,
        [
            "model 1",
            "text 1.0",
            "text 1.0 part 0 + one",
            "withdrawn 1.0",
            "input = hi",
            "model 2",
            "text 2.0",
            "text 2.0 part 0 + Fi",
            "text 2.0 part 0 + ne.",
            "text 2.0 = Fine. 0",
            "step 2: 1 items, 10 tokens",
        ]
    );
    assert_eq!(model.request(1).input, [Item::user("hi")]);
    assert_eq!(replace.has_read(), ["hello in the lobby"]);
}

#[tokio::test(start_paused = true)]
async fn no_tool_is_started_before_the_verdict() {
    let cases = [
        (Says::Allow, 1, 20, Ended::Answered),
        (Says::Stop("No."), 0, 10, blocked("No.")),
        (Says::Replace("hi"), 0, 20, Ended::Answered),
    ];
    for (verdict, made, tokens, ended) in cases {
        let verdict_comes = CancellationToken::new();
        let check = Check::after(&verdict_comes, verdict.clone());
        let model = PlayedModel::new(vec![calls(&[("a", "count", "{}")]), says("Fine.")]);
        let counted = Arc::new(AtomicUsize::new(0));
        let agents = Agents::of(reading(agent(&model, vec![counting(&counted)]), &[&check]));
        let mut notes = Notes::default();
        let input = vec![Item::user("hello")];
        let mut running = Box::pin(run(&agents, input, context(), &mut notes));
        let waited = tokio::time::timeout(Duration::from_secs(1), &mut running).await;
        assert!(waited.is_err(), "{verdict:?}");
        assert_eq!(counted.load(Ordering::SeqCst), 0, "{verdict:?}");
        verdict_comes.cancel();
        let outcome = running.await.unwrap();
        assert_eq!(counted.load(Ordering::SeqCst), made, "{verdict:?}");
        assert_eq!(
            (outcome.ended, outcome.usage),
            (ended, usage(tokens)),
            "{verdict:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_guardrail_that_fails_panics_or_takes_too_long_stops_the_run() {
    for timing in [Timing::Blocking, Timing::Parallel] {
        for failing in [Says::Fails, Says::Panics, Says::Nothing] {
            let check = Check::new(timing, failing.clone());
            let model = PlayedModel::new(vec![says("Fine.")]);
            let (outcome, notes) = play(reading(agent(&model, vec![]), &[&check])).await;
            assert_eq!(outcome.unwrap().ended, blocked(UNCHECKED), "{failing:?}");
            assert_eq!(notes.lines().last().unwrap(), WITHHELD, "{failing:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_or_dropped_drops_its_guardrails() {
    for timing in [Timing::Blocking, Timing::Parallel] {
        let model = PlayedModel::new(vec![vec![Play::Silence], vec![Play::Silence]]);
        let check = Check::new(timing, Says::Nothing);
        let agents = Agents::of(reading(agent(&model, vec![]), &[&check]));
        let context = context();
        let cancel = context.cancel.clone();
        let mut notes = Notes::default();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            cancel.cancel();
        };
        let input = || vec![Item::user("hello")];
        let (outcome, ()) = tokio::join!(run(&agents, input(), context, &mut notes), stop);
        assert_eq!(outcome, Err(RunError::Stopped));
        assert_eq!(check.dropped.load(Ordering::SeqCst), 1);

        let running = run(&agents, input(), crate::scene::context(), &mut notes);
        let waited = tokio::time::timeout(Duration::from_secs(1), running).await;
        assert!(waited.is_err());
        assert_eq!(check.dropped.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn what_a_model_has_answered_already_is_not_checked_again() {
    let check = Check::new(Timing::Blocking, Says::Stop("Not here."));
    let model = PlayedModel::new(vec![says("Fine.")]);
    let agents = Agents::of(reading(agent(&model, vec![]), &[&check]));
    let input = vec![
        Item::user("hello"),
        Item::function_call("a", "open_page", "{}"),
        Item::function_call_output("a", "opened"),
    ];
    let outcome = run(&agents, input, context(), &mut Notes::default()).await;
    assert_eq!(outcome.unwrap().ended, Ended::Answered);
    assert!(check.has_read().is_empty());
}
