//! Sign-in by a trusted proxy: its headers count, from its addresses alone.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;

use super::client::{answer, http, message};
use super::site::Site;

const MODE: (&str, &str) = ("FRONTDESK__AUTH__MODE", "trusted_proxy");
const USER: (&str, &str) = ("FRONTDESK__AUTH__USER_HEADER", "X-User");
const TENANT: (&str, &str) = ("FRONTDESK__AUTH__TENANT_HEADER", "X-Tenant");
const HERE: (&str, &str) = ("FRONTDESK__AUTH__PEERS", "127.0.0.1");
const ELSEWHERE: (&str, &str) = ("FRONTDESK__AUTH__PEERS", "10.0.0.0/8");

fn list(site: &Site) -> RequestBuilder {
    let body = r#"{"type":"threads.list","params":{}}"#;
    http().post(site.url("/chatkit")).body(body)
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_proxys_user_is_signed_in() {
    let site = Site::configured(&[MODE, USER, TENANT, HERE]).await;
    let as_user = |user: &str, tenant: &str| {
        let request = list(&site).header("x-user", user);
        request.header("x-tenant", tenant)
    };
    let body = json!({ "type": "threads.create", "params": { "input": message("hello") } });
    let created = as_user("ann", "acme").body(body.to_string()).send().await;
    assert_eq!(created.unwrap().status(), StatusCode::OK);
    for (user, tenant, threads) in [("ann", "acme", 1), ("bob", "acme", 0), ("ann", "other", 0)] {
        let (status, page) = answer(as_user(user, tenant).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        let found = page["data"].as_array().unwrap().len();
        assert_eq!(found, threads, "{user} of {tenant}");
    }
    let twice = as_user("ann", "acme").header("x-user", "bob");
    assert_eq!(status(twice).await, 401);
    assert_eq!(status(list(&site).header("x-user", "ann")).await, 401);
    let foreign = as_user("ann", "acme").header("origin", "https://evil.example");
    assert_eq!(status(foreign).await, 403);
    let refused = list(&site).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(!refused.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn from_elsewhere_its_headers_count_for_nothing() {
    let site = Site::configured(&[MODE, USER, ELSEWHERE]).await;
    let claimed = list(&site).header("x-user", "ann");
    assert_eq!(status(claimed).await, 401);
    let forwarded = list(&site)
        .header("x-user", "ann")
        .header("x-forwarded-for", "10.0.0.5");
    assert_eq!(status(forwarded).await, 401);
}

#[tokio::test]
async fn addresses_behind_the_proxy_are_counted_one_by_one() {
    let limit = ("FRONTDESK__LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "1");
    let site = Site::configured(&[MODE, USER, HERE, limit]).await;
    let from = async |address: &str| {
        let request = list(&site).header("x-user", "ann");
        status(request.header("x-forwarded-for", address)).await
    };
    assert_eq!(from("203.0.113.1").await, 200);
    assert_eq!(from("203.0.113.1").await, 429);
    assert_eq!(from("198.51.100.7, 203.0.113.1").await, 429);
    assert_eq!(from("203.0.113.2").await, 200);
}
