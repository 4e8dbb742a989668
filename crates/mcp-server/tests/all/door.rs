//! Who gets in, and what the address answers: raw requests.

use axum::http::StatusCode;
use frontdesk_mcp_server::{
    Authentication, KitError, MAX_BODY_BYTES, MountOptions, Tool, ToolServer,
};
use frontdesk_mcp_server::{Text, ToolFailure};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::stand::{Result, Stand};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;

async fn post(
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Result<Response> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let mut request = client
        .request(Method::POST, url)
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(request.body(body).send().await?)
}

async fn json_of(response: Response) -> Result<Value> {
    Ok(serde_json::from_str(&response.text().await?)?)
}

#[tokio::test]
async fn without_a_good_token_every_request_is_401_and_says_where_to_get_one() {
    let stand = Stand::open().await.unwrap();
    let good = stand.token("ann").unwrap();
    let other = stand.signer.sign(
        &frontdesk_identity::Principal::new(
            frontdesk_identity::TenantId::single(),
            frontdesk_identity::UserId::new("ann").unwrap(),
        ),
        "https://other.example/mcp",
    );
    let basic = format!("Basic {good}");
    let cut = format!("Bearer {}", &good[..good.len() - 2]);
    let elsewhere = format!("Bearer {}", other.unwrap().expose());
    let cases: [&[(&str, &str)]; 8] = [
        &[],
        &[("authorization", "Bearer dev")],
        &[("authorization", "Bearer ")],
        &[("authorization", &basic)],
        &[("authorization", &cut)],
        &[("authorization", &elsewhere)],
        &[("x-user-id", "ann")],
        &[("origin", "https://evil.example"), ("host", "evil.example")],
    ];
    let base = stand.url.trim_end_matches("/mcp");
    for path in ["/mcp", "/mcp/"] {
        for headers in cases {
            for body in [LIST, "not json", ""] {
                let response = post(&format!("{base}{path}"), headers, body).await.unwrap();
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
                let challenge = response.headers()["www-authenticate"]
                    .to_str()
                    .unwrap()
                    .to_owned();
                assert_eq!(
                    challenge,
                    format!(
                        "Bearer resource_metadata=\"{base}/.well-known/oauth-protected-resource/mcp\""
                    )
                );
                assert_eq!(
                    json_of(response).await.unwrap(),
                    json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32_000, "message": "sign-in required"}})
                );
            }
        }
    }
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let response = reqwest::Client::builder()
            .build()
            .unwrap()
            .request(method, &stand.url)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn with_and_without_a_slash_it_answers_without_redirect() {
    let stand = Stand::open().await.unwrap();
    let token = format!("Bearer {}", stand.token("ann").unwrap());
    for url in [stand.url.clone(), format!("{}/", stand.url)] {
        let response = post(&url, &[("authorization", &token)], LIST)
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(
            json_of(response).await.unwrap()["result"]["tools"][0]["name"],
            "add"
        );
    }
}

#[tokio::test]
async fn other_hosts_and_other_sites_pages_are_refused() {
    let stand = Stand::open().await.unwrap();
    let token = format!("Bearer {}", stand.token("ann").unwrap());
    let cases = [
        ("host", "localhost:1", StatusCode::OK),
        ("host", "[::1]", StatusCode::OK),
        ("host", "evil.example", StatusCode::FORBIDDEN),
        ("origin", "https://page.example", StatusCode::OK),
        ("origin", "http://page.example", StatusCode::FORBIDDEN),
        ("origin", "https://evil.example", StatusCode::FORBIDDEN),
        ("origin", "null", StatusCode::FORBIDDEN),
    ];
    for (name, value, status) in cases {
        let response = post(
            &stand.url,
            &[("authorization", &token), (name, value)],
            LIST,
        )
        .await
        .unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
    }
}

#[tokio::test]
async fn health_and_metadata_need_no_token() {
    let stand = Stand::open().await.unwrap();
    let base = stand.url.trim_end_matches("/mcp");
    let get = async |path: &str| {
        let client = reqwest::Client::builder().build()?;
        client
            .get(format!("{base}{path}"))
            .header("host", "anything")
            .send()
            .await?
            .text()
            .await
    };
    assert_eq!(get("/healthz").await.unwrap(), "ok");
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        let metadata: Value = serde_json::from_str(&get(path).await.unwrap()).unwrap();
        assert_eq!(
            metadata,
            json!({
                "resource": stand.url,
                "authorization_servers": ["https://desk.example"],
                "bearer_methods_supported": ["header"],
            })
        );
    }
}

#[tokio::test]
async fn bad_bodies_are_answered_in_json_rpc() {
    let stand = Stand::open().await.unwrap();
    let token = format!("Bearer {}", stand.token("ann").unwrap());
    let large = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES));
    let cases = [
        ("{".to_owned(), StatusCode::BAD_REQUEST, -32_700),
        (String::new(), StatusCode::BAD_REQUEST, -32_700),
        ("[1] trailing".to_owned(), StatusCode::BAD_REQUEST, -32_700),
        (large, StatusCode::PAYLOAD_TOO_LARGE, -32_600),
    ];
    for (body, status, code) in cases {
        let response = post(&stand.url, &[("authorization", &token)], body)
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        let answer = json_of(response).await.unwrap();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&Value::Null, &json!(code))
        );
    }
}

async fn nothing() -> std::result::Result<Text, ToolFailure> {
    Ok(Text(String::new()))
}

#[test]
fn a_server_that_cannot_work_is_not_mounted() {
    let mount = |names: &[&str], resource: &str| {
        let clock = std::sync::Arc::new(frontdesk_clock::SystemClock);
        let verifier = frontdesk_auth::incoming::signed::Verifier::new("a", "b", &[], clock);
        let authentication = Authentication::Bearer(std::sync::Arc::new(verifier));
        let mut server = ToolServer::new("s", "1", ());
        for name in names {
            server = server.tool(Tool::new(*name, nothing));
        }
        server
            .into_router(MountOptions::new(authentication, resource))
            .err()
    };
    let good = "https://tools.example/mcp";
    assert!(mount(&["a", "b"], good).is_none());
    assert!(matches!(mount(&["a", "a"], good), Some(KitError::Duplicate(name)) if name == "a"));
    assert!(matches!(mount(&["a b"], good), Some(KitError::Tool { .. })));
    assert!(matches!(
        mount(&["a"], "tools.example/mcp"),
        Some(KitError::Resource(_))
    ));
}

#[tokio::test]
async fn a_refusal_waits_for_the_body_so_that_the_caller_reads_it() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let stand = Stand::open().await.unwrap();
    let address = stand
        .url
        .trim_start_matches("http://")
        .trim_end_matches("/mcp");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = "x".repeat(100_000);
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    tokio::task::yield_now().await;
    // The connection stays open for a second request.
    let rest =
        format!("{body}GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(
        answers.starts_with("HTTP/1.1 401 Unauthorized") && answers.ends_with("ok"),
        "{answers}"
    );
}
