//! The embedded tool server: behind sign-in, and reached over a socket as the user.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::client::{Visitor, events, http, message, said};
use super::site::Site;

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_tasks","arguments":{}}}"#;

async fn call(site: &Site, path: &str, token: Option<&str>) -> (StatusCode, String) {
    let mut request = http()
        .post(site.url(path))
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2025-06-18")
        .body(LIST);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["frontdesk"], "1");
    if response.status() == StatusCode::UNAUTHORIZED {
        assert!(
            response.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Bearer")
        );
    }
    (response.status(), response.text().await.unwrap())
}

fn token(site: &Site, user: &str, audience: &str) -> String {
    let config = super::site::config(&site.dir, &[]);
    frontdesk::sign_token(&config, user, audience)
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn it_takes_our_tokens_and_no_others() {
    let site = Site::demonstration().await;
    for path in ["/mcp", "/mcp/"] {
        assert_eq!(call(&site, path, None).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(
            call(&site, path, Some("nonsense")).await.0,
            StatusCode::UNAUTHORIZED
        );
        let foreign = token(&site, "dev", "elsewhere");
        assert_eq!(
            call(&site, path, Some(&foreign)).await.0,
            StatusCode::UNAUTHORIZED
        );
        let (status, body) = call(&site, path, Some(&token(&site, "dev", "taskflow"))).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            body["result"]["structuredContent"]["tasks"],
            json!([]),
            "{body}"
        );
    }
}

#[tokio::test]
async fn check_11_it_answers_to_the_public_name_and_the_configured_ones() {
    let variables = [
        ("FRONTDESK__SERVER__PUBLIC_URL", "https://desk.example/app/"),
        ("FRONTDESK__AUTH__ALLOWED_HOSTS", "inner.example:8443"),
    ];
    let site = Site::with(&variables, |builder| builder).await;
    let token = token(&site, "dev", "taskflow");
    let ask = |host: &str, token: &str| {
        http()
            .post(site.url("/mcp"))
            .header("host", host)
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .bearer_auth(token)
            .body(LIST)
    };
    for (host, status) in [
        ("desk.example", 200),
        ("inner.example:8443", 200),
        ("localhost:9", 200),
        ("inner.example", 403),
        ("evil.example", 403),
        ("desk.example.evil.example", 403),
    ] {
        let answer = ask(host, &token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{host}");
    }
    let metadata = "/.well-known/oauth-protected-resource/app/mcp";
    let refused = ask("desk.example", "nonsense").send().await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    let named = format!("resource_metadata=\"https://desk.example{metadata}\"");
    assert!(challenge.contains(&named), "{challenge}");
    let told = http().get(site.url(metadata)).send().await.unwrap();
    let told: Value = serde_json::from_slice(&told.bytes().await.unwrap()).unwrap();
    assert_eq!(told["resource"], "https://desk.example/app/mcp");
    let (_, events) = Visitor::new(&site).create("Add a task: buy milk").await;
    assert_eq!(said(&events), "Added buy milk.", "we call it ourselves");
}

#[tokio::test]
async fn the_assistant_uses_it_as_the_user() {
    let site = Site::demonstration().await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let (_, events) = ann.create("Add a task: buy milk").await;
    assert_eq!(said(&events), "Added buy milk.");
    let workflow = events
        .iter()
        .find(|event| event.data["item"]["type"] == "workflow");
    assert!(workflow.is_some(), "{events:?}");

    assert_eq!(
        said(&ann.create("What are my tasks?").await.1),
        "You have: buy milk;"
    );
    assert_eq!(said(&bob.create("What are my tasks?").await.1), "You have:");
    let (_, tasks) = call(&site, "/mcp", Some(&token(&site, "ann", "taskflow"))).await;
    assert!(tasks.contains("buy milk"), "{tasks}");
    let (_, tasks) = call(&site, "/mcp", Some(&token(&site, "bob", "taskflow"))).await;
    assert!(!tasks.contains("buy milk"), "{tasks}");
}

#[tokio::test]
async fn the_demonstration_keeps_its_promises() {
    let site = Site::as_shipped().await;
    let visitor = Visitor::new(&site);
    let (thread, added) = visitor.create("Add a task: buy milk").await;
    assert!(said(&added).contains("buy milk"), "{added:?}");
    let say = async |text: &str| {
        let params = json!({ "thread_id": thread, "input": message(text) });
        events(visitor.call("threads.add_user_message", params).await).await
    };
    let tasks = say("What are my tasks?").await;
    assert!(said(&tasks).contains("buy milk"), "{tasks:?}");
    say("Complete the first one").await;
    let (_, tasks) = call(&site, "/mcp", Some(&token(&site, "dev", "taskflow"))).await;
    let tasks: Value = serde_json::from_str(&tasks).unwrap();
    let task = &tasks["result"]["structuredContent"]["tasks"][0];
    assert_eq!(
        (&task["title"], &task["status"]),
        (&json!("buy milk"), &json!("done"))
    );
}
