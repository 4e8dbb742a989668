//! Who asks too often is told when to come back; others aren't touched by it.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::client::{Visitor, http, message};
use super::site::Site;

fn retry_after(response: &Response) -> u64 {
    let value = response.headers()["retry-after"].to_str().unwrap();
    value.parse().unwrap()
}

async fn error(response: Response) -> Value {
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    json!([body["error"]["code"], body["error"]["message"]])
}

#[tokio::test]
async fn a_user_has_so_many_requests_a_minute() {
    let site = Site::configured(&[("FRONTDESK__LIMITS__REQUESTS_PER_MINUTE", "2")]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    for _ in 0..2 {
        let answer = ann.call("threads.list", json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let refused = ann.call("threads.list", json!({})).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=30).contains(&retry_after(&refused)), "{refused:?}");
    assert_eq!(
        error(refused).await,
        json!(["too_many", "you ask too often"])
    );
    let turn = ann
        .get("/chatkit/turns/turn_1/events")
        .send()
        .await
        .unwrap();
    assert_eq!(turn.status(), StatusCode::TOO_MANY_REQUESTS);
    let others = bob.call("threads.list", json!({})).await;
    assert_eq!(others.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_address_has_so_many_requests_a_minute_signed_in_or_not() {
    let variables = [("FRONTDESK__LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "3")];
    let site = Site::configured(&variables).await;
    let evil = async || {
        let request = http()
            .post(site.url("/chatkit"))
            .header("host", "evil.example");
        request.body("{}").send().await.unwrap()
    };
    for _ in 0..3 {
        assert_eq!(evil().await.status(), StatusCode::FORBIDDEN);
    }
    let refused = evil().await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=20).contains(&retry_after(&refused)), "{refused:?}");
    let told = json!(["too_many", "too many requests come from this address"]);
    assert_eq!(error(refused).await, told);
    // What anybody may say about addresses counts for nothing where no proxy is trusted.
    let claimed = Visitor::new(&site)
        .post("/chatkit")
        .header("x-forwarded-for", "203.0.113.9");
    let claimed = claimed.body("{}").send().await.unwrap();
    assert_eq!(claimed.status(), StatusCode::TOO_MANY_REQUESTS);
    for path in ["/", "/healthz", "/readyz", "/.well-known/jwks.json"] {
        let free = http().get(site.url(path)).send().await.unwrap();
        assert_eq!(free.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_user_has_so_many_turns_at_once() {
    let site = Site::obedient(&[("FRONTDESK__LIMITS__TURNS_AT_ONCE", "1")]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    let create = |text: &str| json!({ "input": message(text) });
    let running = ann.call("threads.create", create("wait")).await;
    let refused = ann.call("threads.create", create("hello")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(retry_after(&refused) >= 1);
    assert_eq!(error(refused).await[0], "too_many");
    bob.create("hello").await;
    drop(running);
}

#[tokio::test]
async fn a_user_has_so_many_tokens_a_day() {
    let site = Site::configured(&[("FRONTDESK__LIMITS__TOKENS_PER_DAY", "1")]).await;
    let (ann, bob) = (Visitor::named(&site, "ann"), Visitor::named(&site, "bob"));
    ann.create("hello").await;
    let create = json!({ "input": message("hello") });
    let refused = ann.call("threads.create", create).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=86_400).contains(&retry_after(&refused)), "{refused:?}");
    assert_eq!(error(refused).await[0], "too_many");
    let listed = ann.call("threads.list", json!({})).await;
    assert_eq!(listed.status(), StatusCode::OK, "what is there can be read");
    bob.create("hello").await;
}
