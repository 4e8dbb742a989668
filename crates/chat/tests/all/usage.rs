//! Tokens of a day: counted with each turn's end, and bounded.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, Progress, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_chat::{ChatError, Client, TurnReader};
use frontdesk_clock::{Clock, ManualClock, Timestamp};
use frontdesk_model::{Error, ErrorKind, Model};
use frontdesk_protocol::ThreadId;
use frontdesk_store::{TurnId, UtcDay};
use serde_json::json;

use crate::desk::{
    Desk, PATIENCE, add, context, create, plain, read_all, read_until, resuming, thread_of,
};
use crate::model::{Told, calls, says};

async fn look(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Ok("seen".to_owned())
}

async fn wait(_: NoArguments, cx: ToolContext<TurnContext>) -> Result<String, ToolError> {
    cx.progress.report(Progress {
        message: Some("waiting".to_owned()),
        fraction: None,
    });
    std::future::pending().await
}

fn desk(model: &Arc<Told>, clock: &Arc<ManualClock>, tokens_per_day: Option<u64>) -> Desk {
    let mut agent = Agent::new("assistant", "", model.clone() as Arc<dyn Model>);
    let tools = vec![
        function_tool("look", "Looks.", look),
        function_tool("wait", "Waits.", wait),
    ];
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("eyes", tools)));
    let clock: Arc<dyn Clock> = clock.clone();
    Desk::built(Arc::new(Assistant::new(Agents::of(agent))), |parts| {
        parts.options.limits.tokens_per_day = tokens_per_day;
        parts.clock = clock;
    })
}

fn midnight(micros_before: i64) -> Arc<ManualClock> {
    let time = Timestamp::from_microsecond(86_400_000_000 - micros_before).unwrap();
    Arc::new(ManualClock::at(time))
}

async fn used(desk: &Desk, clock: &ManualClock) -> u64 {
    let today = UtcDay::of(clock.now());
    let used = desk.store.tokens_used(&plain().scope(), today).await;
    used.unwrap()
}

/// Begins a turn and waits until its tool hangs; the step that called it is counted by then.
async fn hang(desk: &Desk) -> (TurnId, TurnReader, ThreadId) {
    let (turn, mut reader) = desk.begin(create("wait"), &resuming()).await;
    let seen = read_until(&mut reader, |event| {
        event["update"]["task"]["content"] == "waiting"
    })
    .await;
    (turn, reader, thread_of(&seen))
}

#[tokio::test]
async fn every_model_call_counts_however_the_turn_ends() {
    let clock = midnight(1_000_000);
    let broken = vec![Err(Error::new(ErrorKind::Overloaded, "busy"))];
    let model = Told::new([
        calls(&["look"]),
        says("Done."),
        calls(&["look"]),
        broken,
        calls(&["wait"]),
        calls(&["wait"]),
    ]);
    let desk = desk(&model, &clock, None);
    for (request, in_all) in [("answered", 20), ("failed", 30)] {
        let (_, mut reader) = desk.begin(create(request), &plain()).await;
        read_all(&mut reader).await;
        assert_eq!(used(&desk, &clock).await, in_all, "{request}");
    }

    let (turn, _reader, _) = hang(&desk).await;
    desk.service.stop(&resuming(), &turn).await.unwrap();
    assert_eq!(used(&desk, &clock).await, 40, "stopped");

    let (_, _reader, thread) = hang(&desk).await;
    let delete = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    desk.json(delete, &resuming()).await;
    let counted = async {
        while used(&desk, &clock).await != 50 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();
    let other = context("elsewhere", "dev", Client::Plain).scope();
    let today = UtcDay::of(clock.now());
    assert_eq!(desk.store.tokens_used(&other, today).await.unwrap(), 0);
}

/// Who always leaves before the end would never reach a limit otherwise.
#[tokio::test]
async fn an_answer_that_is_broken_off_counts_as_much_as_it_seems_to() {
    let clock = midnight(1_000_000);
    let begun = |text: &str| {
        let mut events = says(text);
        events.truncate(2);
        events
    };
    let word = "x".repeat(400);
    let model = Told::new([begun(&word), begun(&word), says("Done.")]);
    let desk = desk(&model, &clock, None);
    let question = "y".repeat(4_000);
    let (turn, mut reader) = desk.begin(create(&question), &resuming()).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == word).await;
    desk.service.stop(&resuming(), &turn).await.unwrap();
    let once = used(&desk, &clock).await;
    assert!((1_100..1_200).contains(&once), "{once}");

    // A client that just goes away.
    let (_, mut reader) = desk.begin(create(&question), &plain()).await;
    read_until(&mut reader, |event| event["update"]["delta"] == word).await;
    drop(reader);
    let counted = async {
        while used(&desk, &clock).await != 2 * once {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.unwrap();

    let (_, mut reader) = desk.begin(add(&thread_of(&seen), "go on"), &plain()).await;
    read_all(&mut reader).await;
    assert_eq!(
        used(&desk, &clock).await,
        2 * once + 10,
        "what is told is exact"
    );
}

#[tokio::test]
async fn who_has_used_up_the_day_is_told_when_it_is_over() {
    let clock = midnight(90_500_000);
    let model = Told::new((0..4).map(|_| says("Done.")));
    let desk = desk(&model, &clock, Some(20));
    let cx = plain();
    let (_, mut reader) = desk.begin(create("one"), &cx).await;
    let thread = thread_of(&read_all(&mut reader).await);
    let (_, mut reader) = desk.begin(add(&thread, "two"), &cx).await;
    read_all(&mut reader).await;
    let before = format!("{:?}", desk.store);
    for request in [create("three"), add(&thread, "three")] {
        let refused = desk.ask(request, &cx).await.err().unwrap();
        assert!(matches!(refused, ChatError::TooMany { .. }), "{refused:?}");
        assert_eq!(
            (refused.status(), refused.retry_after()),
            (429, Some(Duration::from_millis(90_500)))
        );
    }
    assert_eq!(format!("{:?}", desk.store), before);
    let other = context("default", "other", Client::Plain);
    let (_, mut reader) = desk.begin(create("mine"), &other).await;
    read_all(&mut reader).await;

    clock.advance(Duration::from_millis(90_500));
    let (_, mut reader) = desk.begin(add(&thread, "three"), &cx).await;
    read_all(&mut reader).await;
    assert_eq!(used(&desk, &clock).await, 10);
}
