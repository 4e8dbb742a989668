//! What every dialect has to live with: the same answer in other framings, with strange things in it, and broken off.

use frontdesk_model::{Error, ErrorKind, Event, anthropic, openai_chat, openai_responses};
use serde_json::{Value, json};

type Replay = fn(&[&[u8]]) -> (Vec<Event>, Option<Error>);

/// A dialect, with recorded answers of it.
pub(crate) struct Dialect {
    pub(crate) name: &'static str,
    pub(crate) replay: Replay,
    /// Recorded answers, the first a plain text.
    pub(crate) answers: &'static [&'static str],
    /// The text in the plain one that grows in this test.
    text: &'static str,
    /// Values that this API may replace by others that nobody knows, and what may stand in their place.
    enums: &'static [(&'static str, &'static str)],
    /// The frame in which the provider says that it is overloaded.
    error: &'static str,
}

pub(crate) fn dialects() -> [Dialect; 3] {
    [
        Dialect {
            name: "openai_responses",
            replay: |pieces| openai_responses::replayed(pieces.iter().copied()),
            answers: &[
                include_str!("../fixtures/openai_responses/text.sse"),
                include_str!("../fixtures/openai_responses/tools.sse"),
            ],
            text: "Hellö",
            enums: &[
                (
                    r#""status":"in_progress","model""#,
                    r#""status":"novel","model""#,
                ),
                (r#""status":"completed","model""#, r#""status":7,"model""#),
                (r#""service_tier":"default""#, r#""service_tier":"novel""#),
                (
                    r#""tool_choice":"auto""#,
                    r#""tool_choice":{"type":"novel"}"#,
                ),
            ],
            error: r#"{"type":"error","code":"server_is_overloaded","message":"later","param":null}"#,
        },
        Dialect {
            name: "openai_chat",
            replay: |pieces| openai_chat::replayed(pieces.iter().copied()),
            answers: &[
                include_str!("../fixtures/openai_chat/openai.sse"),
                include_str!("../fixtures/openai_chat/vllm.sse"),
                include_str!("../fixtures/openai_chat/deepseek.sse"),
            ],
            text: "Hellö",
            enums: &[
                (r#""finish_reason":"stop""#, r#""finish_reason":"eos""#),
                (
                    r#""finish_reason":"tool_calls""#,
                    r#""finish_reason":"novel""#,
                ),
                (r#""role":"assistant""#, r#""role":"novel""#),
                (r#""object":"chat.completion.chunk""#, r#""object":"novel""#),
            ],
            error: r#"{"error":{"type":"overloaded_error","message":"later"}}"#,
        },
        Dialect {
            name: "anthropic",
            replay: |pieces| anthropic::replayed(pieces.iter().copied()),
            answers: &[
                include_str!("../fixtures/anthropic/text.sse"),
                include_str!("../fixtures/anthropic/tools.sse"),
            ],
            text: "Hellö",
            enums: &[
                (r#""stop_reason":"end_turn""#, r#""stop_reason":"novel""#),
                (r#""stop_reason":"tool_use""#, r#""stop_reason":"novel""#),
                (r#""role":"assistant""#, r#""role":"novel""#),
            ],
            error: r#"{"type":"error","error":{"type":"overloaded_error","message":"later"}}"#,
        },
    ]
}

impl Dialect {
    fn events(&self, name: &str, wire: &str) -> Vec<Event> {
        let (events, error) = (self.replay)(&[wire.as_bytes()]);
        assert_eq!(error, None, "{}: {name}", self.name);
        events
    }

    /// The events without those that nobody knows.
    fn known(&self, name: &str, wire: &str) -> Vec<Event> {
        let events = self.events(name, wire).into_iter();
        events
            .filter(|event| !matches!(event, Event::Unknown(_)))
            .collect()
    }
}

/// The answer with its frames changed.
fn frames(wire: &str, change: impl Fn(&str) -> String) -> String {
    wire.split_inclusive("\n\n").map(change).collect()
}

/// The answer with the data of its frames changed, where it is JSON.
fn data(wire: &str, change: impl Fn(&mut Value)) -> String {
    let line = |line: &str| match line
        .strip_prefix("data: ")
        .map(serde_json::from_str::<Value>)
    {
        Some(Ok(mut value)) => {
            change(&mut value);
            format!("data: {value}\n")
        }
        Some(Err(_)) | None => line.to_owned(),
    };
    wire.split_inclusive('\n').map(line).collect()
}

#[test]
fn however_the_bytes_are_framed_the_events_are_the_same() {
    for dialect in dialects() {
        for wire in dialect.answers {
            let expected = dialect.events("as it is", wire);
            for size in [1, 2, 3, 7, 64] {
                let pieces: Vec<&[u8]> = wire.as_bytes().chunks(size).collect();
                assert_eq!(
                    (dialect.replay)(&pieces),
                    (expected.clone(), None),
                    "{size}"
                );
            }
            let framings = [
                ("CRLF", wire.replace('\n', "\r\n")),
                ("CR", wire.replace('\n', "\r")),
                ("a byte order mark", format!("\u{FEFF}{wire}")),
                (
                    "comments",
                    frames(wire, |frame| format!(": ping\n\n:\n{frame}")),
                ),
                (
                    "retry and ids",
                    frames(wire, |frame| format!("retry: 3\nid: 7\n{frame}")),
                ),
                (
                    "empty data",
                    frames(wire, |frame| format!("{frame}data:\n\n")),
                ),
                ("[DONE]", format!("{wire}data: [DONE]\n\n")),
                ("no [DONE]", wire.replace("data: [DONE]\n\n", "")),
                ("no last empty line", wire.trim_end().to_owned()),
                (
                    "more after the end",
                    format!("{wire}data: {{\"error\":{{}}}}\n\n"),
                ),
                ("no space after the colon", wire.replace("data: ", "data:")),
                (
                    "no names",
                    wire.split_inclusive('\n')
                        .filter(|line| !line.starts_with("event:"))
                        .collect(),
                ),
            ];
            for (name, framed) in framings {
                assert_eq!(
                    dialect.events(name, &framed),
                    expected,
                    "{}: {name}",
                    dialect.name
                );
            }
        }
    }
}

#[test]
fn what_is_unknown_changes_nothing() {
    let novelty = json!({"type": "novelty", "object": "novelty", "depth": [3]});
    for dialect in dialects() {
        for wire in dialect.answers {
            let expected = dialect.known("as it is", wire);
            let between = frames(wire, |frame| {
                format!("event: novelty\ndata: {novelty}\n\n{frame}")
            });
            let (events, error) = (dialect.replay)(&[between.as_bytes()]);
            assert_eq!(error, None);
            assert!(events.contains(&Event::Unknown(novelty.clone())));
            let fields = data(wire, |value| value["novelty"] = json!({"a": [null]}));
            let mut variants = vec![("events", between), ("fields", fields)];
            for (known, novel) in dialect.enums {
                variants.push((known, wire.replace(known, novel)));
            }
            for (name, wire) in variants {
                assert_eq!(
                    dialect.known(name, &wire),
                    expected,
                    "{}: {name}",
                    dialect.name
                );
            }
        }
        let all = dialect.answers.concat();
        for (known, _) in dialect.enums {
            assert!(all.contains(known), "{}: {known}", dialect.name);
        }
    }
}

#[test]
fn a_frame_may_be_large_and_is_bounded() {
    const MANY: usize = 5 * 1024 * 1024;
    for dialect in dialects() {
        let long = "x".repeat(MANY);
        let wire = dialect.answers[0].replace(dialect.text, &long);
        let pieces: Vec<&[u8]> = wire.as_bytes().chunks(64 * 1024).collect();
        let (events, error) = (dialect.replay)(&pieces);
        assert_eq!(error, None);
        let delta = events.iter().find_map(|event| match event {
            Event::TextDelta { delta, .. } => Some(delta),
            _ => None,
        });
        assert_eq!(delta.map(String::len), Some(MANY), "{}", dialect.name);
        let huge = format!("data: {}", "x".repeat(33 * 1024 * 1024));
        let (_, error) = (dialect.replay)(&[huge.as_bytes()]);
        assert_eq!(error.unwrap().kind, ErrorKind::Protocol, "{}", dialect.name);
    }
}

#[test]
fn wherever_an_answer_is_cut_what_came_before_is_the_same() {
    for dialect in dialects() {
        for wire in dialect.answers {
            let whole = dialect.events("as it is", wire);
            for at in 0..wire.len() {
                let (events, error) = (dialect.replay)(&[&wire.as_bytes()[..at]]);
                match error {
                    None => assert!(
                        matches!(
                            events.last(),
                            Some(Event::Completed { .. } | Event::Incomplete { .. })
                        ),
                        "{}: {at}",
                        dialect.name
                    ),
                    Some(error) => {
                        assert_eq!(error.kind, ErrorKind::Protocol, "{}: {at}", dialect.name);
                        assert_eq!(events, whole[..events.len()], "{}: {at}", dialect.name);
                    }
                }
            }
        }
    }
}

#[test]
fn an_error_in_the_middle_ends_the_answer_and_keeps_what_came() {
    for dialect in dialects() {
        for wire in dialect.answers {
            let whole = dialect.events("as it is", wire);
            let frames: Vec<&str> = wire.split_inclusive("\n\n").collect();
            let middle = frames.len() / 2;
            for (frame, kind) in [
                (dialect.error, ErrorKind::Overloaded),
                ("<html>502 Bad Gateway</html>", ErrorKind::Protocol),
            ] {
                let broken = format!(
                    "{}data: {frame}\n\n{}",
                    frames[..middle].concat(),
                    frames[middle..].concat()
                );
                let (events, error) = (dialect.replay)(&[broken.as_bytes()]);
                assert_eq!(error.unwrap().kind, kind, "{}", dialect.name);
                assert!(!events.is_empty(), "{}", dialect.name);
                assert_eq!(events, whole[..events.len()], "{}", dialect.name);
            }
        }
    }
}

#[test]
fn bytes_that_are_no_text_fail_nothing() {
    for dialect in dialects() {
        let wire = dialect.answers[0].as_bytes();
        let at = dialect.answers[0].find(dialect.text).unwrap();
        let mut broken = wire[..at].to_vec();
        broken.extend(b"\xFF\xC3");
        broken.extend(&wire[at..]);
        let (events, error) = (dialect.replay)(&[&broken]);
        assert_eq!(error, None);
        let text = events.iter().find_map(|event| match event {
            Event::TextDelta { delta, .. } => Some(delta.as_str()),
            _ => None,
        });
        assert_eq!(text, Some("\u{FFFD}\u{FFFD}Hellö"), "{}", dialect.name);
    }
}
