//! The scripted model, turn by turn: what it says and calls, from the conversation alone.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_model::scripted::{Script, Scripted};
use frontdesk_model::{
    Error, ErrorKind, Event, FunctionCall, Item, Message, Model, Request, Schema, Strictness,
    ToolChoice, ToolDefinition, Usage,
};
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::server::collect;

const SCRIPT: &str = r#"
intro = "I am a script, not an AI. Try: {{ examples | join(', ') }}."
otherwise = "No rule for “{{ message }}”. {{ intro }}"
tool_results = "json"

[[rule]]
when = '(?i)^add (?:a )?task:? *(?<title>.+?)(?: by (?<due>\d+))?$'
example = "Add a task: buy milk"
on_error = "Not added: {{ error.message }}"
[[rule.step]]
say = "Adding it."
[[rule.step]]
call = { tool = "add_task", arguments = { title = "{{ match.title }}", day = "{{ match.due | int if match.due else match.due }}", tags = ["a", "{{ match.title | length }}"], done = false, note = "see {{ match.title }}!" } }
[[rule.step]]
say = "Added “{{ results.add_task.title }}”."

[[rule]]
when = '(?i)complete the first'
[[rule.step]]
if = "not earlier.list_tasks.tasks"
call = { tool = "list_tasks" }
[[rule.step]]
if = "not (results.list_tasks or earlier.list_tasks).tasks"
say = "There is none."
[[rule.step]]
if = "(results.list_tasks or earlier.list_tasks).tasks"
call = { tool = "complete_task", arguments = { id = "{{ (results.list_tasks or earlier.list_tasks).tasks[0].id }}" } }
[[rule.step]]
if = "results.complete_task"
say = "Completed {{ results.complete_task.id }}."

[[rule]]
when = '(?i)complete all'
[[rule.step]]
call = { tool = "list_tasks" }
[[rule.step]]
call = { tool = "complete_task", each = "results.list_tasks.tasks", arguments = { id = "{{ item.id }}" } }
[[rule.step]]
say = "{{ outputs | length - 1 }} completed."

[[rule]]
when = '(?i)^both$'
[[rule.step]]
calls = [{ tool = "list_tasks" }, { tool = "add_task", arguments = { title = "x" } }]

[[rule]]
when = '(?i)^broken$'
[[rule.step]]
say = "{{ results.nothing.there }}"
"#;

fn model(script: &str) -> Scripted {
    Scripted::new(Script::from_toml(script).unwrap())
}

fn request(input: &[Item]) -> Request {
    let tools = ["add_task", "list_tasks", "complete_task"].map(|name| ToolDefinition {
        name: name.to_owned(),
        description: String::new(),
        parameters: Schema::new(json!({"type": "object"})),
        strict: Strictness::Lenient,
    });
    Request {
        input: input.to_vec(),
        tools: Arc::new(tools),
        ..Request::default()
    }
}

/// What a request brings: the text, and the calls.
async fn answer(request: Request) -> (String, Vec<FunctionCall>) {
    let (events, error) = collect(&model(SCRIPT), request).await;
    assert_eq!(error, None);
    let Some(Event::Completed { output, .. }) = events.last() else {
        panic!("no end: {events:?}");
    };
    let (mut text, mut calls) = (String::new(), Vec::new());
    for item in output {
        match item {
            Item::Message(message) => text.push_str(&message.text()),
            Item::FunctionCall(call) => calls.push(call.clone()),
            other => panic!("neither text nor call: {other:?}"),
        }
    }
    (text, calls)
}

/// Lets a whole turn run: calls are answered by `tools`, and the conversation grows as an agent would let it grow.
async fn turn(
    input: &mut Vec<Item>,
    message: &str,
    tools: impl Fn(&str, Value) -> Value,
) -> (String, Vec<String>) {
    input.push(Item::user(message));
    let mut called = Vec::new();
    for _ in 0..5 {
        let (text, calls) = answer(request(input)).await;
        if !text.is_empty() {
            input.push(Item::assistant(text.clone()));
        }
        input.extend(calls.iter().cloned().map(Item::FunctionCall));
        for call in &calls {
            called.push(format!("{} {}", call.name, call.arguments));
            let output = match tools(&call.name, serde_json::from_str(&call.arguments).unwrap()) {
                Value::String(text) => text,
                value => value.to_string(),
            };
            input.push(Item::function_call_output(&call.call_id, output));
        }
        if calls.is_empty() {
            return (text, called);
        }
    }
    panic!("the turn doesn't end: {input:?}");
}

fn two_tasks(tool: &str, arguments: Value) -> Value {
    match tool {
        "list_tasks" => json!({"tasks": [{"id": 7}, {"id": 8}]}),
        _ => arguments,
    }
}

#[tokio::test]
async fn a_tool_turn_from_the_match_to_the_result() {
    let mut input = Vec::new();
    let (text, called) = turn(&mut input, "Add a task: buy milk", two_tasks).await;
    assert_eq!(text, "Added “buy milk”.");
    assert_eq!(
        called,
        [r#"add_task {"done":false,"note":"see buy milk!","tags":["a",8],"title":"buy milk"}"#]
    );
    let said: Vec<String> = input
        .iter()
        .filter_map(|item| match item {
            Item::Message(message) => Some(message.text()),
            _ => None,
        })
        .collect();
    assert_eq!(
        said,
        ["Add a task: buy milk", "Adding it.", "Added “buy milk”."]
    );

    let (_, called) = turn(&mut input, "add task read by 12", two_tasks).await;
    assert_eq!(
        called,
        [r#"add_task {"day":12,"done":false,"note":"see read!","tags":["a",4],"title":"read"}"#]
    );
}

#[tokio::test]
async fn a_list_from_before_is_used_and_asked_for_where_there_is_none() {
    let mut input = Vec::new();
    let done = (
        "Completed 7.".to_owned(),
        vec![
            "list_tasks {}".to_owned(),
            r#"complete_task {"id":7}"#.to_owned(),
        ],
    );
    assert_eq!(
        turn(&mut input, "complete the first", two_tasks).await,
        done
    );
    let done = (
        "Completed 7.".to_owned(),
        vec![r#"complete_task {"id":7}"#.to_owned()],
    );
    assert_eq!(
        turn(&mut input, "complete the first one", two_tasks).await,
        done
    );

    let mut empty = Vec::new();
    let none = |_: &str, _: Value| json!({"tasks": []});
    let done = (
        "There is none.".to_owned(),
        vec!["list_tasks {}".to_owned()],
    );
    assert_eq!(turn(&mut empty, "complete the first", none).await, done);
}

#[tokio::test]
async fn one_call_for_each_element() {
    let (text, called) = turn(&mut Vec::new(), "complete all", two_tasks).await;
    assert_eq!(text, "2 completed.");
    assert_eq!(
        called,
        [
            "list_tasks {}",
            r#"complete_task {"id":7}"#,
            r#"complete_task {"id":8}"#
        ]
    );
}

#[tokio::test]
async fn calls_at_once_and_a_rule_without_a_last_word() {
    let (_, calls) = answer(request(&[Item::user("both")])).await;
    assert_eq!(
        calls
            .iter()
            .map(|call| call.name.as_str())
            .collect::<Vec<_>>(),
        ["list_tasks", "add_task"]
    );
    assert_eq!(turn(&mut Vec::new(), "both", two_tasks).await.0, "Done.");
    // A call whose result is missing is made again, the others aren't.
    let input = [
        Item::user("both"),
        Item::FunctionCall(calls[0].clone()),
        Item::FunctionCall(calls[1].clone()),
        Item::function_call_output(&calls[0].call_id, "{}"),
    ];
    let (_, again) = answer(request(&input)).await;
    assert_eq!(
        again
            .iter()
            .map(|call| call.name.as_str())
            .collect::<Vec<_>>(),
        ["add_task"]
    );
}

#[tokio::test]
async fn call_ids_are_unique_however_much_of_the_history_is_there() {
    let mut input = Vec::new();
    for _ in 0..20 {
        turn(&mut input, "complete all", two_tasks).await;
        // As an agent that keeps only the newest items.
        let from = input.len().saturating_sub(12);
        input.drain(..from);
        let mut ids: Vec<&str> = input
            .iter()
            .filter_map(|item| match item {
                Item::FunctionCall(call) => Some(call.call_id.as_str()),
                _ => None,
            })
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }
}

#[tokio::test]
async fn a_failing_tool_is_told_plainly() {
    let failures = [
        (json!("title is too long"), "title is too long"),
        (json!({"error": "full"}), "full"),
        (json!({"error": {"code": 3, "message": "full"}}), "full"),
        (json!("Error: no connection"), "Error: no connection"),
    ];
    for (output, message) in failures {
        let (text, _) = turn(&mut Vec::new(), "add task x", |_, _| output.clone()).await;
        assert_eq!(text, format!("Not added: {message}"));
        let (text, called) = turn(&mut Vec::new(), "complete all", |_, _| output.clone()).await;
        assert_eq!(
            text,
            format!("That didn't work: the tool “list_tasks” failed. It says: {message}")
        );
        assert_eq!(called.len(), 1);
    }
    // A failure isn't a result for later turns.
    let mut input = Vec::new();
    turn(&mut input, "complete all", |_, _| json!("no connection")).await;
    let (text, called) = turn(&mut input, "complete the first", two_tasks).await;
    assert_eq!((text.as_str(), called.len()), ("Completed 7.", 2));
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_named() {
    let without = Request {
        tools: Arc::new([]),
        ..request(&[Item::user("complete all")])
    };
    let forbidden = Request {
        tool_choice: ToolChoice::None,
        ..request(&[Item::user("complete all")])
    };
    for request in [without, forbidden] {
        assert_eq!(
            answer(request).await,
            (
                "For this I would call the tool “list_tasks”, but it isn't available here."
                    .to_owned(),
                vec![]
            )
        );
    }
}

#[tokio::test]
async fn what_no_rule_fits_is_answered_with_what_the_model_is() {
    let said = |message: &str| {
        format!("No rule for “{message}”. I am a script, not an AI. Try: Add a task: buy milk.")
    };
    assert_eq!(
        answer(request(&[Item::user(" Hm? \n")])).await.0,
        said("Hm?")
    );
    assert_eq!(answer(request(&[])).await.0, said(""));
    // A person's text is data, never a template.
    assert_eq!(
        answer(request(&[Item::user("{{ intro }}")])).await.0,
        said("{{ intro }}")
    );
    let (events, _) = collect(&model(""), Request::default()).await;
    let Some(Event::Completed { output, .. }) = events.last() else {
        panic!("no end");
    };
    let intro = "I am a scripted demonstration model, not an AI: I answer by fixed rules.";
    assert_eq!(*output, [Item::assistant(intro)]);
    assert_eq!(model("").name(), "scripted");
}

#[tokio::test]
async fn the_events_of_an_answer_are_a_real_stream() {
    let (events, error) = collect(&model(SCRIPT), request(&[Item::user("add task x y")])).await;
    assert_eq!(error, None);
    let call = FunctionCall::new(
        "call_2",
        "add_task",
        r#"{"done":false,"note":"see x y!","tags":["a",3],"title":"x y"}"#,
    );
    let delta = |delta: &str| Event::TextDelta {
        index: 0,
        part: 0,
        delta: delta.to_owned(),
    };
    assert_eq!(
        events,
        [
            Event::Started,
            Event::ItemAdded {
                index: 0,
                item: Item::Message(Message {
                    content: vec![],
                    ..Message::assistant("")
                }),
            },
            delta("Adding "),
            delta("it."),
            Event::ItemDone {
                index: 0,
                item: Item::assistant("Adding it."),
            },
            Event::ItemAdded {
                index: 1,
                item: Item::function_call("call_2", "add_task", ""),
            },
            Event::ArgumentsDelta {
                index: 1,
                delta: call.arguments.clone(),
            },
            Event::ItemDone {
                index: 1,
                item: Item::FunctionCall(call.clone()),
            },
            Event::Completed {
                usage: Usage {
                    input_tokens: 4,
                    output_tokens: 6,
                    total_tokens: 10,
                    ..Usage::default()
                },
                output: vec![Item::assistant("Adding it."), Item::FunctionCall(call)],
            },
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn words_come_at_the_pace() {
    let model = model("pace_ms = 2000\nintro = 'one two'");
    // The script's own pace holds a word back, another one lets it go.
    let mut stream = model.stream(Request::default()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), Event::Started);
    assert!(matches!(
        stream.next().await.unwrap().unwrap(),
        Event::ItemAdded { .. }
    ));
    assert!(
        tokio::time::timeout(Duration::from_millis(20), stream.next())
            .await
            .is_err()
    );
    let fast = model.with_pace(Duration::ZERO);
    let words = collect(&fast, Request::default());
    let (events, _) = tokio::time::timeout(Duration::from_secs(30), words)
        .await
        .unwrap();
    assert_eq!(events.len(), 6);
}

#[tokio::test]
async fn a_rule_that_does_not_come_out_is_named() {
    let (events, error) = collect(&model(SCRIPT), request(&[Item::user("broken")])).await;
    assert_eq!(events, []);
    assert_eq!(
        error,
        Some(Error::new(
            ErrorKind::Failed,
            "the script: rule 5 ((?i)^broken$): undefined value: `results.nothing` is undefined"
        ))
    );
}

#[tokio::test]
async fn work_without_end_is_not_done() {
    let endless =
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
    let (events, error) = collect(
        &model(&format!("otherwise = '{endless}'")),
        Request::default(),
    )
    .await;
    assert_eq!(events, []);
    let detail = error.unwrap().detail;
    assert!(
        detail.starts_with("the script: otherwise: engine ran out of fuel"),
        "{detail}"
    );
}
