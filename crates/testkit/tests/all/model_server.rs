use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::clients;
use frontdesk_testkit::model_server::{
    Call, Fault, Framing, Ids, ModelServer, Part, Response, Script,
};
use frontdesk_testkit::sse::Reader;
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(10);

async fn ask(server: &ModelServer, body: &Value) -> Result<reqwest::Response> {
    let response = clients::http()?
        .post(format!("{}/responses", server.base_url()))
        .header("content-type", "application/json")
        .header("authorization", "Bearer key")
        .body(body.to_string())
        .send()
        .await?;
    Ok(response)
}

async fn events(server: &ModelServer, body: &Value) -> Result<Vec<Value>> {
    let frames = Reader::new(ask(server, body).await?, DEADLINE)
        .rest()
        .await?;
    let mut events = Vec::new();
    for frame in frames {
        let event: Value = serde_json::from_str(&frame.data)?;
        assert_eq!(
            event.get("type").and_then(Value::as_str),
            frame.event.as_deref()
        );
        assert_eq!(event.get("sequence_number"), Some(&json!(events.len())));
        events.push(event);
    }
    Ok(events)
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect()
}

#[tokio::test]
async fn a_text_comes_in_its_deltas_however_it_is_cut() -> Result<()> {
    let server = ModelServer::start(Script::text("four words of text ✓", 4)).await?;
    let whole = events(&server, &json!({"input": "x"})).await?;
    let deltas: Vec<_> = whole
        .iter()
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(deltas.len(), 4);
    assert_eq!(deltas.concat(), "four words of text ✓");
    let last = whole.last().context("no event")?;
    assert_eq!(last["type"], "response.completed");
    assert_eq!(
        last["response"]["output"][0]["content"][0]["text"],
        "four words of text ✓"
    );
    assert_eq!(last["response"]["usage"]["output_tokens"], 4);

    let mut cut = Response::text("four words of text ✓", 4);
    cut.framing = Framing::Bytes(1);
    server.play(Script::in_order([cut]));
    assert_eq!(kinds(&events(&server, &json!({})).await?), kinds(&whole));

    let asked = server.wait_for_requests(2, DEADLINE).await?;
    assert_eq!(
        asked.first().map(|asked| &asked.body),
        Some(&json!({"input": "x"}))
    );
    assert!(
        asked
            .iter()
            .all(|asked| asked.authorization.as_deref() == Some("Bearer key"))
    );
    assert!(server.wait_for_requests(3, Duration::ZERO).await.is_err());
    // The script has come to its end.
    assert_eq!(ask(&server, &json!({})).await?.status(), 500);
    Ok(())
}

#[tokio::test]
async fn tools_are_called_until_their_results_are_there() -> Result<()> {
    let calls = [
        Call::new("call_1", "lookup", json!({"city": "Berlin"})),
        Call::new("call_2", "lookup", json!("no JSON")),
    ];
    let server = ModelServer::start(Script::tools(calls, "done")).await?;
    let user = json!({"role": "user", "content": "go"});
    let result = json!({"type": "function_call_output", "call_id": "call_1", "output": "rain"});
    let cases = [
        (json!([user]), "function_call"),
        (json!([user, result]), "message"),
        (json!([user, result, user]), "function_call"),
    ];
    for (input, expected) in cases {
        let events = events(&server, &json!({"input": input})).await?;
        let output = &events.last().context("no event")?["response"]["output"];
        assert_eq!(output[0]["type"], expected, "{input}");
        if expected == "function_call" {
            let told = [&output[0]["arguments"], &output[1]["arguments"]];
            assert_eq!(told, [&json!("{\"city\":\"Berlin\"}"), &json!("no JSON")]);
        }
    }
    Ok(())
}

#[tokio::test]
async fn faults_come_as_scripted() -> Result<()> {
    let text = |fault: Fault| Response::text("some words here", 3).with_fault(fault);
    let failed = Fault::Failed {
        code: "overloaded".into(),
        message: "busy".into(),
    };
    let limited = Fault::Status {
        code: 429,
        retry_after: Some(7),
    };
    let server = ModelServer::start(Script::in_order([
        text(limited),
        text(Fault::DropAfter(4)),
        text(Fault::EndAfter(4)),
        text(Fault::StallAfter(4)),
        text(failed),
        text(Fault::ErrorEvent("boom".into())),
        text(Fault::Incomplete("max_output_tokens".into())),
    ]))
    .await?;

    let refused = ask(&server, &json!({})).await?;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "7");

    let mut dropped = Reader::new(ask(&server, &json!({})).await?, DEADLINE);
    assert!(dropped.rest().await.is_err());
    assert_eq!(events(&server, &json!({})).await?.len(), 4);
    let mut stalled = Reader::new(ask(&server, &json!({})).await?, Duration::from_millis(200));
    assert!(
        stalled
            .rest()
            .await
            .unwrap_err()
            .to_string()
            .contains("no event within")
    );

    for (last, field, expected) in [
        ("response.failed", "/response/error/code", "overloaded"),
        ("error", "/message", "boom"),
        (
            "response.incomplete",
            "/response/incomplete_details/reason",
            "max_output_tokens",
        ),
    ] {
        let events = events(&server, &json!({})).await?;
        let end = events.last().context("no event")?;
        assert_eq!(end["type"], last);
        assert_eq!(end.pointer(field), Some(&json!(expected)));
    }
    Ok(())
}

#[tokio::test]
async fn reasoning_and_repeated_ids_can_be_played() -> Result<()> {
    let mut response = Response::of([
        Part::Reasoning("thinking".into()),
        Part::Text(vec!["said".into()]),
    ]);
    let server = ModelServer::start(Script::Always(response.clone().into())).await?;
    let first = events(&server, &json!({})).await?;
    let ids = |events: &[Value]| -> Vec<Value> {
        let output = events
            .last()
            .map(|end| end["response"]["output"].clone())
            .unwrap_or_default();
        output
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| item["id"].clone())
            .collect()
    };
    assert_eq!(ids(&first), ["rs_1_0", "msg_1_1"]);
    assert!(kinds(&first).contains(&"response.reasoning_summary_text.delta"));
    response.ids = Ids::Repeated;
    server.play(Script::Always(response.into()));
    assert_eq!(
        ids(&events(&server, &json!({})).await?),
        ["__fake_id__", "__fake_id__"]
    );
    Ok(())
}
