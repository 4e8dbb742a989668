//! `/mcp`: behind a token, for any client of the protocol.

use std::sync::Arc;

use frontdesk_auth::SigningKey;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, ManualClock, RandomIds, SystemClock};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::desk::Desk;
use super::tools::{post, request};

/// A token that the server's own key has signed so many seconds ago.
fn signed_before(desk: &Desk, seconds: i64) -> String {
    let secret = std::fs::read_to_string(desk.dir().join("frontdesk.secret")).unwrap();
    let key = SigningKey::from_secret(&Secret::new(secret)).unwrap();
    let then = SystemClock.now() - std::time::Duration::from_secs(seconds.unsigned_abs());
    let clock = Arc::new(ManualClock::at(then));
    let signer = Signer::new("frontdesk", key, clock, Arc::new(RandomIds));
    let principal = Principal::new(TenantId::single(), UserId::new("dev").unwrap());
    signer
        .sign(&principal, "taskflow")
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn the_tool_server_wants_a_token() {
    let desk = Desk::demonstration().await;
    let list = request("tools/list", &json!({}));
    let good = desk.token("dev", "taskflow").await;
    let tokens = [
        ("none", None),
        ("nonsense", Some("nonsense".to_owned())),
        ("cut", Some(good[..good.len() - 4].to_owned())),
        (
            "for another server",
            Some(desk.token("dev", "elsewhere").await),
        ),
        ("expired", Some(signed_before(&desk, 120))),
    ];
    for path in ["/mcp", "/mcp/"] {
        let url = format!("{}{path}", desk.server.url());
        for (what, token) in &tokens {
            let mut asked = post(&url, &list);
            if let Some(token) = token {
                asked = asked.bearer_auth(token);
            }
            let answer = asked.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} {what}");
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Bearer"), "{challenge}");
        }
        let fresh = signed_before(&desk, 1);
        for token in [&good, &fresh] {
            let answer = post(&url, &list).bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            let tools = answer["result"]["tools"].as_array().unwrap().iter();
            let names: Vec<_> = tools.map(|tool| tool["name"].as_str().unwrap()).collect();
            for name in ["add_task", "list_tasks", "complete_task", "delete_task"] {
                assert!(names.contains(&name), "{names:?}");
            }
        }
        let hello = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        });
        let hello = post(&url, &request("initialize", &hello)).bearer_auth(&good);
        let answer = hello.send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(
            answer["result"]["protocolVersion"], "2025-11-25",
            "{answer}"
        );
        assert_eq!(
            answer["result"]["serverInfo"]["name"], "taskflow",
            "{answer}"
        );
    }
}
