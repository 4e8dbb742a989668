//! Recordings: what they play, when, and how they fail.

use std::sync::Arc;

use frontdesk_clock::SequentialIds;
use frontdesk_model::recorded::{Recorded, Recording};
use frontdesk_model::{ErrorKind, Event, Item, Model, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::time::Instant;

use crate::server::collect;

const CHAT: &str = r#"# A conversation with a tool.
@dialect openai_chat
@name m

@answer
data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"find","arguments":"{}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

@answer
data: {"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":"stop"}]}

data: [DONE]

@answer
data: {"choices":[{"index":0,"delta":{"content":"two"},"finish_reason":"stop"}]}

data: [DONE]
"#;

/// Of which any recording can be made.
const LINES: [&str; 12] = [
    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n",
    "data: {\"type\":\"response.completed\",\"response\":{\"output\":[]}}\n\n",
    "data: [DONE]\n",
    ": a comment\r\n",
    "\n",
    "half a line",
    "@delay 50s\n",
    "@cut\n",
    "@stall\n",
    "@again\n",
    "@again\n@unreachable\n",
    "@again\n@status 503 retry-after 2\n",
];

fn recorded(text: &str) -> Recorded {
    Recorded::new(
        Recording::read(text).unwrap(),
        Arc::new(SequentialIds::default()),
    )
}

fn responses(answers: &str) -> Recorded {
    recorded(&format!("@dialect openai_responses\n{answers}"))
}

fn delta(text: &str) -> String {
    format!(
        "data: {{\"type\":\"response.output_text.delta\",\"output_index\":0,\"content_index\":0,\"delta\":\"{text}\"}}\n\n"
    )
}

fn end(text: &str) -> String {
    format!(
        "data: {{\"type\":\"response.completed\",\"response\":{{\"output\":[{{\"type\":\"message\",\"role\":\"assistant\",\
         \"content\":[{{\"type\":\"output_text\",\"text\":\"{text}\"}}]}}]}}}}\n\n"
    )
}

/// The text that came, and how the answer ended.
async fn said(model: &Recorded, input: Vec<Item>) -> (String, Option<ErrorKind>) {
    let request = Request {
        input,
        ..Request::default()
    };
    let (events, error) = collect(model, request).await;
    let deltas = events.into_iter().filter_map(|event| match event {
        Event::TextDelta { delta, .. } => Some(delta),
        _ => None,
    });
    (deltas.collect(), error.map(|error| error.kind))
}

#[tokio::test]
async fn a_conversation_is_played_by_its_own_history() {
    let model = recorded(CHAT);
    assert_eq!(model.name(), "m");
    let mut input = vec![Item::user("find it")];
    for expected in ["", "one", "two"] {
        let request = Request {
            input: input.clone(),
            ..Request::default()
        };
        let (events, error) = collect(&model, request).await;
        assert_eq!(error, None);
        let Some(Event::Completed { output, .. }) = events.last() else {
            panic!("no end: {events:?}");
        };
        match output.as_slice() {
            [Item::FunctionCall(call)] => {
                assert_eq!((call.name.as_str(), expected), ("find", ""));
                let result = Item::function_call_output(&call.call_id, "found");
                input.extend([output[0].clone(), result]);
            }
            [Item::Message(message)] => {
                assert_eq!(message.text(), expected);
                input.extend([output[0].clone(), Item::user("again")]);
            }
            other => panic!("{other:?}"),
        }
    }
    let request = Request {
        input,
        ..Request::default()
    };
    let (events, error) = collect(&model, request).await;
    assert_eq!(events, []);
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Failed);
    assert_eq!(
        error.detail,
        "the recording has 3 answers, and 3 were given"
    );
}

#[tokio::test]
async fn every_dialect_is_played() {
    let anthropic = "@dialect anthropic\n@answer\n\
        event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1}}}\n\n\
        data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
        data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n\
        data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
        data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\n\
        data: {\"type\":\"message_stop\"}\n\n";
    let chat = "@dialect openai_chat\n@answer\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]";
    let responses = format!(
        "@dialect openai_responses\r\n@answer\r\n{}{}",
        delta("hi"),
        end("hi")
    );
    for recording in [anthropic, chat, &responses] {
        assert_eq!(
            said(&recorded(recording), vec![]).await,
            ("hi".to_owned(), None)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn faults_are_played_through_the_retries_of_a_live_call() {
    let (begun, whole) = (delta("a"), format!("{}{}", delta("b"), end("b")));
    let busy = "@status 429 retry-after 3\n{\"error\":{\"message\":\"later\"}}\n";
    // A recording, what is said, how it ends, and after how many whole seconds.
    let cases = [
        (
            format!("{busy}@again\n@unreachable\n@again\n{whole}"),
            ("b", None),
            3,
        ),
        (
            format!("{busy}@again\n{busy}"),
            ("", Some(ErrorKind::RateLimited)),
            3,
        ),
        (format!("@cut\n@again\n{whole}"), ("b", None), 0),
        (
            format!("{begun}@cut\n@again\n{whole}"),
            ("a", Some(ErrorKind::Protocol)),
            0,
        ),
        (begun.clone(), ("a", Some(ErrorKind::Protocol)), 0),
        (
            format!("{begun}data: {{\"type\":\"resp\n@cut\n"),
            ("a", Some(ErrorKind::Protocol)),
            0,
        ),
        (
            format!("{begun}@stall\n{whole}"),
            ("a", Some(ErrorKind::Timeout)),
            120,
        ),
        (
            format!("@delay 40s\n{begun}@delay 50s\n{whole}"),
            ("ab", None),
            90,
        ),
        (
            "@unreachable\n".to_owned(),
            ("", Some(ErrorKind::Connect)),
            0,
        ),
        (
            "@status 401\nno".to_owned(),
            ("", Some(ErrorKind::Unauthorized)),
            0,
        ),
    ];
    for (answer, (text, kind), seconds) in cases {
        let model = responses(&format!("@answer\n{answer}"));
        let start = Instant::now();
        assert_eq!(
            said(&model, vec![]).await,
            (text.to_owned(), kind),
            "{answer}"
        );
        assert_eq!(start.elapsed().as_secs(), seconds, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_at_the_pace_and_silence_as_long_as_the_recording_says() {
    let answer = format!("@answer\n{}{}{}", delta("a"), delta("b"), end("ab"));
    let model = responses(&format!("@pace 3s\n@patience 5s\n{answer}"));
    let start = Instant::now();
    assert_eq!(said(&model, vec![]).await, ("ab".to_owned(), None));
    assert_eq!(start.elapsed().as_secs(), 9);
    let model = responses(&format!("@pace 6s\n@patience 5s\n{answer}"));
    assert_eq!(
        said(&model, vec![]).await,
        (String::new(), Some(ErrorKind::Timeout))
    );
}

#[test]
fn what_cannot_be_played_is_refused_with_its_line() {
    let head = "@dialect openai_chat\n";
    let misplaced =
        |name: &str| format!("@{name} isn't known, or not here, or not with this behind it");
    let cases = [
        (
            "@answer\ndata: x\n".to_owned(),
            2,
            "it doesn't say its @dialect before the first @answer".to_owned(),
        ),
        (
            String::new(),
            1,
            "it doesn't say its @dialect before the first @answer".to_owned(),
        ),
        (
            "@dialect gemini".to_owned(),
            1,
            "openai_responses, openai_chat or anthropic is expected here, not: gemini".to_owned(),
        ),
        (
            format!("{head}data: x"),
            2,
            "nothing but @ lines and comments may stand before the first @answer".to_owned(),
        ),
        (format!("{head}@again"), 2, misplaced("again")),
        (format!("{head}@cut"), 2, misplaced("cut")),
        (format!("{head}@answer\n@pace 1s"), 3, misplaced("pace")),
        (format!("{head}@answer\n@hurry"), 3, misplaced("hurry")),
        (
            format!("{head}@answer\ndata: x\n@status 500"),
            4,
            misplaced("status"),
        ),
        (
            format!("{head}@answer\n@status 500\n@delay 1s"),
            4,
            misplaced("delay"),
        ),
        (
            format!("{head}@answer\n@status 204"),
            3,
            "not the status of an error: 204".to_owned(),
        ),
        (
            format!("{head}@answer\n@unreachable\ndata: x"),
            4,
            "nobody is there to say this".to_owned(),
        ),
        (
            format!("{head}@answer\n@delay 1m"),
            3,
            "not a duration such as 200ms or 2s: 1m".to_owned(),
        ),
        (
            format!("{head}@answer\n@delay 61s"),
            3,
            "longer than allowed, 60s: 61s".to_owned(),
        ),
    ];
    for (text, line, reason) in cases {
        let error = Recording::read(&text).unwrap_err();
        assert_eq!((error.line, error.reason), (line, reason), "{text}");
    }
}

proptest! {
    #[test]
    fn whatever_is_read_is_played_to_an_end(lines in vec(select(LINES.as_slice()), 0..40)) {
        let text = format!("@dialect openai_responses\n@answer\n{}", lines.concat());
        let Ok(recording) = Recording::read(&text) else {
            return Ok(());
        };
        let model = Recorded::new(recording, Arc::new(SequentialIds::default()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (events, error) = runtime.block_on(collect(&model, Request::default()));
        let ended = matches!(events.last(), Some(Event::Completed { .. }));
        prop_assert_eq!(ended, error.is_none(), "{}: {:?}", text, events);
    }
}

#[tokio::test(start_paused = true)]
async fn the_example_in_the_documentation_is_played() {
    let source = include_str!("../../src/recorded.rs");
    let example: String = source
        .lines()
        .skip_while(|line| !line.starts_with("//! ```text"))
        .skip(1)
        .take_while(|line| !line.starts_with("//! ```"))
        .flat_map(|line| [line.trim_start_matches("//!").trim_start(), "\n"])
        .collect();
    let model = recorded(&example);
    assert_eq!(model.name(), "recorded-model");
    assert_eq!(said(&model, vec![]).await, ("Hello".to_owned(), None));
    let start = Instant::now();
    assert_eq!(
        said(&model, vec![Item::assistant("Hello")]).await,
        ("Well".to_owned(), Some(ErrorKind::Protocol))
    );
    assert_eq!(start.elapsed().as_secs(), 1);
}
