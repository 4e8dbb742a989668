//! The vendors' own types and clients, as judges of what our model servers send.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use frontdesk_testkit::model_server::{
    Call, Dialect, Fault, Frame, Hostility, Ids, ModelServer, Part, Response, Script,
};
use frontdesk_testkit::python::Python;
use frontdesk_testkit::skip;
use serde_json::{Value, json};

/// A Python, or a note that this test needs one.
fn python(test: &str) -> Result<Option<Python>> {
    match Python::find() {
        Ok(python) => Ok(Some(python)),
        Err(reason) => {
            skip::note(&format!("testkit::{test}"), &reason)?;
            Ok(None)
        }
    }
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Responses => "responses",
        Dialect::Chat => "chat",
        Dialect::Messages => "messages",
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

fn lookup(id: &str, city: &str) -> Part {
    Part::Call(Call::new(id, "lookup", json!({"city": city})))
}

/// Every part and every ordinary end that a script can have.
fn turns() -> Vec<Response> {
    let text = || Part::Text(words("It rains in 東京 ☔ today."));
    let limit = Fault::Failed {
        code: "rate_limit_exceeded".into(),
        message: "later".into(),
    };
    let cited = Part::Cited {
        deltas: words("It was found."),
        title: "A page".into(),
        url: "https://example.com/page".into(),
    };
    vec![
        Response::of([]),
        Response::of([text()]),
        Response::of([
            text(),
            lookup("call_1", "Berlin"),
            lookup("call_2", "Lagos"),
        ]),
        Response::of([Part::Call(Call::new("call_1", "now", json!({})))]),
        Response::of([Part::Call(Call::new("call_1", "now", json!("no JSON")))]),
        Response::of([
            Part::Reasoning("I should look.".into()),
            lookup("call_1", "Oslo"),
        ]),
        Response::of([Part::OpenReasoning("I can see.".into()), text()]),
        Response::of([Part::Refusal(words("I won't do that."))]),
        Response::of([Part::WebSearch("rain".into()), cited]),
        Response::of([Part::Image(vec!["aW1h".into(), "aW1hZ2U=".into()]), text()]),
        Response::of([text()]).with_fault(Fault::Incomplete("max_output_tokens".into())),
        Response::of([text()]).with_fault(Fault::Incomplete("content_filter".into())),
        Response::of([text()]).with_fault(limit),
        Response::of([text()]).with_fault(Fault::ErrorEvent("boom".into())),
    ]
}

/// What a part of a turn of everything is when it is hostile, and whether the vendors' types refuse it: of the Responses
/// API, of Chat Completions and of the Messages API. The reason is why a reader meets it all the same.
const HOSTILE: [(Hostility, [bool; 3], &str); 10] = [
    (
        Hostility::UnknownEvents,
        [true, true, true],
        "vendors add kinds of events to running APIs",
    ),
    (
        Hostility::UnknownItem,
        [true, false, true],
        "a new hosted tool brings items of its own",
    ),
    (
        Hostility::UnknownFields,
        [true, false, false],
        "every gateway adds fields",
    ),
    (
        Hostility::MissingFields,
        [true, true, true],
        "small servers send what they think is needed",
    ),
    (
        Hostility::UnknownValues,
        [true, true, true],
        "servers end with reasons of their own, such as eos",
    ),
    (
        Hostility::NoUsage,
        [false, false, true],
        "many servers count nothing",
    ),
    (
        Hostility::NoLastWord,
        [false, false, false],
        "some servers just end the stream",
    ),
    (
        Hostility::WholeArguments,
        [false, false, false],
        "some servers never split a call",
    ),
    (
        Hostility::ObjectArguments,
        [true, true, false],
        "some servers parse arguments before they send them",
    ),
    (
        Hostility::OnePlace,
        [false, false, false],
        "some servers give every call the index 0",
    ),
];
const REPEATED_IDS: [bool; 3] = [false, false, false];
const MISSING_IDS: [bool; 3] = [true, true, true];

/// What the types say of each of these frames: what is wrong, and which fields they don't know.
async fn judged(
    python: &Python,
    frames: &[(Dialect, Value)],
) -> Result<Vec<(Vec<String>, BTreeSet<String>)>> {
    let lines = frames.iter().map(|(dialect, frame)| {
        let line = json!({"dialect": name(*dialect), "frame": frame});
        format!("{line}\n")
    });
    let lines: String = lines.collect();
    let judged = python.run_on("model_frames.py", &[], &lines).await?;
    let judged: Vec<Value> = judged.as_array().context("no list")?.clone();
    assert_eq!(judged.len(), frames.len());
    let of = |verdict: &Value, field: &str| -> Result<Vec<String>> {
        Ok(serde_json::from_value(verdict[field].clone())?)
    };
    judged
        .iter()
        .map(|verdict| {
            Ok((
                of(verdict, "wrong")?,
                of(verdict, "unknown")?.into_iter().collect(),
            ))
        })
        .collect()
}

fn json_of(dialect: Dialect, frames: &[Frame]) -> Vec<(Dialect, Value)> {
    let bodies = frames.iter().filter_map(Frame::json);
    bodies.map(|body| (dialect, body.clone())).collect()
}

#[tokio::test]
async fn ordinary_frames_are_what_the_vendors_own_types_say() -> Result<()> {
    let test = "ordinary_frames_are_what_the_vendors_own_types_say";
    let Some(python) = python(test)? else {
        return Ok(());
    };
    let mut frames = Vec::new();
    for dialect in Dialect::ALL {
        for (number, turn) in (1..).zip(turns()) {
            frames.extend(json_of(dialect, &dialect.ordinary(&turn, number)));
        }
    }
    let mut unknown = BTreeSet::new();
    for ((dialect, frame), (wrong, fields)) in frames.iter().zip(judged(&python, &frames).await?) {
        assert_eq!(wrong, [""; 0], "{dialect:?}: {frame}");
        unknown.extend(fields);
    }
    // What Chat Completions don't have at the vendor, and servers that many people use do.
    let extensions = ["annotations", "images", "reasoning_content"];
    let extensions = extensions.map(|field| format!("ChatCompletionChunk.choices.delta.{field}"));
    assert_eq!(unknown, BTreeSet::from(extensions));
    Ok(())
}

#[tokio::test]
async fn broken_frames_are_refused_and_hostile_ones_are_known() -> Result<()> {
    let test = "broken_frames_are_refused_and_hostile_ones_are_known";
    let Some(python) = python(test)? else {
        return Ok(());
    };
    let broken = [
        (
            Dialect::Responses,
            json!({"type": "response.output_text.delta", "delta": "x"}),
        ),
        (
            Dialect::Responses,
            json!({"type": "response.hologram.delta", "sequence_number": 1}),
        ),
        (Dialect::Chat, json!({"choices": []})),
        (Dialect::Chat, json!({"error": "boom"})),
        (
            Dialect::Messages,
            json!({"type": "content_block_delta", "index": "0", "delta": {}}),
        ),
        (Dialect::Messages, json!({"type": "hologram"})),
    ];
    for ((dialect, frame), (wrong, _)) in broken.iter().zip(judged(&python, &broken).await?) {
        assert_ne!(wrong, [""; 0], "{dialect:?}: {frame}");
    }

    let whole = || {
        Response::of([
            Part::Reasoning("I should look.".into()),
            Part::Text(words("I look.")),
            lookup("call_1", "Oslo"),
            lookup("call_2", "Lagos"),
        ])
    };
    assert_eq!(HOSTILE.map(|(hostility, ..)| hostility), Hostility::ALL);
    let mut rows: Vec<(String, Response, [bool; 3])> = Vec::new();
    for (hostility, refused, reason) in HOSTILE {
        let row = format!("{hostility:?} ({reason})");
        rows.push((row, whole().with_hostile([hostility]), refused));
    }
    for (ids, refused) in [(Ids::Repeated, REPEATED_IDS), (Ids::Missing, MISSING_IDS)] {
        rows.push((format!("{ids:?}"), Response { ids, ..whole() }, refused));
    }
    let mut frames = Vec::new();
    let mut counts = Vec::new();
    for (_, response, _) in &rows {
        for dialect in Dialect::ALL {
            let played = json_of(dialect, &dialect.played(response, 1));
            counts.push(played.len());
            frames.extend(played);
        }
    }
    let mut verdicts = judged(&python, &frames).await?.into_iter();
    let mut counts = counts.into_iter();
    for (row, _, refused) in &rows {
        for (dialect, refused) in Dialect::ALL.into_iter().zip(refused) {
            let count = counts.next().context("no count")?;
            let wrong: Vec<String> = verdicts.by_ref().take(count).flat_map(|it| it.0).collect();
            assert_eq!(
                !wrong.is_empty(),
                *refused,
                "{row} by {dialect:?}: {wrong:?}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_vendors_own_clients_read_the_streams() -> Result<()> {
    let Some(python) = python("the_vendors_own_clients_read_the_streams")? else {
        return Ok(());
    };
    let server = ModelServer::start(Script::Always(
        Response::of([
            Part::Reasoning("I should look.".into()),
            Part::Text(words("It rains ☔ in 東京.")),
            lookup("call_1", "Oslo"),
            lookup("call_2", "Lagos"),
        ])
        .into(),
    ))
    .await?;
    let url = server.base_url();
    let read = python
        .run("model_clients.py", &[&url, "responses", "chat", "messages"])
        .await?;
    let expected = json!({
        "deltas": ["It ", "rains ", "☔ ", "in ", "東京."],
        "text": "It rains ☔ in 東京.",
        "reasoning": "I should look.",
        "calls": [["call_1", "lookup", "{\"city\":\"Oslo\"}"], ["call_2", "lookup", "{\"city\":\"Lagos\"}"]],
        "tokens": 10,
    });
    assert_eq!(read, json!([expected, expected, expected]));

    let boom = Response::text("some words", 2).with_fault(Fault::ErrorAfter {
        count: 4,
        message: "boom".into(),
    });
    server.play(Script::Always(boom.into()));
    let read = python
        .run("model_clients.py", &[&url, "responses", "chat", "messages"])
        .await?;
    for read in read.as_array().context("no list")? {
        let error = read["error"].as_str().unwrap_or_default();
        assert!(error.contains("boom"), "{read}");
    }
    Ok(())
}
