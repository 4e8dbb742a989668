//! Where a server answers: at which path, nested in an application, and how it says no.

use std::sync::Arc;

use axum::Router;
use frontdesk_auth::SigningKey;
use frontdesk_auth::incoming::signed::Verifier;
use frontdesk_auth::outgoing::Signer;
use frontdesk_clock::{Clock, ManualClock, RandomIds, Timestamp};
use frontdesk_identity::{Principal, Secret, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, KitError, MountOptions, Text, Tool, ToolFailure, ToolServer, serve,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::stand::{Answer, Result, Stand};

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn hello() -> std::result::Result<Text, ToolFailure> {
    Ok(Text("hello".to_owned()))
}

fn server() -> ToolServer<()> {
    ToolServer::new("mounting", "1", ()).tool(Tool::new("hello", hello))
}

async fn request(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Response> {
    let mut request = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?
        .request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Ok(request.body(body.to_owned()).send().await?)
}

#[tokio::test]
async fn it_works_nested_and_its_metadata_lies_where_the_challenge_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let resource = format!("{base}/app/tools");
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let key = SigningKey::from_secret(&Secret::new("a secret of some length")).unwrap();
    let keys = [key.public().clone()];
    let verifier = Verifier::new("desk", &resource, &keys, Arc::clone(&clock));
    let authentication = Authentication::Bearer(Arc::new(verifier));
    let mut options = MountOptions::new(authentication, resource.clone());
    options.path = "/tools/".to_owned();
    let mounted = server().mount(options).unwrap();
    let application = Router::new()
        .nest("/app", mounted.protocol)
        .merge(mounted.well_known);
    let mut serving = JoinSet::new();
    serving.spawn(serve(listener, application, CancellationToken::new()));

    let refused = request(Method::POST, &resource, &[], "").await.unwrap();
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    let address = challenge
        .strip_prefix("Bearer resource_metadata=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap();
    let expected = format!("{base}/.well-known/oauth-protected-resource/app/tools");
    assert_eq!(address, expected);
    let metadata = request(Method::GET, address, &[], "").await.unwrap();
    let metadata: Value = serde_json::from_str(&metadata.text().await.unwrap()).unwrap();
    assert_eq!(metadata["resource"], resource);

    let signer = Signer::new("desk", key, clock, Arc::new(RandomIds));
    let ann = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
    let token = signer.sign(&ann, &resource).unwrap();
    let bearer = format!("Bearer {}", token.expose());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    for url in [resource.clone(), format!("{resource}/")] {
        let answer = request(Method::POST, &url, &headers, list).await.unwrap();
        let answer = Answer::read(answer).await.unwrap();
        assert_eq!(answer.result()["tools"][0]["name"], "hello");
    }
}

/// Why a server with these options is not mounted.
fn refused(change: impl FnOnce(&mut MountOptions)) -> Option<KitError> {
    let everyone = Principal::new(TenantId::single(), UserId::new("ann").ok()?);
    let authentication = Authentication::Everyone(Arc::new(everyone));
    let mut options = MountOptions::new(authentication, "https://tools.example/mcp");
    change(&mut options);
    server().into_router(options).err()
}

#[test]
fn only_a_plain_path_can_be_mounted_at() {
    let metadata = "/.well-known/oauth-protected-resource";
    for path in [
        "", "/", "//", "mcp", "/{any}", "/a/*rest", "/:a", "/a b", "/a?b", metadata,
    ] {
        let error = refused(|options| path.clone_into(&mut options.path));
        assert!(
            matches!(&error, Some(KitError::Path(given)) if given == path),
            "{path}"
        );
    }
    let inserted = format!("{metadata}/mcp");
    for path in [
        "", "healthz", "/:a", "/{a}", "/mcp", "/mcp/", metadata, &inserted,
    ] {
        let error = refused(|options| options.health_path = Some(path.to_owned()));
        assert!(
            matches!(&error, Some(KitError::Path(given)) if given == path),
            "{path}"
        );
    }
    for path in ["/", "/health.txt", "/mcp/health"] {
        let error = refused(|options| options.health_path = Some(path.to_owned()));
        assert!(error.is_none(), "{path}");
    }
    for resource in [
        "https://tools.example/:mcp",
        "https://tools.example/a/*b",
        "/mcp",
    ] {
        let error = refused(|options| resource.clone_into(&mut options.resource));
        assert!(matches!(error, Some(KitError::Resource(_))), "{resource}");
    }
}

#[test]
fn what_no_caller_could_have_is_not_listed() {
    for host in [
        "",
        "*",
        "*.example",
        "https://tools.example",
        "a b",
        "a@b",
        "a/b",
        ":80",
    ] {
        let error = refused(|options| options.allowed_hosts.push(host.to_owned()));
        assert!(matches!(error, Some(KitError::Unmatched(_))), "{host}");
    }
    for host in [
        "tools.example",
        "tools.example:8080",
        "[::1]:80",
        "10.0.0.1",
    ] {
        assert!(
            refused(|options| options.allowed_hosts.push(host.to_owned())).is_none(),
            "{host}"
        );
    }
    for origin in [
        "",
        "*",
        "page.example",
        "https://page.example/a",
        "https://*.example",
        "https://a@b",
        "null",
    ] {
        let error = refused(|options| options.allowed_origins.push(origin.to_owned()));
        assert!(matches!(error, Some(KitError::Unmatched(_))), "{origin}");
    }
    for scope in ["", "tasks:read tasks:write", "a\"b", "é"] {
        let error = refused(|options| options.granted_scopes.push(scope.to_owned()));
        assert!(matches!(error, Some(KitError::Unmatched(_))), "{scope}");
        let tool = Tool::new("hello", hello).scope(scope);
        let error = ToolServer::new("s", "1", ()).tool(tool).in_memory().err();
        assert!(matches!(error, Some(KitError::Unmatched(_))), "{scope}");
    }
}

#[tokio::test]
async fn every_refusal_is_json_rpc() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let bearer = format!("Bearer {}", stand.token("ann").unwrap());
    let json_type = ("content-type", "application/json");
    let both = ("accept", "application/json, text/event-stream");
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let modern = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;
    let new = ("mcp-protocol-version", "2026-07-28");
    let cases: [(Method, Headers<'_>, &str, u16, i32); 11] = [
        (Method::GET, &[both], "", 405, -32_600),
        (Method::DELETE, &[both], "", 405, -32_600),
        (Method::PUT, &[both], "", 405, -32_600),
        (Method::POST, &[json_type], list, 406, -32_600),
        (Method::POST, &[both], list, 415, -32_600),
        (Method::POST, &[json_type, both], "{", 400, -32_700),
        (
            Method::POST,
            &[json_type, both, ("host", "evil.example")],
            list,
            403,
            -32_000,
        ),
        (
            Method::POST,
            &[json_type, both, ("origin", "null")],
            list,
            403,
            -32_000,
        ),
        (
            Method::POST,
            &[json_type, both, ("mcp-protocol-version", "1999-01-01")],
            list,
            400,
            -32_022,
        ),
        (Method::POST, &[json_type, both, new], modern, 400, -32_020),
        (Method::POST, &[json_type, both], "[]", 400, -32_600),
    ];
    for (method, headers, body, status, code) in cases {
        let mut headers = headers.to_vec();
        headers.push(("authorization", &bearer));
        let answer = request(method.clone(), &stand.url, &headers, body)
            .await
            .unwrap();
        assert_eq!(
            answer.headers()["content-type"],
            "application/json",
            "{method} {headers:?}"
        );
        let answer = Answer::read(answer).await.unwrap();
        let message = &answer.messages[0];
        assert_eq!(
            (
                answer.status,
                &message["jsonrpc"],
                &message["error"]["code"]
            ),
            (status, &json!("2.0"), &json!(code)),
            "{method} {headers:?} {body} {message}"
        );
    }
}

#[tokio::test]
async fn pages_of_listed_origins_read_answers_and_no_others_do() {
    let stand = Stand::serve(server(), |options| {
        options.allowed_origins = vec!["https://page.example:443".to_owned()];
    })
    .await
    .unwrap();
    let well_known = stand
        .url
        .replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
    let wanted = (
        "access-control-request-headers",
        "authorization, mcp-method",
    );
    let method = ("access-control-request-method", "POST");
    let page = ("origin", "https://page.example");
    let before = request(Method::OPTIONS, &stand.url, &[page, method, wanted], "").await;
    let before = before.unwrap();
    assert_eq!(before.status().as_u16(), 204);
    assert_eq!(before.headers()["access-control-allow-headers"], wanted.1);
    assert_eq!(before.headers()["access-control-allow-origin"], page.1);
    assert_eq!(
        before.headers().get("access-control-allow-credentials"),
        None
    );
    // A page has to read where to sign in.
    let refused = request(Method::POST, &stand.url, &[page], "")
        .await
        .unwrap();
    assert_eq!(refused.status().as_u16(), 401);
    assert_eq!(refused.headers()["access-control-allow-origin"], page.1);
    let metadata = request(Method::GET, &well_known, &[page], "")
        .await
        .unwrap();
    assert_eq!(metadata.headers()["access-control-allow-origin"], page.1);

    let other = ("origin", "https://evil.example");
    let before = request(Method::OPTIONS, &stand.url, &[other, method, wanted], "").await;
    assert_eq!(before.unwrap().status().as_u16(), 403);
    for url in [&stand.url, &well_known] {
        let answer = request(Method::GET, url, &[other], "").await.unwrap();
        assert_eq!(answer.headers().get("access-control-allow-origin"), None);
    }
}

#[tokio::test]
async fn nothing_that_is_sent_brings_the_server_down() {
    let stand = Stand::serve(server(), |_| ()).await.unwrap();
    let bearer = format!("Bearer {}", stand.token("ann").unwrap());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
    ];
    let call = |arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"hello","arguments":{arguments}}}}}"#
        )
    };
    // A text that is JSON, in a text that is JSON, and so on: each with a fresh limit of depth.
    let mut nested = "[".repeat(120) + &"]".repeat(120);
    for _ in 0..14 {
        let inner = json!({"$serde_json::private::RawValue": nested}).to_string();
        nested = "[".repeat(120) + &inner + &"]".repeat(120);
    }
    let bodies = [
        "null".to_owned(),
        "1".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        r#"{"jsonrpc":"2.0"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":5}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":[]}}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(),
        "[".repeat(100_000),
        call(&("[".repeat(100_000) + &"]".repeat(100_000))),
        call(&nested),
        call("[]"),
    ];
    for body in &bodies {
        let answer = request(Method::POST, &stand.url, &headers, body)
            .await
            .unwrap();
        let answer = Answer::read(answer).await.unwrap();
        let start: String = body.chars().take(80).collect();
        assert!(answer.status < 500, "{start}");
        assert!(answer.result()["code"].is_i64(), "{start}: {answer:?}");
    }
    let fine = request(Method::POST, &stand.url, &headers, &call("{}")).await;
    let fine = Answer::read(fine.unwrap()).await.unwrap();
    assert_eq!(fine.result()["content"][0]["text"], "hello");
}
