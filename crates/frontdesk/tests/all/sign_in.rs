//! Development sign-in: this machine only, its own page only.

use axum::body::Body;
use axum::http::Request;
use reqwest::StatusCode;
use serde_json::json;
use tower::ServiceExt;

use super::client::{Visitor, answer, http};
use super::site::Site;

const LIST: &str = "{\"type\":\"threads.list\",\"params\":{}}";

#[tokio::test]
async fn check_11_hosts_and_origins_are_those_of_the_configuration() {
    let site =
        Site::configured(&[("FRONTDESK__AUTH__ALLOWED_ORIGINS", "https://app.example")]).await;
    let own = site.url("");
    let other = format!(
        "http://127.0.0.1:{}",
        site.address.port().wrapping_add(1).max(1)
    );
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[], 200),
        (&[("host", "localhost:1")], 200),
        (&[("host", "evil.example")], 403),
        (&[("host", "127.0.0.1.evil.example")], 403),
        (&[("origin", &own)], 200),
        (&[("origin", &other)], 403),
        (&[("origin", "http://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("origin", "https://app.example")], 200),
        (&[("cookie", "frontdesk_user=ann")], 200),
        (&[("cookie", "frontdesk_user=a%0Ab")], 400),
    ];
    for (headers, status) in cases {
        let mut request = http().post(site.url("/chatkit")).body(LIST);
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let (got, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(got.as_u16(), *status, "{headers:?}: {body}");
    }
}

#[tokio::test]
async fn the_cookie_of_development_names_the_user() {
    let site = Site::configured(&[]).await;
    let (thread, _) = Visitor::named(&site, "ann").create("hello").await;
    let cookie = Visitor::new(&site)
        .post("/chatkit")
        .header("cookie", "theme=dark; frontdesk_user=ann")
        .body(
            json!({ "type": "threads.get_by_id", "params": { "thread_id": thread } }).to_string(),
        );
    assert_eq!(cookie.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_request_whose_peer_nobody_knows_is_refused() {
    let site = Site::configured(&[]).await;
    let request = Request::post("/chatkit")
        .header("host", "localhost")
        .body(Body::from(LIST))
        .unwrap();
    let response = site.frontdesk.router().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 403);
    assert_eq!(response.headers()["frontdesk"], "1");
}
