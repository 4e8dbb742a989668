//! Stopping: by the token, by the observer, by dropping the run. The model call and the tools are gone at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use frontdesk_agent::{
    Agent, Agents, FunctionTool, NoArguments, RunError, ToolContext, ToolError, function_tool, run,
};
use frontdesk_model::Item;

use crate::scene::{Desk, Dropped, Notes, Play, PlayedModel, added, agent, calls, context, delta};

/// A tool that never ends, and counts when it is dropped and when its token is cancelled.
fn hang(dropped: &Arc<AtomicUsize>) -> FunctionTool<Desk> {
    let dropped = Arc::clone(dropped);
    function_tool(
        "hang",
        "Hangs.",
        move |_: NoArguments, _: ToolContext<Desk>| {
            let guard = Dropped(Arc::clone(&dropped));
            async move {
                let _guard = guard;
                std::future::pending::<Result<String, ToolError>>().await
            }
        },
    )
}

fn streaming() -> Arc<PlayedModel> {
    PlayedModel::new(vec![vec![
        added(0, Item::assistant("")),
        delta(0, "one"),
        delta(0, "two"),
        Play::Silence,
    ]])
}

fn calling() -> Arc<PlayedModel> {
    PlayedModel::new(vec![calls(&[("a", "hang", "{}"), ("b", "hang", "{}")])])
}

async fn hear(agent: Agent<Desk>, mut notes: Notes) -> (Result<(), RunError>, Vec<String>) {
    let mut context = context();
    if let Some((_, cancel)) = &notes.cancel_at {
        context.cancel = cancel.clone();
    }
    let outcome = run(
        &Agents::of(agent),
        vec![Item::user("hello")],
        context,
        &mut notes,
    )
    .await;
    (outcome.map(|_| ()), notes.lines())
}

#[tokio::test]
async fn a_run_stops_while_the_model_writes() {
    let by_token = Notes {
        cancel_at: Some(("text 1.0 part 0 + one", context().cancel)),
        ..Notes::default()
    };
    let by_observer = Notes {
        stop_at: Some("text 1.0 part 0 + one"),
        ..Notes::default()
    };
    for notes in [by_token, by_observer] {
        let model = streaming();
        let (outcome, lines) = hear(agent(&model, vec![]), notes).await;
        assert_eq!(outcome, Err(RunError::Stopped));
        assert_eq!(lines, ["model 1", "text 1.0", "text 1.0 part 0 + one"]);
        assert_eq!(model.dropped.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_stops_while_tools_work() {
    let model = calling();
    let dropped = Arc::new(AtomicUsize::new(0));
    let agents = Agents::of(agent(&model, vec![hang(&dropped)]));
    let context = context();
    let cancel = context.cancel.clone();
    let mut notes = Notes::default();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(
        run(&agents, vec![Item::user("hello")], context, &mut notes),
        stop
    );
    assert_eq!(outcome, Err(RunError::Stopped));
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    let lines = notes.lines();
    let last = [
        "step 1: 2 items, 10 tokens",
        "effect of a ahead",
        "effect of b ahead",
    ];
    assert_eq!(lines[lines.len() - 3..], last);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_run_drops_its_tools_and_cancels_their_tokens() {
    let model = PlayedModel::new(vec![calls(&[("a", "hang", "{}"), ("b", "keep", "{}")])]);
    let dropped = Arc::new(AtomicUsize::new(0));
    let (given, mut kept) = tokio::sync::mpsc::channel(1);
    let keep = move |_: NoArguments, context: ToolContext<Desk>| {
        let given = given.clone();
        async move {
            given.try_send(context.cancel).unwrap();
            std::future::pending::<Result<String, ToolError>>().await
        }
    };
    let tools = vec![hang(&dropped), function_tool("keep", "Keeps.", keep)];
    let agents = Agents::of(agent(&model, tools));
    let mut notes = Notes::default();
    let running = run(&agents, vec![Item::user("hello")], context(), &mut notes);
    assert!(
        tokio::time::timeout(Duration::from_secs(1), running)
            .await
            .is_err()
    );

    // What the tool has started elsewhere learns of it.
    let token = kept.recv().await.unwrap();
    let told = tokio::time::timeout(Duration::from_secs(1), token.cancelled()).await;
    assert_eq!(told, Ok(()));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_run_that_was_cancelled_before_it_began_asks_nobody() {
    let model = streaming();
    let agents = Agents::of(agent(&model, vec![]));
    let context = context();
    context.cancel.cancel();
    let mut notes = Notes::default();
    let outcome = run(&agents, vec![Item::user("hello")], context, &mut notes).await;
    assert_eq!(outcome, Err(RunError::Stopped));
    assert!(notes.events.is_empty());
    assert!(model.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_result_that_could_not_be_stored_is_not_shown() {
    let notes = Notes {
        stop_at: Some("result a"),
        ..Notes::default()
    };
    let model = PlayedModel::new(vec![calls(&[("a", "unheard", "{}")])]);
    let (outcome, lines) = hear(agent(&model, vec![]), notes).await;
    assert_eq!(outcome, Err(RunError::Stopped));
    assert_eq!(lines.last().unwrap(), "result a a: tool not found: unheard");
}
