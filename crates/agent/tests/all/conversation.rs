//! Whole runs: what the model is asked, what is told, how it ends.

use std::time::Duration;

use frontdesk_agent::{
    Agents, Annotations, Ended, Instructions, NoArguments, RunError, RunOutcome, ToolContext,
    ToolError, function_tool, run,
};
use frontdesk_model::{ContentPart, Error, ErrorKind, Event, Item, Message, Role, Settings};
use serde_json::Map;
use tokio::time::sleep;

use crate::scene::{
    Desk, Notes, Play, PlayedModel, added, agent, calls, completed, context, delta, play, results,
    says, usage,
};

async fn slow(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
    sleep(Duration::from_secs(2)).await;
    Ok(format!("slow in {}", context.context.room))
}

async fn quick(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
    sleep(Duration::from_secs(1)).await;
    Ok(format!("quick for {}", context.principal.user))
}

#[tokio::test]
async fn a_model_that_answers_is_called_once() {
    let model = PlayedModel::new(vec![says("Good day.")]);
    let mut agent = agent(&model, vec![]);
    agent.instructions = Instructions::dynamic(|desk: &Desk, principal| {
        format!("You are in the {} with {}.", desk.room, principal.user)
    });
    agent.settings = Settings {
        temperature: Some(0.5),
        ..Settings::default()
    };
    let (outcome, notes) = play(agent).await;

    let expected = RunOutcome {
        ended: Ended::Answered,
        agent: "desk".to_owned(),
        output: None,
        cost: None,
        usage: usage(10),
        new_items: vec![Item::assistant("Good day.")],
    };
    assert_eq!(outcome, Ok(expected));
    assert_eq!(
        notes.lines(),
        [
            "model 1",
            "text 1.0",
            "text 1.0 part 0 + Good",
            "text 1.0 part 0 +  day.",
            "text 1.0 = Good day. 0",
            "step 1: 1 items, 10 tokens",
        ]
    );
    let request = model.request(0);
    assert_eq!(
        request.instructions.as_deref(),
        Some("You are in the lobby with ann.")
    );
    assert_eq!(request.input, [Item::user("hello")]);
    assert_eq!(request.settings.temperature, Some(0.5));
    assert!(request.tools.is_empty());
}

#[tokio::test]
async fn a_model_is_not_asked_without_its_instructions() {
    let model = PlayedModel::new(vec![says("Good day.")]);
    let mut agent = agent(&model, vec![]);
    agent.instructions = Instructions::fallible(|_, _| Err("no such name: desk".to_owned()));
    let (outcome, notes) = play(agent).await;
    let detail = "the instructions can't be written: no such name: desk".to_owned();
    assert_eq!(outcome, Err(RunError::Internal { detail }));
    assert_eq!(notes.lines(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn calls_run_at_once_and_their_results_keep_the_order_of_the_calls() {
    let model = PlayedModel::new(vec![
        calls(&[("a", "slow", "{}"), ("b", "quick", "")]),
        says("Done."),
    ]);
    let titled = Annotations {
        title: Some("Slow work".to_owned()),
        ..Annotations::default()
    };
    let tools = vec![
        function_tool("slow", "Takes two seconds.", slow).annotated(titled),
        function_tool("quick", "Takes one second.", quick),
    ];
    let start = tokio::time::Instant::now();
    let (outcome, notes) = play(agent(&model, tools)).await;

    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(
        notes.lines(),
        [
            "model 1",
            "called a slow Slow work",
            "arguments a {}",
            "called b quick -",
            "arguments b ",
            "step 1: 2 items, 10 tokens",
            "effect of a ahead",
            "effect of b ahead",
            "result b b: quick for ann",
            "finished b quick ok: quick for ann",
            "result a a: slow in lobby",
            "finished a slow ok: slow in lobby",
            "model 2",
            "text 2.0",
            "text 2.0 part 0 + Do",
            "text 2.0 part 0 + ne.",
            "text 2.0 = Done. 0",
            "step 2: 1 items, 10 tokens",
        ]
    );
    let after_calls = vec![
        Item::function_call("a", "slow", "{}"),
        Item::function_call("b", "quick", ""),
        Item::function_call_output("a", "slow in lobby"),
        Item::function_call_output("b", "quick for ann"),
    ];
    let second = [vec![Item::user("hello")], after_calls.clone()].concat();
    assert_eq!(model.request(1).input, second);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Answered);
    assert_eq!(outcome.usage, usage(20));
    assert_eq!(
        outcome.new_items,
        [after_calls, vec![Item::assistant("Done.")]].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn the_turn_limit_counts_model_calls_and_keeps_the_last_results() {
    let step = || calls(&[("a", "quick", "{}")]);
    let model = PlayedModel::new(vec![step(), step(), step()]);
    let mut agent = agent(&model, vec![function_tool("quick", "", quick)]);
    agent.limits.max_turns = 2;
    let (outcome, notes) = play(agent).await;

    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::TurnLimit);
    assert_eq!(model.requests.lock().unwrap().len(), 2);
    // The model gave both calls the same id; ours differ.
    assert_eq!(
        results(&outcome.new_items),
        ["a: quick for ann", "a_2: quick for ann"]
    );
    let told = |line: &String| line.starts_with("called") || line.starts_with("finished");
    let told: Vec<String> = notes.lines().into_iter().filter(told).collect();
    assert_eq!(
        told,
        [
            "called a quick -",
            "finished a quick ok: quick for ann",
            "called a_2 quick -",
            "finished a_2 quick ok: quick for ann",
        ]
    );
}

#[tokio::test]
async fn equal_call_ids_of_one_reply_become_different_ones() {
    let model = PlayedModel::new(vec![
        calls(&[
            ("", "x", "{}"),
            ("same", "x", "{}"),
            ("same", "x", "{}"),
            ("", "x", "{}"),
        ]),
        says("Done."),
    ]);
    let (outcome, notes) = play(agent(&model, vec![])).await;

    let told: Vec<String> = notes
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("called"))
        .collect();
    assert_eq!(
        told,
        [
            "called call x -",
            "called same x -",
            "called same_2 x -",
            "called call_2 x -"
        ]
    );
    let not_found = |id: &str| format!("{id}: tool not found: x");
    let expected = ["call", "same", "same_2", "call_2"].map(not_found);
    assert_eq!(results(&outcome.unwrap().new_items), expected);
}

#[tokio::test]
async fn a_reply_that_was_cut_short_ends_the_run_with_its_calls_answered() {
    let output = vec![
        Item::assistant("Let me"),
        Item::function_call("a", "quick", "{\"x"),
    ];
    let cut = Play::Event(Event::Incomplete {
        reason: "max_output_tokens".to_owned(),
        usage: usage(7),
        output: output.clone(),
    });
    let model = PlayedModel::new(vec![vec![cut]]);
    let (outcome, notes) = play(agent(&model, vec![function_tool("quick", "", quick)])).await;

    let why = "the call was not made, because the response was cut short: max_output_tokens";
    let answered = [output, vec![Item::function_call_output("a", why)]].concat();
    let expected = RunOutcome {
        ended: Ended::Incomplete {
            reason: "max_output_tokens".to_owned(),
        },
        agent: "desk".to_owned(),
        output: None,
        cost: None,
        usage: usage(7),
        new_items: answered,
    };
    assert_eq!(outcome, Ok(expected));
    assert_eq!(
        notes.lines(),
        [
            "model 1",
            "text 1.0",
            "text 1.0 = Let me 0",
            "called a quick -",
            "arguments a {\"x",
            "step 1: 2 items, 7 tokens",
            &format!("result a a: {why}"),
            &format!("finished a quick error: {why}"),
        ]
    );
}

#[tokio::test]
async fn a_refusal_is_shown_and_ends_the_run_as_one() {
    let refusal = Item::Message(Message {
        id: None,
        role: Role::Assistant,
        content: vec![ContentPart::Refusal {
            refusal: "I won't.".to_owned(),
        }],
        extra: Map::new(),
    });
    let refuses = Play::Event(Event::RefusalDelta {
        index: 0,
        part: 0,
        delta: "I won't.".to_owned(),
    });
    let model = PlayedModel::new(vec![vec![refuses, completed(vec![refusal])]]);
    let (outcome, notes) = play(agent(&model, vec![])).await;
    assert_eq!(outcome.unwrap().ended, Ended::Refused);
    assert_eq!(
        notes.lines()[1..4],
        [
            "text 1.0",
            "text 1.0 part 0 + I won't.",
            "text 1.0 = I won't. 0"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_ends_the_run_with_what_it_began_left_open() {
    let broken = Error::new(ErrorKind::Overloaded, "503 from upstream");
    let begun = || vec![added(0, Item::assistant("")), delta(0, "Good")];
    let with = |last: Play| [begun(), vec![last]].concat();
    let cases = [
        (
            with(Play::Fail(broken.clone())),
            ErrorKind::Overloaded,
            "503 from upstream",
        ),
        (
            begun(),
            ErrorKind::Protocol,
            "the model's events ended before its answer did",
        ),
        (
            with(Play::Silence),
            ErrorKind::Timeout,
            "no event from the model for 300 s",
        ),
        (
            with(delta(0, &"x".repeat(97))),
            ErrorKind::Protocol,
            "a response longer than 100 bytes",
        ),
    ];
    for (plays, kind, detail) in cases {
        let model = PlayedModel::new(vec![plays]);
        let mut agent = agent(&model, vec![]);
        agent.limits.max_response_bytes = 100;
        let (outcome, notes) = play(agent).await;
        assert_eq!(outcome, Err(RunError::Model(Error::new(kind, detail))));
        assert_eq!(
            notes.lines(),
            ["model 1", "text 1.0", "text 1.0 part 0 + Good"],
            "{detail}"
        );
    }
}

#[test]
fn what_the_user_reads_of_an_error_has_nothing_of_its_detail() {
    let kinds = [
        ErrorKind::Connect,
        ErrorKind::Timeout,
        ErrorKind::RateLimited,
        ErrorKind::Overloaded,
        ErrorKind::Unauthorized,
        ErrorKind::InvalidRequest,
        ErrorKind::Protocol,
        ErrorKind::Failed,
    ];
    for kind in kinds {
        let error = RunError::Model(Error::new(kind, "host db7 says no"));
        assert!(
            !format!("{} {error}", error.user_message()).contains("db7"),
            "{kind:?}"
        );
        assert_eq!(error.detail(), "host db7 says no");
    }
}

#[tokio::test]
async fn calls_that_were_left_without_a_result_are_answered_before_the_model_reads_them() {
    let model = PlayedModel::new(vec![says("Go on.")]);
    let input = vec![
        Item::function_call_output("lost", "nobody asked"),
        Item::function_call("old", "quick", "{}"),
        Item::user("hello"),
    ];
    let agents = Agents::of(agent(&model, vec![]));
    run(&agents, input, context(), &mut Notes::default())
        .await
        .unwrap();

    let interrupted = "the call was interrupted; whether it had an effect is not known";
    let expected = [
        Item::function_call("old", "quick", "{}"),
        Item::function_call_output("old", interrupted),
        Item::user("hello"),
    ];
    assert_eq!(model.request(0).input, expected);
}
