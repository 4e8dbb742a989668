//! What goes wrong on the wire: which kind of error it is, what is tried again, and that the key stays out of it.

use std::time::Duration;

use frontdesk_identity::Secret;
use frontdesk_model::openai_responses::{Config, OpenAiResponses};
use frontdesk_model::{Error, ErrorKind, Event, Request, Timeouts, Usage, http};
use serde_json::{Value, json};

use crate::server::{KEY, Reply, Server, collect, frames, whole};

fn created() -> Value {
    json!({"type": "response.created", "response": {}})
}

fn delta() -> Value {
    json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"})
}

fn completed() -> Value {
    json!({"type": "response.completed", "response": {"output": []}})
}

fn text() -> Event {
    Event::TextDelta {
        index: 0,
        part: 0,
        delta: "Hel".to_owned(),
    }
}

fn end() -> Event {
    Event::Completed {
        usage: Usage::default(),
        output: Vec::new(),
    }
}

fn status(line: &'static str, body: &Value) -> Reply {
    Reply::Status(line, "content-type: application/json\r\n", body.to_string())
}

fn failed(code: &str) -> Value {
    json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": code, "message": "boom"}}})
}

/// Replies, the events that a caller sees, how it ends, and how often the server was asked.
type Case = (
    &'static str,
    Vec<Reply>,
    Vec<Event>,
    Option<ErrorKind>,
    usize,
);

async fn check(cases: Vec<Case>) {
    for (name, replies, events, kind, requests) in cases {
        let server = Server::start(replies).await;
        let (seen, error) = collect(&server.model(), Request::default()).await;
        assert_eq!(seen, events, "{name}");
        assert_eq!(
            error.as_ref().map(|error| error.kind),
            kind,
            "{name}: {error:?}"
        );
        assert_eq!(server.requests().len(), requests, "{name}");
        let bodies: Vec<Value> = server
            .requests()
            .into_iter()
            .map(|request| request.body)
            .collect();
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_before_the_first_content() {
    let good = || whole(&[created(), delta(), completed()]);
    let events = || vec![Event::Started, text(), end()];
    let error = json!({"error": {"message": "later", "code": "x"}});
    check(vec![
        (
            "429",
            vec![status("429 Too Many Requests", &error), good()],
            events(),
            None,
            2,
        ),
        (
            "429 with a wait",
            vec![
                Reply::Status(
                    "429 Too Many Requests",
                    "retry-after: 20\r\n",
                    String::new(),
                ),
                good(),
            ],
            events(),
            None,
            2,
        ),
        (
            "500",
            vec![status("500 Internal Server Error", &error), good()],
            events(),
            None,
            2,
        ),
        (
            "503 twice",
            vec![
                status("503 Unavailable", &error),
                status("503 Unavailable", &error),
                good(),
            ],
            events(),
            None,
            3,
        ),
        (
            "a closed connection",
            vec![Reply::HangUp, good()],
            events(),
            None,
            2,
        ),
        (
            "cut before anything",
            vec![Reply::Cut(vec![]), good()],
            events(),
            None,
            2,
        ),
        (
            "cut after the start, which is said once",
            vec![Reply::Cut(vec![frames(&[created()])]), good()],
            events(),
            None,
            2,
        ),
        (
            "an ended stream without an end",
            vec![whole(&[created(), json!({"type": "keepalive"})]), good()],
            events(),
            None,
            2,
        ),
        (
            "failed before content",
            vec![whole(&[created(), failed("server_error")]), good()],
            events(),
            None,
            2,
        ),
        (
            "an error event before content",
            vec![
                whole(&[
                    json!({"type": "error", "code": "rate_limit_exceeded", "message": "later"}),
                ]),
                good(),
            ],
            events(),
            None,
            2,
        ),
    ])
    .await;
}

#[tokio::test]
async fn tries_end() {
    let error = json!({"error": {"message": "later"}});
    let busy = || status("429 Too Many Requests", &error);
    let broken = || status("500 Internal Server Error", &error);
    check(vec![
        (
            "429",
            vec![busy(), busy(), busy(), busy()],
            vec![],
            Some(ErrorKind::RateLimited),
            3,
        ),
        (
            "500",
            vec![broken(), broken(), broken(), broken()],
            vec![],
            Some(ErrorKind::Overloaded),
            3,
        ),
        // Each of these is the whole of what went before it: one count for sending and for reading.
        (
            "mixed",
            vec![
                busy(),
                Reply::Cut(vec![frames(&[created()])]),
                busy(),
                busy(),
            ],
            vec![Event::Started],
            Some(ErrorKind::RateLimited),
            3,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_would_be_the_same_again_is_not_tried_again() {
    let error = json!({"error": {"message": "no"}});
    let quota = json!({"error": {"message": "no", "code": "insufficient_quota"}});
    let invalid =
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": "no"}});
    let one = |reply| vec![reply];
    check(vec![
        (
            "400",
            one(status("400 Bad Request", &error)),
            vec![],
            Some(ErrorKind::InvalidRequest),
            1,
        ),
        (
            "404",
            one(status("404 Not Found", &error)),
            vec![],
            Some(ErrorKind::InvalidRequest),
            1,
        ),
        (
            "422",
            one(status("422 Unprocessable", &error)),
            vec![],
            Some(ErrorKind::InvalidRequest),
            1,
        ),
        (
            "401",
            one(status("401 Unauthorized", &error)),
            vec![],
            Some(ErrorKind::Unauthorized),
            1,
        ),
        (
            "403",
            one(status("403 Forbidden", &error)),
            vec![],
            Some(ErrorKind::Unauthorized),
            1,
        ),
        (
            "501",
            one(status("501 Not Implemented", &error)),
            vec![],
            Some(ErrorKind::Failed),
            1,
        ),
        (
            "quota",
            one(status("429 Too Many Requests", &quota)),
            vec![],
            Some(ErrorKind::RateLimited),
            1,
        ),
        (
            "a redirect is not followed",
            one(Reply::Status(
                "307 Temporary Redirect",
                "location: /elsewhere\r\n",
                String::new(),
            )),
            vec![],
            Some(ErrorKind::InvalidRequest),
            1,
        ),
        (
            "an invalid request, as an event",
            one(whole(&[invalid])),
            vec![],
            Some(ErrorKind::InvalidRequest),
            1,
        ),
        (
            "an error without a type",
            one(Reply::Chunks(vec![
                b"data: {\"error\":{\"message\":\"boom\"}}\n\n".to_vec(),
            ])),
            vec![],
            Some(ErrorKind::Failed),
            1,
        ),
        (
            "no JSON",
            one(Reply::Chunks(vec![b"data: <html>\n\n".to_vec()])),
            vec![],
            Some(ErrorKind::Protocol),
            1,
        ),
        (
            "a broken event that is needed",
            one(whole(&[
                json!({"type": "response.output_text.delta", "delta": 3}),
            ])),
            vec![],
            Some(ErrorKind::Protocol),
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn after_content_nothing_is_tried_again() {
    let begun = [created(), delta()];
    let events = || vec![Event::Started, text()];
    let with = |event: Value| whole(&[created(), delta(), event]);
    check(vec![
        (
            "cut",
            vec![Reply::Cut(vec![frames(&begun)])],
            events(),
            Some(ErrorKind::Protocol),
            1,
        ),
        (
            "ended",
            vec![whole(&begun)],
            events(),
            Some(ErrorKind::Protocol),
            1,
        ),
        (
            "cut inside a frame",
            vec![Reply::Chunks(vec![frames(&begun), b"data: {\"ty".to_vec()])],
            events(),
            Some(ErrorKind::Protocol),
            1,
        ),
        (
            "[DONE]",
            vec![Reply::Chunks(vec![
                frames(&begun),
                b"data: [DONE]\n\n".to_vec(),
            ])],
            events(),
            Some(ErrorKind::Protocol),
            1,
        ),
        (
            "failed",
            vec![with(failed("server_error"))],
            events(),
            Some(ErrorKind::Failed),
            1,
        ),
        (
            "limited",
            vec![with(failed("rate_limit_exceeded"))],
            events(),
            Some(ErrorKind::RateLimited),
            1,
        ),
        (
            "an unknown event is content, too",
            vec![whole(&[json!({"type": "novelty"}), failed("server_error")])],
            vec![Event::Started, Event::Unknown(json!({"type": "novelty"}))],
            Some(ErrorKind::Failed),
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn silence_is_not_waited_for_without_end() {
    let short = Duration::from_millis(30);
    let long = Duration::from_secs(20);
    let begun = || frames(&[created(), delta()]);
    let cases = [
        ("no answer", Reply::Silence, short, long, vec![]),
        ("no first byte", Reply::Stall(vec![]), short, long, vec![]),
        (
            "no further byte",
            Reply::Stall(vec![begun()]),
            long,
            short,
            vec![Event::Started, text()],
        ),
    ];
    for (name, reply, first_byte, idle, events) in cases {
        let server = Server::start(vec![reply]).await;
        let config = Config {
            timeouts: Timeouts { first_byte, idle },
            ..server.config()
        };
        let model = OpenAiResponses::new(config, http::client().unwrap()).unwrap();
        let (seen, error) = collect(&model, Request::default()).await;
        assert_eq!(
            (seen, error.map(|error| error.kind)),
            (events, Some(ErrorKind::Timeout)),
            "{name}"
        );
        // A busy machine may not even have read the request by then; what counts is that it wasn't sent again.
        assert!(server.requests().len() <= 1, "{name}");
    }
}

#[tokio::test]
async fn nobody_there() {
    // Bound and dropped: nobody listens on that port.
    let server = Server::start(vec![]).await;
    let config = server.config();
    drop(server);
    let model = OpenAiResponses::new(config, http::client().unwrap()).unwrap();
    let (events, error) = collect(&model, Request::default()).await;
    assert_eq!(
        (events, error.map(|error| error.kind)),
        (vec![], Some(ErrorKind::Connect))
    );
}

#[tokio::test]
async fn an_error_says_what_the_provider_said_within_bounds_and_without_the_key() {
    let said = format!("the key {KEY} is wrong, {KEY}! {}", "ü".repeat(10_000));
    let reply = Reply::Status("401 Unauthorized", "retry-after: 2.5\r\n", said);
    let event = json!({"type": "error", "code": "odd", "message": format!("{KEY} again")});
    let server = Server::start(vec![reply, whole(&[event])]).await;
    let model = server.model();
    let (_, error) = collect(&model, Request::default()).await;
    let error = error.unwrap();
    assert_eq!(error.retry_after, Some(Duration::from_millis(2500)));
    assert!(
        error
            .detail
            .starts_with("status 401: the key [key] is wrong, [key]! ü"),
        "{error:?}"
    );
    assert!(error.detail.len() <= 2 * 1024 + 3, "{}", error.detail.len());
    assert_eq!(error.to_string(), "the model refused the credentials");
    let (_, error) = collect(&model, Request::default()).await;
    assert_eq!(
        error,
        Some(Error::new(ErrorKind::Failed, "odd: [key] again"))
    );
    let request = server.requests().remove(0);
    assert!(
        request.head.contains(&format!("Bearer {KEY}")),
        "{}",
        request.head
    );
    assert!(
        request.head.starts_with("POST /v1/responses HTTP/1.1\r\n"),
        "{}",
        request.head
    );
}

#[test]
fn the_key_shows_nowhere() {
    let config = Config {
        api_key: Some(Secret::new(KEY)),
        ..Config::new("m")
    };
    let shown = format!("{config:#?}");
    let model = OpenAiResponses::new(config, http::client().unwrap()).unwrap();
    let shown = format!("{shown}{model:#?}{model:?}");
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    for (base_url, key) in [
        ("nonsense", "k"),
        ("ftp://example.com", "k"),
        ("mailto:a@example.com", "k"),
        ("https://user:password@example.com/v1", "k"),
        ("https://example.com/v1", "line\nbreak"),
    ] {
        let config = Config {
            base_url: base_url.to_owned(),
            api_key: Some(Secret::new(key)),
            ..Config::new("m")
        };
        let error = OpenAiResponses::new(config, http::client().unwrap()).unwrap_err();
        assert!(!error.detail.contains("password@"), "{base_url}: {error:?}");
        assert!(!error.is_retryable());
    }
}
