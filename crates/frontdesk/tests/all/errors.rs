//! Errors outside of a stream: their status, their JSON, and the headers that every answer has.

use reqwest::{Response, StatusCode};
use serde_json::json;

use super::client::{Visitor, answer, http, message};
use super::site::Site;

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const EVENTS: &str = "/chatkit/turns/turn_1/events";
const NO_THREAD: &str = r#"{"type":"threads.get_by_id","params":{"thread_id":"thr_1"}}"#;

/// A request, and how it is refused.
struct Refusal {
    request: (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    ),
    status: u16,
    code: &'static str,
    field: Option<&'static str>,
}

const fn refusal(
    request: (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    ),
    status: u16,
    code: &'static str,
) -> Refusal {
    Refusal {
        request,
        status,
        code,
        field: None,
    }
}

const fn at_field(
    request: (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static str,
    ),
    field: &'static str,
) -> Refusal {
    Refusal {
        request,
        status: 400,
        code: "bad_request",
        field: Some(field),
    }
}

const REFUSALS: &[Refusal] = &[
    refusal(("GET", "/nowhere", &[], ""), 404, "not_found"),
    refusal(("GET", "/mcp", &[], ""), 404, "not_found"),
    refusal(("POST", "/", &[], ""), 405, "method_not_allowed"),
    refusal(("GET", "/chatkit", &[], ""), 405, "method_not_allowed"),
    refusal(
        ("DELETE", "/chatkit/turns/turn_1/stop", &[], ""),
        405,
        "method_not_allowed",
    ),
    refusal(
        ("POST", "/chatkit", &[("content-type", "text/plain")], "{}"),
        415,
        "unsupported_media_type",
    ),
    refusal(
        (
            "POST",
            "/chatkit",
            &[("content-type", "Application/JSON; charset=utf-8")],
            NO_THREAD,
        ),
        404,
        "not_found",
    ),
    refusal(("GET", EVENTS, &[], ""), 404, "not_found"),
    refusal(
        ("GET", "/chatkit/turns/%FF/events", &[], ""),
        404,
        "not_found",
    ),
    refusal(
        ("POST", "/chatkit/turns/turn_1/stop", &[], ""),
        404,
        "not_found",
    ),
    at_field(("POST", "/chatkit", JSON, "{"), ""),
    at_field(("POST", "/chatkit", JSON, ""), ""),
    at_field(
        (
            "POST",
            "/chatkit",
            JSON,
            r#"{"type":"threads.run","params":{}}"#,
        ),
        "type",
    ),
    at_field(
        (
            "POST",
            "/chatkit",
            &[],
            r#"{"type":"threads.get_by_id","params":{}}"#,
        ),
        "params.thread_id",
    ),
    at_field(
        ("GET", "/chatkit/turns/turn_1/events?after=x", &[], ""),
        "after",
    ),
    at_field(
        (
            "GET",
            "/chatkit/turns/turn_1/events?after=1-1&after=2-2",
            &[],
            "",
        ),
        "after",
    ),
    at_field(
        (
            "GET",
            "/chatkit/turns/turn_1/events?after=1-1",
            &[("last-event-id", "1-")],
            "",
        ),
        "Last-Event-ID",
    ),
];

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_refusal_is_json_with_a_code_and_the_request_id() {
    let site = Site::configured(&[]).await;
    for Refusal {
        request,
        status,
        code,
        field,
    } in REFUSALS
    {
        let (method, path, headers, body) = *request;
        let mut sent = http()
            .request(method.parse().unwrap(), site.url(path))
            .body(body);
        for (name, value) in headers {
            sent = sent.header(*name, *value);
        }
        let response = sent.send().await.unwrap();
        assert_eq!(header(&response, "frontdesk"), Some("1"), "{request:?}");
        assert_eq!(
            header(&response, "x-content-type-options"),
            Some("nosniff"),
            "{request:?}"
        );
        assert_eq!(
            header(&response, "content-type"),
            Some("application/json"),
            "{request:?}"
        );
        assert_eq!(
            header(&response, "allow").is_some(),
            *status == 405,
            "{request:?}"
        );
        let request_id = header(&response, "x-request-id").unwrap().to_owned();
        assert!(request_id.starts_with("req_"), "{request_id}");

        let (got, body) = answer(response).await;
        let error = &body["error"];
        assert_eq!(
            (got.as_u16(), error["code"].as_str()),
            (*status, Some(*code)),
            "{request:?}: {body}"
        );
        assert_eq!(error["request_id"], *request_id, "{request:?}");
        assert_eq!(
            error.get("field").and_then(|field| field.as_str()),
            *field,
            "{request:?}: {body}"
        );
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn what_a_client_sends_as_a_request_id_is_not_used() {
    let site = Site::configured(&[]).await;
    let response = http()
        .get(site.url("/healthz"))
        .header("x-request-id", "mine")
        .send()
        .await
        .unwrap();
    assert!(
        header(&response, "x-request-id")
            .unwrap()
            .starts_with("req_")
    );
}

#[tokio::test]
async fn a_panic_is_an_error_without_internals_and_the_next_request_is_served() {
    let site = Site::obedient(&[]).await;
    let visitor = Visitor::new(&site);
    let (thread, _) = visitor.create("hello").await;
    let action = json!({ "thread_id": thread, "action": { "type": "go", "payload": {} } });
    let response = visitor.call("threads.sync_custom_action", action).await;
    let request_id = header(&response, "x-request-id").unwrap().to_owned();
    let (status, body) = answer(response).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let error =
        json!({ "code": "internal", "message": "internal error", "request_id": request_id });
    assert_eq!(body, json!({ "error": error }));
    let (status, _) = visitor
        .ask("threads.get_by_id", json!({ "thread_id": thread }))
        .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn health_and_readiness_need_no_sign_in_and_tell_a_shutdown() {
    let site = Site::configured(&[]).await;
    let get = async |path: &str| {
        answer(
            http()
                .get(site.url(path))
                .header("host", "elsewhere.example")
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    assert_eq!(
        get("/healthz").await,
        (StatusCode::OK, json!({ "status": "ok" }))
    );
    let ready = json!({ "status": "ok", "store": "ok", "parts": { "model.default": "ok" } });
    assert_eq!(get("/readyz").await, (StatusCode::OK, ready));

    site.frontdesk.shutdown().await;
    assert_eq!(get("/healthz").await.0, StatusCode::OK);
    let (status, body) = get("/readyz").await;
    assert_eq!(
        (status, &body["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("away"))
    );
    let (status, body) = Visitor::new(&site)
        .ask("threads.create", json!({ "input": message("hello") }))
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
}

#[tokio::test]
async fn a_tool_server_that_is_away_degrades_and_no_more() {
    let variables = [("FRONTDESK__MCP__DESK__URL", "http://127.0.0.1:9/mcp")];
    let site = Site::with(&variables, |builder| builder).await;
    let (status, body) = answer(http().get(site.url("/readyz")).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let parts = json!({ "mcp.desk": "away", "model.default": "ok" });
    assert_eq!(
        body,
        json!({ "status": "degraded", "store": "ok", "parts": parts })
    );
    let (_, events) = Visitor::new(&site).create("hello").await;
    assert_eq!(
        super::client::said(&events),
        "Hello there, this is a script."
    );
}
