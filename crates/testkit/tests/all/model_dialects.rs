//! The three dialects of one server: whose path a request came by, and what is done to the frames.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::clients;
use frontdesk_testkit::model_server::{
    Call, Dialect, Fault, Framing, Hostility, Lines, ModelServer, Part, Response, Script, Speech,
    Transcript,
};
use frontdesk_testkit::sse::{Frame, Reader};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(10);

async fn ask(server: &ModelServer, dialect: Dialect, body: &Value) -> Result<reqwest::Response> {
    let url = format!(
        "{}{}",
        server.base_url().trim_end_matches("/v1"),
        dialect.path()
    );
    let request = clients::http()?
        .post(url)
        .header("content-type", "application/json")
        .header("x-api-key", "key");
    Ok(request.body(body.to_string()).send().await?)
}

async fn frames(server: &ModelServer, dialect: Dialect, body: &Value) -> Result<Vec<Frame>> {
    let response = ask(server, dialect, body).await?;
    Reader::new(response, DEADLINE).rest().await
}

fn whole() -> Response {
    Response::of([
        Part::Text(vec!["It rains ☔ ".into(), "in 東京.".into()]),
        Part::Call(Call::new("call_1", "lookup", json!({"city": "東京"}))),
    ])
}

#[tokio::test]
async fn each_path_speaks_its_own_dialect_however_it_is_cut() -> Result<()> {
    let server = ModelServer::start(Script::Always(whole().into())).await?;
    for dialect in Dialect::ALL {
        server.play(Script::Always(whole().into()));
        let expected = frames(&server, dialect, &json!({"model": "m"})).await?;
        let last = expected.last().context("no frame")?;
        match dialect {
            Dialect::Responses => assert_eq!(last.event.as_deref(), Some("response.completed")),
            Dialect::Chat => assert_eq!(last.data, "[DONE]"),
            Dialect::Messages => assert_eq!(last.data, r#"{"type":"message_stop"}"#),
        }
        for lines in [Lines::LineFeed, Lines::Crlf, Lines::Commented] {
            for framing in [Framing::Events, Framing::Bytes(1), Framing::Bytes(7)] {
                let response = Response {
                    lines,
                    framing,
                    ..whole()
                };
                server.play(Script::Always(response.into()));
                let cut = frames(&server, dialect, &json!({})).await?;
                let kinds = |frames: &[Frame]| -> Vec<_> {
                    frames.iter().map(|frame| frame.event.clone()).collect()
                };
                assert_eq!(
                    kinds(&cut),
                    kinds(&expected),
                    "{dialect:?} {lines:?} {framing:?}"
                );
            }
        }
        let asked = server.requests();
        let asked = asked.last().context("nothing was asked")?;
        assert_eq!(
            (asked.dialect, asked.api_key.as_deref()),
            (dialect, Some("key"))
        );
    }
    Ok(())
}

#[tokio::test]
async fn results_are_found_in_every_dialect() -> Result<()> {
    let calls = [Call::new("call_1", "lookup", json!({}))];
    let server = ModelServer::start(Script::tools(calls, "done")).await?;
    let user = json!({"role": "user", "content": "go"});
    let blocks = |kind: &str| json!({"role": "user", "content": [{"type": kind}]});
    let cases = [
        (
            Dialect::Responses,
            "input",
            json!({"type": "function_call_output", "call_id": "call_1"}),
        ),
        (
            Dialect::Responses,
            "input",
            json!({"type": "custom_tool_call_output"}),
        ),
        (
            Dialect::Chat,
            "messages",
            json!({"role": "tool", "content": "rain"}),
        ),
        (Dialect::Messages, "messages", blocks("tool_result")),
    ];
    for (dialect, field, result) in cases {
        let assistant = json!({"role": "assistant", "content": []});
        for (entries, says) in [
            (json!([user]), false),
            (json!([user, assistant, result]), true),
            (
                json!([user, assistant, result, assistant, blocks("text")]),
                false,
            ),
        ] {
            let frames = frames(&server, dialect, &json!({field: entries})).await?;
            let all: String = frames.into_iter().map(|frame| frame.data).collect();
            assert_eq!(!all.contains("lookup"), says, "{dialect:?}: {entries}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn errors_and_hostile_things_are_in_the_dialects_own_form() -> Result<()> {
    let server = ModelServer::start(Script::in_order([])).await?;
    let boom = |count| {
        whole().with_fault(Fault::ErrorAfter {
            count,
            message: "boom".into(),
        })
    };
    for dialect in Dialect::ALL {
        server.play(Script::Always(boom(3).into()));
        let frames = frames(&server, dialect, &json!({})).await?;
        assert_eq!(frames.len(), 4);
        let body: Value = serde_json::from_str(&frames[3].data)?;
        let message = match dialect {
            Dialect::Responses => &body["message"],
            Dialect::Chat | Dialect::Messages => &body["error"]["message"],
        };
        assert_eq!(message, "boom", "{body}");

        server.play(Script::in_order([]));
        let refused = ask(&server, dialect, &json!({})).await?;
        assert_eq!(refused.status(), 500);
    }
    // Each changes something in at least one dialect, and nothing panics on nothing.
    for hostility in Hostility::ALL {
        let changes = |dialect: Dialect| {
            let hostile = dialect.played(&whole().with_hostile([hostility]), 1);
            let empty = Response::of([]).with_hostile([hostility]);
            let _ = dialect.played(&empty, 1);
            hostile != dialect.ordinary(&whole(), 1)
        };
        assert!(Dialect::ALL.into_iter().any(changes), "{hostility:?}");
    }
    Ok(())
}

#[tokio::test]
async fn speech_is_kept_as_it_came() -> Result<()> {
    let server = ModelServer::start(Script::in_order([])).await?;
    let url = format!("{}/audio/transcriptions", server.base_url());
    let audio = b"\r\n--almost \x00\xff\r\n";
    let mut body = Vec::new();
    body.extend(b"--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n");
    body.extend(b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.webm\"\r\n");
    body.extend(b"content-type: audio/webm\r\n\r\n");
    body.extend(audio);
    body.extend(b"\r\n--x--\r\n");
    let send = async |kind: &str, body: Vec<u8>| -> Result<(u16, String)> {
        let request = clients::http()?.post(&url).header("content-type", kind);
        let response = request.body(body).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    };
    let form = "multipart/form-data; boundary=x";
    let heard = (200, r#"{"text":"what was said"}"#.to_owned());
    assert_eq!(send(form, body.clone()).await?, heard);
    let speech = Speech {
        authorization: None,
        fields: BTreeMap::from([("model".to_owned(), "whisper-1".to_owned())]),
        file_name: "a.webm".to_owned(),
        media_type: "audio/webm".to_owned(),
        audio: audio.to_vec().into(),
    };
    assert_eq!(server.speeches(), [speech]);

    server.transcribe(Transcript::Status(503));
    assert_eq!(send(form, body.clone()).await?.0, 503);
    server.transcribe(Transcript::Body("no JSON".into()));
    assert_eq!(send(form, body).await?, (200, "no JSON".to_owned()));
    assert_eq!(send("text/plain", b"hello".to_vec()).await?.0, 400);
    Ok(())
}
