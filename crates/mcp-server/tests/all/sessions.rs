//! Kept sessions of the `initialize` era: whose they are, how many, how long, and what can be asked on them.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_mcp_server::{
    Elicit, Log, Notifier, Resource, Sessions, Text, Tool, ToolFailure, ToolServer,
};
use reqwest::{Method, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use tokio::task::JoinSet;

use crate::stand::{Answer, Result, Stand, Stream, http};

#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn greet(elicit: Elicit) -> std::result::Result<Text, ToolFailure> {
    let name = elicit.form::<Name>("Your name?").await?.accepted();
    Ok(Text(name.map_or_else(
        || "nobody".to_owned(),
        |name| format!("hello {}", name.name),
    )))
}

async fn talk(log: Log) -> std::result::Result<Text, ToolFailure> {
    log.info("heard").await;
    log.debug("not heard").await;
    Ok(Text("said".to_owned()))
}

/// Says more than any connection holds that nobody reads.
async fn shout(log: Log) -> std::result::Result<Text, ToolFailure> {
    let text = "x".repeat(100_000);
    for _ in 0..200 {
        log.info(&text).await;
    }
    Ok(Text("said".to_owned()))
}

async fn touch(notifier: Notifier) -> std::result::Result<Text, ToolFailure> {
    notifier.resource_updated("a://followed");
    notifier.resource_updated("a://other");
    notifier.tools_changed();
    Ok(Text("touched".to_owned()))
}

async fn nothing() -> std::result::Result<String, ToolFailure> {
    Ok(String::new())
}

fn server() -> ToolServer<()> {
    ToolServer::new("sessions", "1", ())
        .tool(Tool::new("greet", greet))
        .tool(Tool::new("talk", talk))
        .tool(Tool::new("touch", touch))
        .tool(Tool::new("shout", shout))
        .resource(Resource::new("a://followed", "followed", nothing))
        .resource(Resource::new("a://other", "other", nothing))
}

async fn open(max: usize, idle: Duration) -> Result<Stand> {
    Stand::serve(server(), |options| {
        options.sessions = Sessions::Kept { max, each: 2, idle };
    })
    .await
}

async fn send(
    stand: &Stand,
    method: Method,
    user: &str,
    session: Option<&str>,
    body: Value,
) -> Result<Response> {
    send_text(stand, method, user, session, body.to_string()).await
}

async fn send_text(
    stand: &Stand,
    method: Method,
    user: &str,
    session: Option<&str>,
    body: String,
) -> Result<Response> {
    let mut request = http()
        .request(method, &stand.url)
        .bearer_auth(stand.token(user)?)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    if let Some(session) = session {
        request = request.header("mcp-session-id", session);
    }
    Ok(request.body(body).send().await?)
}

async fn post(stand: &Stand, user: &str, session: &str, body: Value) -> Result<Response> {
    send(stand, Method::POST, user, Some(session), body).await
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"elicitation": {}},
        "clientInfo": {"name": "test", "version": "1"},
    }})
}

fn list() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
}

fn call(tool: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": tool}})
}

/// Opens a session and gives its id.
async fn begin(stand: &Stand, user: &str) -> Result<String> {
    let response = send(stand, Method::POST, user, None, initialize()).await?;
    let id = response.headers()["mcp-session-id"].to_str()?.to_owned();
    let answer = Answer::read(response).await?;
    let capabilities = &answer.result()["capabilities"];
    assert_eq!(capabilities["resources"]["subscribe"], true);
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(post(stand, user, &id, initialized).await?.status(), 202);
    Ok(id)
}

/// Reads a stream up to a message of this method, or to the one with this id.
async fn until(stream: &mut Stream, mark: &str) -> Result<Value> {
    while let Some(message) = stream.next().await? {
        if message.to_string().contains(mark) {
            return Ok(message);
        }
    }
    Err(format!("no {mark}").into())
}

#[tokio::test]
async fn a_session_is_its_callers_alone() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let session = begin(&stand, "ann").await.unwrap();
    let mine = post(&stand, "ann", &session, list()).await.unwrap();
    assert_eq!(mine.status(), 200);
    for (user, id) in [("bob", session.as_str()), ("ann", "another"), ("ann", "")] {
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let answer = send(&stand, method.clone(), user, Some(id), list())
                .await
                .unwrap();
            let answer = Answer::read(answer).await.unwrap();
            assert_eq!(
                (answer.status, answer.result()),
                (
                    404,
                    json!({"code": -32_001, "message": "session not found"})
                ),
                "{method} {user} {id}"
            );
        }
    }
    // Neither has the attempt ended it, nor can a stranger begin anew on it.
    let stolen = post(&stand, "bob", &session, initialize()).await.unwrap();
    assert_eq!(stolen.status(), 404);
    let mine = post(&stand, "ann", &session, list()).await.unwrap();
    assert_eq!(mine.status(), 200);
    let ended = send(&stand, Method::DELETE, "ann", Some(&session), Value::Null).await;
    assert!(ended.unwrap().status().is_success());
    let gone = post(&stand, "ann", &session, list()).await.unwrap();
    assert_eq!(gone.status(), 404);
    let none = send(&stand, Method::POST, "ann", None, list())
        .await
        .unwrap();
    let none = Answer::read(none).await.unwrap();
    assert!((400..500).contains(&none.status));
    assert_eq!(none.result()["code"], -32_600);
}

#[tokio::test]
async fn in_the_stateless_era_a_session_means_nothing() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let session = begin(&stand, "ann").await.unwrap();
    for (user, id) in [("bob", session.as_str()), ("ann", "another")] {
        let mut body = list();
        body["params"] = json!({"_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }});
        let response = http()
            .post(&stand.url)
            .bearer_auth(stand.token(user).unwrap())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/list")
            .header("mcp-session-id", id)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let answer = Answer::read(response).await.unwrap();
        assert_eq!(answer.result()["tools"][0]["name"], "greet");
    }
}

#[tokio::test]
async fn there_are_only_so_many_sessions_and_idle_ones_end() {
    let stand = open(2, Duration::from_mins(1)).await.unwrap();
    let first = begin(&stand, "ann").await.unwrap();
    begin(&stand, "bob").await.unwrap();
    let full = send(&stand, Method::POST, "eve", None, initialize())
        .await
        .unwrap();
    assert_eq!(full.headers()["retry-after"], "30");
    // Nor is there more room for who hides what is asked for.
    let mut hidden = initialize();
    hidden["params"]["name"] = json!(1);
    let hidden = hidden.to_string().replacen('{', "{\"method\":\"ping\",", 1);
    let response = send_text(&stand, Method::POST, "eve", None, hidden).await;
    assert!(response.unwrap().headers().get("mcp-session-id").is_none());
    let full = Answer::read(full).await.unwrap();
    assert_eq!(
        (full.status, full.result()["message"].clone()),
        (503, json!("there are too many sessions"))
    );
    let ended = send(&stand, Method::DELETE, "ann", Some(&first), Value::Null).await;
    assert!(ended.unwrap().status().is_success());
    begin(&stand, "eve").await.unwrap();

    let brief = open(2, Duration::from_millis(1)).await.unwrap();
    let opening = send(&brief, Method::POST, "ann", None, initialize())
        .await
        .unwrap();
    let id = opening.headers()["mcp-session-id"]
        .to_str()
        .unwrap()
        .to_owned();
    drop(opening);
    while post(&brief, "ann", &id, list()).await.unwrap().status() != 404 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_user_is_asked_on_the_session() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let session = begin(&stand, "ann").await.unwrap();
    let answers = [
        (
            json!({"action": "accept", "content": {"name": "Ann"}}),
            "hello Ann",
        ),
        (json!({"action": "decline"}), "nobody"),
        (
            json!({"action": "accept", "content": {}}),
            "the client's answer does not fit",
        ),
    ];
    for (answer, text) in answers {
        let calling = post(&stand, "ann", &session, call("greet")).await;
        let mut calling = Stream::of(calling.unwrap());
        let question = until(&mut calling, "elicitation/create").await.unwrap();
        assert_eq!(question["params"]["message"], "Your name?");
        let body = json!({"jsonrpc": "2.0", "id": question["id"], "result": answer});
        // An answer of somebody else's reaches nobody.
        let stolen = post(&stand, "bob", &session, body.clone()).await.unwrap();
        assert_eq!(stolen.status(), 404);
        assert_eq!(
            post(&stand, "ann", &session, body).await.unwrap().status(),
            202
        );
        let result = until(&mut calling, "\"result\"").await.unwrap();
        assert_eq!(result["result"]["content"][0]["text"], text);
    }
}

#[tokio::test]
async fn changes_and_log_messages_reach_the_session_that_follows() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let session = begin(&stand, "ann").await.unwrap();
    let follow = |method: &str, uri: &str| json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": {"uri": uri}});
    for body in [
        follow("resources/subscribe", "a://followed"),
        follow("resources/subscribe", "a://other"),
        follow("resources/unsubscribe", "a://other"),
    ] {
        let answer = post(&stand, "ann", &session, body).await.unwrap();
        assert_eq!(Answer::read(answer).await.unwrap().result(), json!({}));
    }
    let stream = send(&stand, Method::GET, "ann", Some(&session), Value::Null).await;
    let mut stream = Stream::of(stream.unwrap());
    let said = post(&stand, "ann", &session, call("talk")).await.unwrap();
    Answer::read(said).await.unwrap();
    let heard = until(&mut stream, "notifications/message").await.unwrap();
    assert_eq!(heard["params"], json!({"level": "info", "data": "heard"}));
    let touched = post(&stand, "ann", &session, call("touch")).await.unwrap();
    Answer::read(touched).await.unwrap();
    let updated = until(&mut stream, "notifications/").await.unwrap();
    assert_eq!(
        (&updated["method"], &updated["params"]["uri"]),
        (
            &json!("notifications/resources/updated"),
            &json!("a://followed")
        )
    );
    let changed = until(&mut stream, "notifications/tools").await.unwrap();
    assert_eq!(changed["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn no_caller_takes_all_places() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    for _ in 0..2 {
        begin(&stand, "ann").await.unwrap();
    }
    let full = send(&stand, Method::POST, "ann", None, initialize()).await;
    let full = full.unwrap();
    assert_eq!(full.headers()["retry-after"], "30");
    let full = Answer::read(full).await.unwrap();
    assert_eq!(
        (full.status, full.result()["message"].clone()),
        (429, json!("this caller has too many sessions"))
    );
    begin(&stand, "bob").await.unwrap();
}

#[tokio::test]
async fn a_session_whose_client_does_not_read_holds_up_nobody() {
    let stand = Arc::new(open(10, Duration::from_mins(1)).await.unwrap());
    let session = begin(&stand, "ann").await.unwrap();
    let unread = send(&stand, Method::GET, "ann", Some(&session), Value::Null).await;
    let mut stuck = JoinSet::new();
    let mut post_on = |body: Value| {
        let (stand, session) = (Arc::clone(&stand), session.clone());
        stuck.spawn(async move {
            let answer = post(&stand, "ann", &session, body).await;
            let _ = Answer::read(answer.unwrap()).await;
        });
    };
    post_on(call("shout"));
    let brief = Duration::from_secs(1);
    while let Ok(answer) = tokio::time::timeout(brief, post(&stand, "ann", &session, list())).await
    {
        answer.unwrap();
    }
    post_on(initialize());
    for user in ["bob", "eve", "joe"] {
        let opening = tokio::time::timeout(Duration::from_secs(30), begin(&stand, user));
        opening.await.unwrap().unwrap();
    }
    drop(unread);
}

#[tokio::test]
async fn changes_keep_no_session_from_giving_way() {
    let notifier = Notifier::new();
    let stand = Stand::serve(server().with_notifier(notifier.clone()), |options| {
        options.sessions = Sessions::Kept {
            max: 1,
            each: 1,
            idle: Duration::from_millis(200),
        };
    })
    .await
    .unwrap();
    // No more than this one request, which is all that surely comes before it is idle.
    let opening = send(&stand, Method::POST, "ann", None, initialize()).await;
    assert_eq!(opening.unwrap().status(), 200);
    let opened = async {
        loop {
            notifier.tools_changed();
            let opening = send(&stand, Method::POST, "bob", None, initialize()).await;
            if opening.unwrap().status() == 200 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), opened)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_session_remembers_only_so_much() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let mut talkative = initialize();
    talkative["params"]["clientInfo"]["title"] = "x".repeat(100_000).into();
    let refused = send(&stand, Method::POST, "ann", None, talkative).await;
    let refused = Answer::read(refused.unwrap()).await.unwrap();
    assert_eq!(refused.result()["code"], -32_602, "{refused:?}");

    let session = begin(&stand, "ann").await.unwrap();
    let mut codes = Vec::new();
    for (method, uri) in [
        ("subscribe", "a"),
        ("subscribe", "b"),
        ("subscribe", "a"),
        ("subscribe", "c"),
        ("unsubscribe", "a"),
        ("subscribe", "c"),
    ] {
        let uri = format!("{uri}://{}", "x".repeat(100_000));
        let body = json!({"jsonrpc": "2.0", "id": 3, "method": format!("resources/{method}"), "params": {"uri": uri}});
        let answer = post(&stand, "ann", &session, body).await.unwrap();
        codes.push(Answer::read(answer).await.unwrap().result()["code"].clone());
    }
    let fine = Value::Null;
    let full = json!(-32_600);
    let expected = [&fine, &fine, &fine, &full, &fine, &fine];
    assert_eq!(codes.iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_client_that_says_often_that_it_is_ready_hears_each_change_once() {
    let stand = open(10, Duration::from_mins(1)).await.unwrap();
    let session = begin(&stand, "ann").await.unwrap();
    for _ in 0..5 {
        let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        post(&stand, "ann", &session, initialized).await.unwrap();
    }
    let mut stream = send(&stand, Method::GET, "ann", Some(&session), Value::Null)
        .await
        .unwrap();
    let mut heard = String::new();
    for tool in ["touch", "touch", "talk"] {
        let called = post(&stand, "ann", &session, call(tool)).await.unwrap();
        Answer::read(called).await.unwrap();
    }
    while heard.matches("tools/list_changed").count() < 2
        || !heard.contains("notifications/message")
    {
        let chunk = stream.chunk().await.unwrap().unwrap();
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert_eq!(heard.matches("tools/list_changed").count(), 2, "{heard}");
}
