//! What the model reads again of a thread: the newest of it, in roles, in pairs, within its size.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::Frame;
use frontdesk_chat::assistant::{Assistant, AssistantOptions, HistoryLimits, TurnContext};
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_model::{Event, Model};
use frontdesk_protocol::{ThreadId, ThreadItem};
use serde_json::{Value, json};

use crate::desk::{Desk, add, create, plain, read_all, read_until, resuming, thread_of};
use crate::model::{Told, calls, says};

async fn weather(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Ok("rain ".repeat(2_000))
}

async fn waits(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    std::future::pending().await
}

fn desk(model: &Arc<Told>, limits: HistoryLimits) -> Desk {
    let mut agent = Agent::new("assistant", "Be brief.", model.clone() as Arc<dyn Model>);
    let tools = vec![
        function_tool("get_weather", "Tells the weather.", weather),
        function_tool("wait", "Takes its time.", waits),
    ];
    let tools = FunctionTools::new("sky", tools);
    agent.toolsets.push(Arc::new(tools));
    let options = AssistantOptions {
        history: limits,
        ..AssistantOptions::default()
    };
    let agents = Agents::of(agent);
    Desk::new(Arc::new(Assistant::with_options(agents, options)))
}

async fn turn(desk: &Desk, request: Value) -> Vec<Frame> {
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await
}

/// A thread with these items, to which one more message is added; gives what the model then reads.
async fn read_after(items: Value) -> Vec<String> {
    let model = Told::new([says("Hi."), says("Fine.")]);
    let desk = desk(&model, HistoryLimits::default());
    let thread = thread_of(&turn(&desk, create("Hello")).await);
    let items = stored(&thread, &items);
    let scope = plain().scope();
    assert!(desk.store.put_items(&scope, &thread, items).await.unwrap());
    turn(&desk, add(&thread, "And now?")).await;
    let mut read = model.read(1);
    assert_eq!(
        read.drain(..2).collect::<Vec<_>>(),
        ["User: Hello", "Assistant: Hi."]
    );
    assert_eq!(read.pop().unwrap(), "User: And now?");
    read
}

fn stored(thread: &ThreadId, items: &Value) -> Vec<ThreadItem> {
    let complete = |(number, mut item): (usize, Value)| {
        item["id"] = json!(format!("seed_{number:03}"));
        item["thread_id"] = json!(thread);
        item["created_at"] = json!(SystemClock.now());
        serde_json::from_value(item).unwrap()
    };
    let items = items.as_array().unwrap().clone();
    items.into_iter().enumerate().map(complete).collect()
}

#[tokio::test]
async fn check_06_the_newest_items_are_read_in_roles_and_the_current_message_once() {
    let model = Told::new((0..30).map(|number| says(&format!("answer {number}"))));
    let limits = HistoryLimits {
        items: 40,
        ..HistoryLimits::default()
    };
    let desk = desk(&model, limits);
    let thread = thread_of(&turn(&desk, create("message 0")).await);
    for number in 1..30 {
        turn(&desk, add(&thread, &format!("message {number}"))).await;
    }
    let newest = (10..29).flat_map(|n| {
        [
            format!("User: message {n}"),
            format!("Assistant: answer {n}"),
        ]
    });
    let expected: Vec<String> = std::iter::once("Assistant: answer 9".to_owned())
        .chain(newest)
        .chain(["User: message 29".to_owned()])
        .collect();
    assert_eq!(model.read(29), expected);
    for (number, request) in model.asked.lock().unwrap().iter().enumerate() {
        let current = format!("message {number}");
        let said = request
            .input
            .iter()
            .filter(|item| format!("{item:?}").contains(&format!("{current:?}")));
        assert_eq!(said.count(), 1, "{current}");
    }
}

#[tokio::test]
async fn a_stopped_answer_is_read_as_far_as_it_was_seen() {
    let mut half = says("one two three");
    half.truncate(3);
    half.push(Ok(Event::Unknown(json!({"type": "whatever"}))));
    let model = Told::new([half]);
    // After its last event the stream of a stopped answer stays open.
    let desk = desk(&model, HistoryLimits::default());
    let (_, mut reader) = desk.begin(create("Count."), &plain()).await;
    let seen = read_until(&mut reader, |event| event["update"]["delta"] == "two ").await;
    let thread = thread_of(&seen);
    drop(reader);
    model.answers.lock().unwrap().push_back(says("Fine."));
    turn(&desk, add(&thread, "Go on.")).await;
    let read = model.read(1);
    assert_eq!(read[..2], ["User: Count.", "Assistant: one two "]);
    assert!(
        read[2].starts_with("Developer: The user stopped the answer here"),
        "{read:?}"
    );
    assert_eq!(read[3..], ["User: Go on."]);
}

#[tokio::test]
async fn a_stop_keeps_finished_results_and_tells_of_calls_that_were_not_finished() {
    let model = Told::new([calls(&["get_weather", "wait"])]);
    let desk = desk(&model, HistoryLimits::default());
    let (id, mut reader) = desk.begin(create("Weather?"), &resuming()).await;
    let finished = |event: &Value| event["update"]["task"]["status_indicator"] == "complete";
    let thread = thread_of(&read_until(&mut reader, finished).await);
    desk.service.stop(&resuming(), &id).await.unwrap();
    model.answers.lock().unwrap().push_back(says("Fine."));
    turn(&desk, add(&thread, "Go on.")).await;
    let read = model.read(1);
    let shape: Vec<&str> = read
        .iter()
        .map(|line| {
            line.split_once(' ')
                .map_or(line.as_str(), |(first, _)| first)
        })
        .collect();
    assert_eq!(
        shape,
        [
            "User:",
            "reasoning",
            "call",
            "call",
            "result",
            "result",
            "Developer:",
            "User:"
        ]
    );
    assert!(read[4].contains("rain rain"), "{read:?}");
    assert!(
        read[5].contains("the user stopped the answer before this call was finished"),
        "{read:?}"
    );
}

#[tokio::test]
async fn every_kind_of_item_is_told() {
    let custom =
        |title: &str, content: &str| json!({"type": "custom", "title": title, "content": content});
    let cases = [
        (
            json!([{
                "type": "user_message", "inference_options": {}, "attachments": [
                    {"type": "file", "id": "atc_1", "name": "plan.pdf", "mime_type": "application/pdf"}],
                "quoted_text": "one\ntwo",
                "content": [
                    {"type": "input_text", "text": "Close "},
                    {"type": "input_tag", "id": "task_1", "text": "Buy milk", "group": "Tasks", "data": {"due": "today"}},
                    {"type": "input_text", "text": ", really "},
                    {"type": "input_tag", "id": "task_1", "text": "Buy milk", "data": {}}],
            }]),
            vec![
                "User: > one\n> two\n\nClose @Buy milk, really @Buy milk\n[@Buy milk is {\"data\":{\"due\":\"today\"},\"group\":\"Tasks\",\"id\":\"task_1\"}]\n[attached: plan.pdf (application/pdf)]",
            ],
        ),
        (
            json!([{"type": "widget", "widget": {"type": "Card", "children": []}}]),
            vec![
                "User: [The user was shown this widget (id seed_000): {\"children\":[],\"type\":\"Card\"}]",
            ],
        ),
        (
            json!([{"type": "workflow", "workflow": {"type": "custom", "expanded": false, "tasks": [
                custom("Looked up", "3 tasks"), {"type": "thought", "content": "hm"}, custom("", "Done")]}}]),
            vec!["User: [The user was shown that this was done:\n- Looked up: 3 tasks\n- Done]"],
        ),
        (
            json!([{"type": "task", "task": custom("Sent", "")}]),
            vec!["User: [The user was shown that this was done:\n- Sent]"],
        ),
        (
            json!([{"type": "generated_image", "image": {"id": "i", "url": "https://img.example/1.png"}}, {"type": "generated_image"}]),
            vec!["User: [The assistant made this image, and the user was shown it.]"],
        ),
        (
            json!([{"type": "hidden_context_item", "content": {"plan": "free"}}, {"type": "sdk_hidden_context", "content": "note"}]),
            vec!["Developer: {\"plan\":\"free\"}", "Developer: note"],
        ),
        (
            json!([{"type": "structured_input", "status": "answered", "inputs": [
                {"type": "freeform", "id": "a", "question": "Who?", "answer": {"values": ["Ann"]}},
                {"type": "multiple_choice", "id": "b", "question": "When?", "options": [], "answer": {"skipped": true}},
                {"type": "freeform", "id": "c", "question": "Why?"}]}]),
            vec![
                "User: The user was asked, and answered:\n- Who?: Ann\n- When?: (skipped)\n- Why?: (not answered)",
            ],
        ),
        (
            json!([
                {"type": "client_tool_call", "status": "completed", "call_id": "c", "name": "pick", "arguments": {"n": 1}, "output": {"x": 2}},
                {"type": "client_tool_call", "status": "completed", "call_id": "c", "name": "pick", "arguments": {}},
                {"type": "client_tool_call", "status": "pending", "call_id": "d", "name": "pick", "arguments": {}}]),
            vec![
                "call pick {\"n\":1}",
                "result \"{\\\"x\\\":2}\"",
                "call pick {}",
                "result \"null\"",
            ],
        ),
        (
            json!([{"type": "end_of_turn"}, {"type": "of_tomorrow", "text": "?"}]),
            vec![],
        ),
    ];
    for (items, expected) in cases {
        assert_eq!(read_after(items.clone()).await, expected, "{items}");
    }
}

#[tokio::test]
async fn older_results_are_shortened_and_then_the_oldest_exchanges_left_out() {
    let run = || [calls(&["get_weather"]), says("Rain.")];
    let answers = || run().into_iter().chain(run()).chain([says("Bye.")]);
    // A result has 10,000 bytes, a guess of 2,500 tokens.
    for (tokens, expected) in [
        (
            100_000,
            "User reasoning whole Rain User reasoning whole Rain User",
        ),
        (
            2_700,
            "User reasoning short Rain User reasoning whole Rain User",
        ),
        (
            400,
            "User reasoning short Rain User reasoning short Rain User",
        ),
        (200, "User reasoning short Rain User"),
        (1, "User"),
    ] {
        let model = Told::new(answers());
        let limits = HistoryLimits {
            tokens,
            ..HistoryLimits::default()
        };
        let desk = desk(&model, limits);
        let thread = thread_of(&turn(&desk, create("Weather?")).await);
        turn(&desk, add(&thread, "Weather?")).await;
        turn(&desk, add(&thread, "Thanks")).await;
        let read = model.read(4);
        let shape = read
            .iter()
            .filter(|line| !line.starts_with("call"))
            .map(|line| {
                if line.starts_with("result") && line.contains("left out") {
                    assert!(line.len() < 600);
                    "short"
                } else if line.starts_with("result") {
                    "whole"
                } else if line.starts_with("Assistant") {
                    "Rain"
                } else {
                    line.split(':').next().unwrap()
                }
            });
        assert_eq!(
            shape.collect::<Vec<_>>().join(" "),
            expected,
            "{tokens}: {read:?}"
        );
        assert_eq!(read.last().unwrap(), "User: Thanks");
    }
}
