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
