//! `/connect` on a site that has nothing to connect, and behind a public address; and what `/readyz` says of servers.

use reqwest::StatusCode;
use serde_json::json;

use super::client::{Visitor, answer, http};
use super::site::Site;

/// A server that fails so often is left alone.
const MOST_FAILURES: usize = 8;

#[tokio::test]
async fn where_nothing_can_be_connected_nothing_is() {
    let site = Site::configured(&[]).await;
    let ann = Visitor::named(&site, "ann");
    let list = answer(ann.get("/connect").send().await.unwrap()).await;
    assert_eq!(list, (StatusCode::OK, json!({ "data": [] })));
    for path in [
        "/connect/desk?ticket=x",
        "/connect/callback/desk?state=x&code=y",
    ] {
        let page = ann.get(path).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    }
    let document = ann.get("/connect/client.json").send().await.unwrap();
    assert_eq!(document.status(), StatusCode::NOT_FOUND);
    let given_up = ann.post("/connect/desk/disconnect").send().await.unwrap();
    assert_eq!(given_up.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_public_address_is_what_others_read() {
    let site = Site::with(
        &[
            ("FRONTDESK__SERVER__PUBLIC_URL", "https://example.com/desk/"),
            ("FRONTDESK__MCP__NOTES__URL", "http://127.0.0.1:9/mcp"),
            ("FRONTDESK__MCP__NOTES__AUTH", "oauth"),
        ],
        |builder| builder,
    )
    .await;
    let document = http().get(site.url("/connect/client.json"));
    let (status, document) = answer(document.send().await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&document["client_id"], &document["redirect_uris"]),
        (
            &json!("https://example.com/desk/connect/client.json"),
            &json!(["https://example.com/desk/connect/callback/notes"])
        )
    );
    assert_eq!(document["application_type"], "web");
}

#[tokio::test]
async fn readiness_tells_a_server_that_is_left_alone() {
    let variables = [("FRONTDESK__MCP__DESK__URL", "http://127.0.0.1:9/mcp")];
    let site = Site::with(&variables, |builder| builder).await;
    let ann = Visitor::named(&site, "ann");
    let state = async || {
        let ready = http().get(site.url("/readyz")).send().await.unwrap();
        answer(ready).await.1["parts"]["mcp.desk"].clone()
    };
    assert_eq!(state().await, "away");
    for _ in 0..MOST_FAILURES {
        ann.create("hello").await;
        if state().await == "resting" {
            return;
        }
    }
    panic!("it is tried again and again");
}
