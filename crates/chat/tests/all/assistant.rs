//! The built-in assistant: what the model reads, what people see, what is kept.

use std::sync::Arc;

use frontdesk_agent::{
    Agent, Agents, FunctionTools, NoArguments, ToolContext, ToolError, function_tool,
};
use frontdesk_chat::Frame;
use frontdesk_chat::assistant::{Assistant, TurnContext};
use frontdesk_model::{Error, ErrorKind, Event, Model, Usage};
use serde_json::{Value, json};

use crate::desk::{Desk, add, create, event, kinds, plain, read_all, thread_of};
use crate::model::{Told, calls, says};

async fn weather(_: NoArguments, cx: ToolContext<TurnContext>) -> Result<Value, ToolError> {
    Ok(json!({"weather": "rain", "for": cx.principal.user}))
}

async fn broken(_: NoArguments, _: ToolContext<TurnContext>) -> Result<String, ToolError> {
    Err(ToolError::new(
        "the sensor is away",
        "sensor at /secret/place",
    ))
}

fn desk(model: &Arc<Told>) -> Desk {
    let mut agent = Agent::new("assistant", "Be brief.", model.clone() as Arc<dyn Model>);
    let tools = vec![
        function_tool("get_weather", "Tells the weather.", weather),
        function_tool("read_sensor", "Reads a sensor.", broken),
    ];
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("sky", tools)));
    Desk::new(Arc::new(Assistant::new(Agents::of(agent))))
}

async fn turn(desk: &Desk, request: Value) -> Vec<Frame> {
    let (_, mut reader) = desk.begin(request, &plain()).await;
    read_all(&mut reader).await
}

#[tokio::test]
async fn text_streams_and_a_new_thread_gets_a_title() {
    let model = Told::new([says("Hello there")]);
    let desk = desk(&model);
    let frames = turn(&desk, create("How are   you?")).await;
    assert_eq!(
        kinds(&frames),
        [
            "thread.created",
            "thread.item.done",
            "stream_options",
            "thread.item.added",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.updated",
            "thread.item.done",
        ]
    );
    assert_eq!(event(&frames[0])["thread"]["title"], "How are you?");
    let updates: Vec<Value> = frames[4..8]
        .iter()
        .map(|frame| event(frame)["update"].clone())
        .collect();
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    assert_eq!(
        updates,
        [
            json!({"type": "assistant_message.content_part.added", "content_index": 0, "content": part("")}),
            json!({"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": "Hello "}),
            json!({"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": "there"}),
            json!({"type": "assistant_message.content_part.done", "content_index": 0, "content": part("Hello there")}),
        ]
    );
    let thread = thread_of(&frames);
    let items = desk.items(&thread, &plain()).await;
    assert_eq!(items[1], event(frames.last().unwrap())["item"]);
    assert_eq!(
        model.asked.lock().unwrap()[0].instructions.as_deref(),
        Some("Be brief.")
    );
}

#[tokio::test]
async fn tools_show_as_a_workflow_and_the_model_reads_them_again() {
    let model = Told::new([
        calls(&["get_weather", "read_sensor"]),
        says("It rains."),
        says("Yes."),
    ]);
    let desk = desk(&model);
    let frames = turn(&desk, create("Weather?")).await;
    let thread = thread_of(&frames);
    let items = desk.items(&thread, &plain()).await;
    let shapes: Vec<&str> = items
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        shapes,
        ["user_message", "workflow", "workflow", "assistant_message"]
    );
    assert_eq!(items[1]["workflow"]["type"], "reasoning");
    assert_eq!(items[1]["workflow"]["tasks"][0]["content"], "Let me look.");
    let tools = &items[2]["workflow"];
    assert_eq!(tools["summary"]["title"], "Used 2 tools");
    let lines: Vec<(&Value, &Value, &Value)> = tools["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (&task["title"], &task["status_indicator"], &task["content"]))
        .collect();
    assert_eq!(
        lines,
        [
            (
                &json!("Get weather"),
                &json!("complete"),
                &json!("→ For: dev · Weather: rain")
            ),
            (
                &json!("Read sensor"),
                &json!("complete"),
                &json!("Failed: the sensor is away")
            ),
        ]
    );
    assert!(
        frames
            .iter()
            .all(|frame| !String::from_utf8_lossy(&frame.json).contains("secret"))
    );

    turn(&desk, add(&thread, "Sure?")).await;
    let result = json!({"weather": "rain", "for": "dev"}).to_string();
    let read = model.read(2);
    assert_eq!(
        read[..4],
        [
            "User: Weather?",
            "reasoning",
            "call get_weather {}",
            "call read_sensor {}"
        ]
    );
    assert!(
        read[4].contains("rain") && read[5].contains("the sensor is away"),
        "{read:?} {result}"
    );
    assert_eq!(read[6..], ["Assistant: It rains.", "User: Sure?"]);
}

#[tokio::test]
async fn a_retry_forgets_what_came_after_the_message() {
    let model = Told::new([calls(&["get_weather"]), says("Rain."), says("Again.")]);
    let desk = desk(&model);
    let frames = turn(&desk, create("Weather?")).await;
    let thread = thread_of(&frames);
    let message = event(&frames[1])["item"]["id"].clone();
    let retry = json!({"type": "threads.retry_after_item", "params": {"thread_id": thread, "item_id": message}});
    turn(&desk, retry).await;
    assert_eq!(model.read(2), ["User: Weather?"]);
    assert_eq!(desk.items(&thread, &plain()).await.len(), 2);
}

#[tokio::test]
async fn a_failing_model_is_told_in_words_that_the_user_understands() {
    let error = Error::new(
        ErrorKind::Overloaded,
        "503 from https://internal.example/v1",
    );
    let mut broken_off = says("one two three");
    broken_off.truncate(3);
    broken_off.push(Err(error.clone()));
    for (answer, texts) in [
        (vec![Err(error)], vec!["very busy"]),
        (broken_off, vec!["one two ", "very busy"]),
    ] {
        let desk = desk(&Told::new([answer]));
        let frames = turn(&desk, create("Hi")).await;
        let last = event(frames.last().unwrap());
        assert_eq!(
            (&last["type"], &last["allow_retry"]),
            (&json!("error"), &json!(true))
        );
        assert!(
            frames
                .iter()
                .all(|frame| !String::from_utf8_lossy(&frame.json).contains("internal"))
        );
        let items = desk.items(&thread_of(&frames), &plain()).await;
        assert_eq!(items.len(), 1 + texts.len(), "{items:?}");
        for (item, text) in items[1..].iter().zip(texts) {
            assert!(
                item["content"][0]["text"].as_str().unwrap().contains(text),
                "{item}"
            );
        }
    }
}

#[tokio::test]
async fn a_model_that_says_nothing_leaves_no_silence() {
    let nothing = vec![
        Ok(Event::Started),
        Ok(Event::Completed {
            usage: Usage::default(),
            output: Vec::new(),
        }),
    ];
    let desk = desk(&Told::new([nothing]));
    let frames = turn(&desk, create("Hi")).await;
    let items = desk.items(&thread_of(&frames), &plain()).await;
    assert_eq!(items[1]["type"], "assistant_message");
}
