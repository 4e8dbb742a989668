//! Pages of other origins: those that are listed may ask and read, before and after sign-in; others may not.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use super::client::http;
use super::site::Site;

const APP: &str = "https://app.example";
const ORIGINS: (&str, &str) = ("FRONTDESK__CORS__ALLOWED_ORIGINS", APP);
const CREDENTIALS: (&str, &str) = ("FRONTDESK__CORS__ALLOW_CREDENTIALS", "true");

/// The headers that decide, sorted.
fn shared(headers: &HeaderMap) -> Vec<String> {
    let mut shared: Vec<String> = headers
        .iter()
        .filter(|(name, _)| *name == "vary" || name.as_str().starts_with("access-control-"))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    shared.sort();
    shared
}

const ANSWER: [&str; 3] = [
    "access-control-allow-origin: https://app.example",
    "access-control-expose-headers: Frontdesk-Turn, Frontdesk, X-Request-Id, Retry-After",
    "vary: Origin",
];

async fn ask(site: &Site, path: &str, origin: Option<&str>) -> (StatusCode, Vec<String>) {
    let mut request = http().request(Method::OPTIONS, site.url(path));
    request = request
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let response = request.send().await.unwrap();
    (response.status(), shared(response.headers()))
}

#[tokio::test]
async fn a_listed_page_may_ask_before_it_calls() {
    let site = Site::configured(&[ORIGINS, CREDENTIALS]).await;
    let expected = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: Authorization, Content-Type, Frontdesk-Resume, Last-Event-ID, Idempotency-Key, x-page-title, x-page-url",
        "access-control-allow-methods: GET, POST, PUT, DELETE",
        "access-control-allow-origin: https://app.example",
        "access-control-expose-headers: Frontdesk-Turn, Frontdesk, X-Request-Id, Retry-After",
        "access-control-max-age: 600",
        "vary: Origin",
    ];
    for path in ["/chatkit", "/chatkit/turns/turn_1/stop"] {
        let (status, headers) = ask(&site, path, Some(APP)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(headers, expected, "{path}");
    }
    for origin in ["https://app.example:8443", "http://app.example", "null"] {
        let answer = ask(&site, "/chatkit", Some(origin)).await;
        assert_eq!(
            answer,
            (StatusCode::FORBIDDEN, vec!["vary: Origin".to_owned()]),
            "{origin}"
        );
    }
    for path in ["/mcp", "/", "/chatkitten", "/.well-known/jwks.json"] {
        let (status, headers) = ask(&site, path, Some(APP)).await;
        assert_ne!(status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(headers, [""; 0], "{path}");
    }
}

#[tokio::test]
async fn answers_and_errors_say_who_may_read_them() {
    let site = Site::configured(&[ORIGINS]).await;
    let list = r#"{"type":"threads.list","params":{}}"#;
    let post = async |body: &str, origin: Option<&str>| {
        let mut request = http().post(site.url("/chatkit")).body(body.to_owned());
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), shared(response.headers()))
    };
    let read = ANSWER.map(str::to_owned).to_vec();
    let vary = vec!["vary: Origin".to_owned()];
    assert_eq!(post(list, Some(APP)).await, (200, read.clone()));
    assert_eq!(post("{", Some(APP)).await, (400, read));
    assert_eq!(post(list, None).await, (200, vary.clone()));
    assert_eq!(post(list, Some("https://evil.example")).await, (403, vary));
}

#[tokio::test]
async fn nothing_is_said_of_other_origins_where_none_is_configured() {
    let site = Site::configured(&[]).await;
    let (status, headers) = ask(&site, "/chatkit", Some(APP)).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(headers, [""; 0]);
}
