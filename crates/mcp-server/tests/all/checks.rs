//! The numbered checks that a tool server has to pass.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_auth::incoming::TokenVerifier;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_auth::{AuthError, SigningKey};
use frontdesk_clock::RandomIds;
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, Elicit, Resource, Structured, Text, Tool, ToolFailure, ToolServer,
};
use reqwest::Response;
use reqwest::header::HeaderMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::stand::{Answer, Result, Stand};

type Outcome<T> = std::result::Result<T, ToolFailure>;

#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn greet(elicit: Elicit) -> Outcome<Text> {
    let name = elicit.form::<Name>("Your name?").await?.accepted();
    Ok(Text(name.map(|name| name.name).unwrap_or_default()))
}

async fn fine() -> Outcome<Structured<u32>> {
    Ok(Structured(1))
}

async fn refuse() -> Outcome<Text> {
    Err(ToolFailure::new("there is no such task"))
}

async fn break_down() -> Outcome<Text> {
    let number: i64 = "the password is 12345".parse()?;
    Ok(Text(number.to_string()))
}

async fn collapse() -> Outcome<Text> {
    std::panic::resume_unwind(Box::new("the password is 12345"))
}

async fn page() -> Outcome<String> {
    let number: i64 = "the password is 12345".parse()?;
    Ok(number.to_string())
}

fn server() -> ToolServer<()> {
    ToolServer::new("checks", "1", ())
        .tool(Tool::new("greet", greet))
        .tool(Tool::new("fine", fine))
        .tool(Tool::new("refuse", refuse))
        .tool(Tool::new("break_down", break_down))
        .tool(Tool::new("collapse", collapse))
        .tool(
            Tool::new("late", std::future::pending::<Outcome<Text>>)
                .timeout(Duration::from_millis(1)),
        )
        .resource(Resource::new("a://1", "one", page))
}

/// Posts in the `initialize` era, without following a redirect.
async fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Result<Response> {
    let mut request = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?
        .post(url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(request.body(body.to_string()).send().await?)
}

fn call(tool: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool}})
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }})
}

/// Sign-in that is down.
#[derive(Debug)]
struct Down;

#[async_trait]
impl TokenVerifier for Down {
    async fn verify(&self, _token: &str) -> std::result::Result<Arc<Principal>, AuthError> {
        Err(AuthError::Unavailable {
            detail: "the keys of the issuer could not be fetched".into(),
        })
    }
}

#[tokio::test]
async fn check_04_calls_without_a_token_for_this_server_by_its_issuer_are_refused() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    let signer = |issuer: &str, secret: &str| {
        let key = SigningKey::from_secret(&Secret::new(secret)).unwrap();
        Signer::new(
            issuer,
            key,
            Arc::clone(&stand.clock) as _,
            Arc::new(RandomIds),
        )
    };
    let right = "a secret of some length";
    let tokens = [
        (signer("desk", right).sign(&ann, &stand.url), 200),
        (
            signer("desk", right).sign(&ann, "https://other.example/mcp"),
            401,
        ),
        (signer("other", right).sign(&ann, &stand.url), 401),
        (
            signer("desk", "another secret of some length").sign(&ann, &stand.url),
            401,
        ),
    ];
    for (token, status) in tokens {
        let bearer = format!("Bearer {}", token.unwrap().expose());
        for body in [call("fine"), initialize()] {
            let answer = post(&stand.url, &[("authorization", &bearer)], &body).await;
            assert_eq!(answer.unwrap().status().as_u16(), status);
        }
    }
    for headers in [
        &[][..],
        &[("x-user-id", "ann")],
        &[("authorization", "Bearer anything")],
    ] {
        let answer = post(&stand.url, headers, &call("fine")).await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
    }
    let in_query = format!("{}?access_token={}", stand.url, stand.token("ann").unwrap());
    let answer = post(&in_query, &[], &call("fine")).await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
}

#[tokio::test]
async fn check_04_sign_in_that_is_down_is_503() {
    let stand = Stand::serve(server(), |options| {
        options.authentication = Authentication::Bearer(Arc::new(Down));
    })
    .await
    .unwrap();
    let answer = post(&stand.url, &[("authorization", "Bearer a")], &call("fine")).await;
    let answer = Answer::read(answer.unwrap()).await.unwrap();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.result()["code"], -32_000);
    assert!(!answer.result().to_string().contains("keys of the issuer"));
    assert_eq!(answer.headers.get("www-authenticate"), None);
}

/// Two replicas that trust the same tokens and share a secret.
async fn replicas() -> Result<[Stand; 2]> {
    let audience = "https://tools.example/mcp";
    let key = SigningKey::from_secret(&Secret::new("a secret of some length"))?;
    let mut both = Vec::new();
    for _ in 0..2 {
        let keys = [key.public().clone()];
        let stand = Stand::serve(server(), |options| {
            let clock = Arc::clone(&options.clock);
            let verifier = Verifier::new("desk", audience, &keys, clock);
            options.authentication = Authentication::Bearer(Arc::new(verifier));
            options.resource = String::from(audience);
            options.state_secret = Some(Secret::new("shared"));
        })
        .await?;
        both.push(stand.for_audience(audience));
    }
    both.try_into().map_err(|_| "two".into())
}

#[tokio::test]
async fn check_10_both_paths_answer_without_redirect_at_any_replica() {
    let replicas = replicas().await.unwrap();
    let bearer = format!("Bearer {}", replicas[0].token("ann").unwrap());
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let requests = [
        initialize(),
        initialized,
        list,
        call("fine"),
        call("refuse"),
    ];
    for round in 0..8 {
        for (number, body) in requests.iter().enumerate() {
            let replica = &replicas[(round + number) % 2];
            let url = match round % 4 {
                0 | 1 => replica.url.clone(),
                _ => format!("{}/", replica.url),
            };
            let answer = post(&url, &[("authorization", &bearer)], body)
                .await
                .unwrap();
            assert_eq!(answer.headers().get("mcp-session-id"), None);
            let expected = if body.get("id").is_some() { 200 } else { 202 };
            assert_eq!(answer.status().as_u16(), expected, "{url} {body}");
        }
    }
}

#[tokio::test]
async fn check_10_a_call_asks_at_one_replica_and_ends_at_another() {
    let [first, second] = replicas().await.unwrap();
    let asked = first
        .ask("ann", "tools/call", json!({"name": "greet"}))
        .await;
    let asked = asked.unwrap().result();
    let requests = asked["inputRequests"].as_object().unwrap();
    let key = requests.keys().next().unwrap().clone();
    let mut again = json!({"name": "greet", "requestState": asked["requestState"]});
    again["inputResponses"] = json!({key: {"action": "accept", "content": {"name": "Ann"}}});
    let answer = second.ask("ann", "tools/call", again).await.unwrap();
    assert_eq!(answer.result()["content"][0]["text"], "Ann");
}

#[tokio::test]
async fn check_11_hosts_and_origins_come_from_configuration() {
    let stand = Stand::serve(server(), |options| {
        options.resource = "https://tools.example/mcp".to_owned();
        options.allowed_hosts = vec!["inside.example:8080".to_owned()];
        options.allowed_origins = vec!["https://page.example:443".to_owned()];
        options.health_path = Some("/healthz".to_owned());
    })
    .await
    .unwrap();
    let token = stand.token("ann").unwrap();
    let bearer = format!("Bearer {token}");
    let cases = [
        ("host", "tools.example", 200),
        ("host", "tools.example:8001", 200),
        ("host", "inside.example:8080", 200),
        ("host", "inside.example", 403),
        ("host", "127.0.0.1", 200),
        ("host", "localhost:1", 200),
        ("host", "evil.example", 403),
        ("host", "tools.example.evil.example", 403),
        ("host", "a b", 400),
        ("origin", "https://page.example", 200),
        ("origin", "https://page.example:444", 403),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
    ];
    for (name, value, status) in cases {
        let headers = [("authorization", bearer.as_str()), (name, value)];
        let answer = post(&stand.url, &headers, &call("fine")).await.unwrap();
        let answer = Answer::read(answer).await.unwrap();
        assert_eq!(answer.status, status, "{name}: {value}");
        if status != 200 {
            assert!(answer.result()["code"].is_i64(), "{name}: {value}");
        }
    }
    let health = stand.url.replace("/mcp", "/healthz");
    let client = reqwest::Client::builder().build().unwrap();
    for header in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let answer = client.get(&health).header(header.0, header.1).send().await;
        assert_eq!(answer.unwrap().status().as_u16(), 200);
    }
}

#[tokio::test]
async fn check_15_failures_are_is_error() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let inside = "the tool failed because of a problem on its server";
    let cases = [
        ("refuse", "there is no such task"),
        ("break_down", inside),
        ("collapse", inside),
        ("late", "the tool did not finish within 1ms"),
    ];
    for (tool, text) in cases {
        let stateless = stand.ask("ann", "tools/call", json!({"name": tool})).await;
        let bearer = format!("Bearer {}", stand.token("ann").unwrap());
        let older = post(&stand.url, &[("authorization", &bearer)], &call(tool)).await;
        let older = Answer::read(older.unwrap()).await.unwrap();
        for answer in [stateless.unwrap(), older] {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.result()["isError"], true, "{tool}");
            assert_eq!(
                answer.result()["content"],
                json!([{"type": "text", "text": text}])
            );
        }
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shown(headers: &HeaderMap) -> String {
    format!("{headers:?}")
}

#[tokio::test]
async fn check_21_no_token_in_errors_answers_or_logs() {
    let written = Written::default();
    let log = {
        let written = written.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || written.clone())
            .finish()
    };
    let _log = tracing::subscriber::set_default(log);
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let good = stand.token("ann").unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    let cut = &good[..good.len() - 2];
    let bodies = [
        call("fine"),
        call("break_down"),
        call("collapse"),
        call("nothing"),
        json!({"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "a://1"}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "nothing/at/all"}),
        json!([1]),
        initialize(),
    ];
    let mut seen = String::new();
    for token in [&good, cut, "sk-0123456789abcdef"] {
        for body in &bodies {
            let bearer = format!("Bearer {token}");
            let headers = [
                ("authorization", bearer.as_str()),
                ("cookie", "session=0123456789abcdef"),
                ("mcp-session-id", "0123"),
            ];
            let response = post(&stand.url, &headers, body).await.unwrap();
            seen.push_str(&shown(response.headers()));
            seen.push_str(&response.text().await.unwrap());
        }
    }
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    // The server's own log names what failed, so that the operator finds it.
    assert!(log.contains("a function failed"));
    // What hyper and the client of this test say about their connections is their affair.
    let log: String = log
        .lines()
        .filter(|line| !line.contains("hyper") && !line.contains("reqwest"))
        .collect();
    for text in [&seen, &log] {
        for secret in [signature, "sk-0123456789abcdef", "0123456789abcdef"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    assert!(!seen.contains("12345"));
}
