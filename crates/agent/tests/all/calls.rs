//! Single calls: whatever goes wrong goes back to the model, and harms no other call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use frontdesk_agent::{
    AgentEvent, Agents, Ended, MAX_USER_MESSAGE_BYTES, NoArguments, Progress, ToolContext,
    ToolError, function_tool, run,
};
use frontdesk_model::Item;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::scene::{
    Desk, Notes, PlayedModel, agent, calls, context, play, principal, results, says,
};

#[derive(Deserialize, JsonSchema)]
struct Sum {
    /// The first number.
    left: i64,
    right: i64,
}

#[derive(Serialize)]
struct Total {
    total: i64,
}

async fn add(sum: Sum, _: ToolContext<Desk>) -> Result<Total, ToolError> {
    Ok(Total {
        total: sum.left.wrapping_add(sum.right),
    })
}

async fn fail(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
    Err(ToolError::new(
        "the printer is out of paper",
        "lpd at 10.0.0.7: status 31",
    ))
}

async fn crash(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
    panic!("secret of the crash")
}

async fn hang(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
    std::future::pending().await
}

async fn greet(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
    Ok(format!("hello {}", context.principal.user))
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fails_tells_the_model_why_and_harms_no_other() {
    let cases = [
        (
            "add_task",
            "{}",
            "tool not found: add_task; near names: add",
        ),
        ("unheard", "{}", "tool not found: unheard"),
        (
            "add",
            "{\"left\":",
            "the arguments are not JSON: EOF while parsing a value at line 1 column 8",
        ),
        ("add", "[1, 2]", "the arguments are not a JSON object"),
        (
            "add",
            "",
            "the arguments don't fit the tool's schema: \"left\" is a required property; \"right\" is a required property",
        ),
        (
            "add",
            "{\"left\": \"two\", \"right\": 3}",
            "the arguments don't fit the tool's schema: \"two\" is not of type \"integer\" at /left",
        ),
        ("fail", "{}", "the printer is out of paper"),
        ("crash", "{}", "the tool failed unexpectedly"),
        ("hang", "{}", "tool timed out after 60 s"),
    ];
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let mut asked: Vec<(&str, &str, &str)> = ids
        .iter()
        .zip(cases)
        .map(|(id, (tool, arguments, _))| (*id, tool, arguments))
        .collect();
    asked.push(("ok", "add", "{\"left\": 2, \"right\": 3}"));
    asked.push(("empty", "greet", " "));
    let model = PlayedModel::new(vec![calls(&asked), says("Done.")]);
    let tools = vec![
        function_tool("add", "Adds.", add),
        function_tool("fail", "Fails.", fail),
        function_tool("crash", "Crashes.", crash),
        function_tool("hang", "Hangs.", hang),
        function_tool("greet", "Greets.", greet),
    ];
    let (outcome, notes) = play(agent(&model, tools)).await;

    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Answered);
    let mut expected: Vec<String> = ids
        .iter()
        .zip(cases)
        .map(|(id, (_, _, text))| format!("{id}: {text}"))
        .collect();
    expected.push("ok: {\"total\":5}".to_owned());
    expected.push("empty: hello ann".to_owned());
    assert_eq!(results(&outcome.new_items), expected);
    let lines = notes.lines();
    for (id, (tool, _, text)) in ids.iter().zip(cases) {
        assert!(
            lines.contains(&format!("finished {id} {tool} error: {text}")),
            "{id}: {lines:#?}"
        );
    }
    assert!(lines.contains(&"finished ok add ok: {\"total\":5}".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_alone_is_to_read_is_told_and_reaches_no_model() {
    async fn locked(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        let error = ToolError::new("the mailbox is not connected", "no token");
        Err(error.with_user_message("Open https://desk.example/connect first."))
    }
    async fn wordy(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        let text = "x".repeat(MAX_USER_MESSAGE_BYTES + 1);
        Err(ToolError::plain("no").with_user_message(text))
    }
    let model = PlayedModel::new(vec![
        calls(&[("a", "locked", "{}"), ("b", "wordy", "{}")]),
        says("Please connect it."),
    ]);
    let tools = vec![
        function_tool("locked", "Reads mail.", locked),
        function_tool("wordy", "Talks.", wordy),
    ];
    let (outcome, notes) = play(agent(&model, tools)).await;
    let lines = notes.lines();
    let mut finished: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with("finished"))
        .collect();
    finished.sort();
    assert_eq!(
        finished,
        [
            "finished a locked error: the mailbox is not connected \
             for the user: Open https://desk.example/connect first.",
            "finished b wordy error: no",
        ]
    );
    let read = format!("{:?} {:?}", model.request(1), outcome.unwrap());
    assert!(read.contains("not connected") && !read.contains("desk.example"));
    let kept = notes.events.iter().filter(|event| {
        matches!(
            event,
            AgentEvent::StepDone { .. } | AgentEvent::ToolResult { .. }
        )
    });
    assert!(
        kept.into_iter()
            .all(|event| !format!("{event:?}").contains("desk.example"))
    );
}

#[tokio::test(start_paused = true)]
async fn progress_gives_a_call_its_time_again_but_not_for_ever() {
    // Each report comes after 45 s, so the default of 60 s never passes without one.
    async fn work(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
        for part in 1..=4_u8 {
            sleep(Duration::from_secs(45)).await;
            context.progress.report(Progress {
                message: Some(format!("part {part}")),
                fraction: Some(f64::from(part) / 2.0),
            });
        }
        Ok("worked".to_owned())
    }
    let cases = [
        (Duration::from_mins(10), "a: worked", 4),
        (Duration::from_secs(100), "a: tool timed out after 100 s", 2),
    ];
    for (total, result, reports) in cases {
        let model = PlayedModel::new(vec![calls(&[("a", "work", "{}")]), says("Done.")]);
        let mut agent = agent(&model, vec![function_tool("work", "Works.", work)]);
        agent.limits.tool_timeout_total = total;
        let (outcome, notes) = play(agent).await;
        assert_eq!(results(&outcome.unwrap().new_items), [result]);
        let told: Vec<String> = notes
            .lines()
            .into_iter()
            .filter(|line| line.starts_with("progress"))
            .collect();
        let all = [
            "progress a part 1 0.5",
            "progress a part 2 1",
            "progress a part 3 1",
            "progress a part 4 1",
        ];
        assert_eq!(told, all[..reports]);
    }
}

#[tokio::test]
async fn progress_that_nobody_keeps_up_with_is_dropped_and_none_comes_after_the_end() {
    async fn chatter(_: NoArguments, context: ToolContext<Desk>) -> Result<String, ToolError> {
        for _ in 0..10_000 {
            context.progress.report(Progress::default());
        }
        Ok("said".to_owned())
    }
    let model = PlayedModel::new(vec![calls(&[("a", "chatter", "{}")]), says("Done.")]);
    let (_, notes) = play(agent(&model, vec![function_tool("chatter", "", chatter)])).await;
    let lines = notes.lines();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.starts_with("progress"))
            .count(),
        64
    );
    let last = lines.iter().rposition(|line| line.starts_with("progress"));
    assert!(last < lines.iter().position(|line| line.starts_with("result")));
}

#[tokio::test]
async fn long_outputs_are_cut_with_a_note() {
    async fn write(_: NoArguments, _: ToolContext<Desk>) -> Result<String, ToolError> {
        Ok("ä".repeat(100))
    }
    let model = PlayedModel::new(vec![calls(&[("a", "write", "{}")]), says("Done.")]);
    let mut agent = agent(&model, vec![function_tool("write", "Writes.", write)]);
    agent.limits.max_tool_output_bytes = 9;
    let (outcome, _) = play(agent).await;
    let expected = "a: ääää\n[output cut off: these are the first 8 of 200 bytes]";
    assert_eq!(results(&outcome.unwrap().new_items), [expected]);
}

#[tokio::test]
async fn long_arguments_reach_no_tool() {
    let model = PlayedModel::new(vec![
        calls(&[("a", "greet", &format!("{{\"x\": \"{}\"}}", "y".repeat(100)))]),
        says("Done."),
    ]);
    let mut agent = agent(&model, vec![function_tool("greet", "Greets.", greet)]);
    agent.limits.max_arguments_bytes = 64;
    let (outcome, _) = play(agent).await;
    let expected = "a: the arguments are longer than 64 bytes";
    assert_eq!(results(&outcome.unwrap().new_items), [expected]);
}

#[tokio::test(start_paused = true)]
async fn no_more_tools_run_at_once_than_may_and_no_more_calls_are_made() {
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&peak);
    let work = move |_: NoArguments, _: ToolContext<Desk>| {
        let (running, peak) = (Arc::clone(&running), Arc::clone(&peak));
        async move {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, ToolError>("done")
        }
    };
    let asked: Vec<String> = (0..6).map(|number| format!("c{number}")).collect();
    let asked: Vec<(&str, &str, &str)> =
        asked.iter().map(|id| (id.as_str(), "work", "{}")).collect();
    let model = PlayedModel::new(vec![calls(&asked), says("Done.")]);
    let mut agent = agent(&model, vec![function_tool("work", "Works.", work)]);
    agent.limits.max_parallel_tools = 2;
    agent.limits.max_calls = 5;
    let start = Instant::now();
    let (outcome, _) = play(agent).await;

    assert_eq!(highest.load(Ordering::SeqCst), 2);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    let expected = [
        "c0: done",
        "c1: done",
        "c2: done",
        "c3: done",
        "c4: done",
        "c5: too many calls in one response; only 5 were made",
    ];
    assert_eq!(results(&outcome.unwrap().new_items), expected);
}

#[tokio::test]
async fn one_agent_serves_two_users_at_once_and_each_tool_knows_whose_call_it_is() {
    let step = || calls(&[("a", "greet", "{}")]);
    let model = PlayedModel::new(vec![step(), step(), says("Done."), says("Done.")]);
    let agents = Agents::of(agent(
        &model,
        vec![function_tool("greet", "Greets.", greet)],
    ));
    let as_user = |user: &str| {
        let mut context = context();
        context.principal = Arc::new(principal(user));
        let agents = &agents;
        async move {
            run(
                agents,
                vec![Item::user("hello")],
                context,
                &mut Notes::default(),
            )
            .await
        }
    };
    let (ann, bob) = tokio::join!(as_user("ann"), as_user("bob"));
    assert_eq!(results(&ann.unwrap().new_items), ["a: hello ann"]);
    assert_eq!(results(&bob.unwrap().new_items), ["a: hello bob"]);
}
