//! What a caller signs in with is seen by nobody: not in the log, not in an answer, however it was sent.

use frontdesk_testkit::clients::{create, http};
use frontdesk_testkit::issuer::Issuer;
use reqwest::RequestBuilder;
use serde_json::json;

use super::desk::Desk;

/// What every JSON Web Token begins with; ours for the tool server do, too.
const TOKEN: &str = "eyJ";

/// All that an answer says.
async fn all_of(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let head = format!("{} {:?}", response.status(), response.headers());
    format!("{head}\n{}", response.text().await.unwrap())
}

/// A secret in every place where a request can have one.
fn everywhere(url: &str, secret: &str) -> Vec<RequestBuilder> {
    let http = http().unwrap();
    let turn = create("What are my tasks?").to_string();
    let list = json!({"type": "threads.list", "params": {}}).to_string();
    let post = |path: &str| http.post(format!("{url}{path}")).body(list.clone());
    let get = |path: &str| http.get(format!("{url}{path}"));
    let bearer = format!("Bearer {secret}");
    vec![
        post("/chatkit").header("authorization", &bearer).body(turn),
        post("/chatkit").header("authorization", &bearer),
        post("/chatkit").header("authorization", secret),
        post("/chatkit").header("authorization", format!("Basic {secret}")),
        post("/chatkit")
            .header("authorization", &bearer)
            .header("authorization", &bearer),
        post("/chatkit").header("cookie", format!("session={secret}")),
        post("/chatkit")
            .header("cookie", format!("session={secret}"))
            .header("sec-fetch-site", "same-origin"),
        post("/chatkit").header("x-api-key", secret),
        post("/chatkit").header("x-user-id", secret),
        post("/chatkit").header("x-request-id", secret),
        post("/chatkit").header("origin", secret),
        post("/chatkit").header("content-type", secret),
        post("/chatkit")
            .header("authorization", &bearer)
            .header("frontdesk-on-behalf-of", secret),
        post("/chatkit")
            .header("authorization", &bearer)
            .body(secret.to_owned()),
        post(&format!("/chatkit?access_token={secret}")),
        post(&format!("/chatkit?user={secret}")),
        post(&format!("/{secret}")),
        post(&format!("/chatkit/turns/{secret}/stop")).header("authorization", &bearer),
        get(&format!("/chatkit/turns/{secret}/events")).header("authorization", &bearer),
        get(&format!("/chatkit/turns/turn_1/events?after={secret}"))
            .header("authorization", &bearer),
        get("/chatkit/turns/turn_1/events")
            .header("authorization", &bearer)
            .header("last-event-id", secret),
        post("/mcp").header("authorization", &bearer),
        post(&format!("/mcp?token={secret}")),
        get(&format!("/connect/tasks?ticket={secret}")),
        post(&format!("/connect/tasks?ticket={secret}")).header("origin", url),
        get(&format!(
            "/connect/callback/tasks?state={secret}&code={secret}"
        )),
        post(&format!("/connect/{secret}/disconnect")).header("authorization", &bearer),
        get("/healthz").header("authorization", &bearer),
        get("/readyz").header("authorization", &bearer),
        get(&format!("/.well-known/jwks.json?{secret}")).header("authorization", &bearer),
        get("/").header("authorization", &bearer),
    ]
}

/// Fails if the text has a whole part of the secret, or the ends of its last part.
fn assert_hides(text: &str, secret: &str, place: &str) {
    let between = if secret.contains('.') { '.' } else { '_' };
    let last = secret.rsplit(between).next().unwrap();
    let ends = [&last[..10], &last[last.len() - 10..]];
    let parts = secret.split(between).filter(|part| part.len() >= 10);
    for part in parts.chain(ends) {
        let found = text.find(part).map(|at| {
            let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
            text[line..].lines().next()
        });
        assert_eq!(found, None, "{place} shows {part}");
    }
}

#[tokio::test]
async fn check_21_no_token_in_logs_answers_or_errors() {
    let issuer = Issuer::start().await.unwrap();
    let mut desk = Desk::open(&[
        ("FRONTDESK__AUTH__MODE", "jwt"),
        ("FRONTDESK__AUTH__ISSUER", issuer.url()),
        ("FRONTDESK__AUTH__AUDIENCE", "frontdesk"),
        ("FRONTDESK__AUTH__COOKIE", "session"),
        ("RUST_LOG", "trace"),
    ])
    .await;
    let token = |exp: i64, aud: &str| {
        let claims = json!({"sub": "ann", "aud": aud, "exp": exp});
        issuer.token(claims).unwrap()
    };
    let good = token(4_000_000_000, "frontdesk");
    let bad = format!("{}AAAAAAAAAAAA", &good[..good.len() - 12]);
    let tokens = [
        good,
        bad,
        token(1_000_000_000, "frontdesk"),
        token(4_000_000_000, "elsewhere"),
    ];
    let mut answers = String::new();
    for token in &tokens {
        for request in everywhere(desk.server.url(), token) {
            let answer = all_of(request).await;
            assert_hides(&answer, token, "an answer");
            answers.push_str(&answer);
        }
    }
    assert!(answers.contains("thread.item.done"), "somebody was let in");
    let log = desk.server.whole_log().await.unwrap();
    assert!(log.contains("TRACE"), "everything is logged");
    assert!(log.contains("list_tasks"), "a tool was called");
    for token in &tokens {
        assert_hides(&log, token, "the log");
    }
    assert!(
        !log.contains(TOKEN),
        "the tool server's token is a secret, too"
    );
}

#[tokio::test]
async fn check_21_no_key_in_logs_answers_or_errors() {
    let mut desk = Desk::open(&[("FRONTDESK__AUTH__MODE", "api_key"), ("RUST_LOG", "trace")]).await;
    let good = desk.key(&["create", "--user", "ann"]).await;
    let bad = format!("{}0123456789", &good[..good.len() - 10]);
    for key in [&good, &bad] {
        for request in everywhere(desk.server.url(), key) {
            assert_hides(&all_of(request).await, key, "an answer");
        }
    }
    let log = desk.server.whole_log().await.unwrap();
    assert!(log.contains("TRACE"), "everything is logged");
    for key in [&good, &bad] {
        assert_hides(&log, key, "the log");
    }
}
