//! Arguments that the model neither sees nor decides, and credentials that nobody sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use frontdesk_agent::{Progress, ProgressSink, ToolOutput, Toolset};
use frontdesk_auth::outgoing::{ArgumentSource, Attachment, Broker, OutgoingError};
use frontdesk_identity::{Credential, Principal, Secret, SignedIn};
use frontdesk_mcp_client::{Era, McpServerConfig};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use crate::script::Script;
use crate::stand::{caller, context};

fn hide(config: &mut McpServerConfig) {
    config.hidden = BTreeMap::from([
        ("user_id".to_owned(), ArgumentSource::UserId),
        ("access_token".to_owned(), ArgumentSource::Token),
    ]);
}

/// `plain` takes the arguments as they are, `wrapped` in `params`, `other` none of the hidden ones.
fn tools() -> Value {
    let fields = json!({
        "user_id": {"type": "string"}, "access_token": {"type": "string"}, "word": {"type": "string"},
    });
    let params = json!({"type": "object", "properties": fields, "required": ["user_id", "word"]});
    json!([
        {"name": "other", "inputSchema": {"type": "object", "properties": {"word": {"type": "string"}}}},
        {"name": "plain", "inputSchema": params},
        {"name": "wrapped", "inputSchema": {
            "type": "object",
            "properties": {"params": {"$ref": "#/$defs/Params"}},
            "required": ["params"],
            "$defs": {"Params": params},
        }},
    ])
}

async fn echoing() -> Script {
    Script::with(hide, |seen| {
        async move {
            match seen.method() {
                "tools/call" => seen.text(&seen.arguments().to_string()),
                _ => seen.modern(&tools()),
            }
        }
        .boxed()
    })
    .await
    .unwrap()
}

fn signed_in() -> frontdesk_agent::ToolContext<()> {
    let mut context = context("ann", ProgressSink::silent()).unwrap();
    let token = Credential {
        token: Secret::new("the \"token\" of Ann's own"),
        audiences: Vec::new(),
        expires_at: None,
    };
    context.credentials = frontdesk_identity::Credentials::new(token);
    context
}

#[tokio::test]
async fn the_model_sees_nothing_of_hidden_arguments() {
    let script = echoing().await;
    let listed = script.client.tools(&caller("ann").unwrap()).await.unwrap();
    let schemas: Vec<(&str, &Value)> = listed
        .iter()
        .map(|tool| (tool.definition.name.as_str(), &*tool.definition.parameters))
        .collect();
    let fields =
        json!({"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]});
    assert_eq!(
        schemas,
        [
            (
                "other",
                &json!({"type": "object", "properties": {"word": {"type": "string"}}})
            ),
            ("plain", &fields),
            (
                "wrapped",
                &json!({"type": "object", "properties": {"params": fields}, "required": ["params"]})
            ),
        ]
    );
}

#[tokio::test]
async fn check_03_the_models_value_for_a_hidden_argument_is_overwritten() {
    let script = echoing().await;
    let given = json!({"user_id": "bob", "access_token": "stolen", "word": "a"});
    let cases = [
        (
            "plain",
            given.clone(),
            json!({"user_id": "ann", "access_token": "the \"token\" of Ann's own", "word": "a"}),
        ),
        (
            "wrapped",
            json!({"params": given, "user_id": "bob"}),
            json!({"params": {"user_id": "ann", "access_token": "the \"token\" of Ann's own", "word": "a"}}),
        ),
        (
            "wrapped",
            json!({}),
            json!({"params": {"user_id": "ann", "access_token": "the \"token\" of Ann's own"}}),
        ),
        ("other", given, json!({"word": "a"})),
    ];
    for (tool, given, sent) in cases {
        let arguments = given.as_object().cloned().unwrap();
        Toolset::call(script.client.as_ref(), tool, arguments, signed_in())
            .await
            .unwrap();
        assert_eq!(script.seen().last().unwrap().arguments(), sent);
    }
}

#[tokio::test]
async fn a_missing_value_fails_the_call_before_anything_is_sent() {
    let script = echoing().await;
    let error = script
        .call("ann", "plain", json!({"word": "a"}))
        .await
        .unwrap_err();
    assert_eq!(
        error.model_message,
        "the user's sign-in can't be used for script: it lacks a value that the tool needs"
    );
    assert_eq!(script.seen().len(), 0);
}

#[tokio::test]
async fn a_tool_that_is_not_listed_gets_no_hidden_value() {
    let script = echoing().await;
    let arguments = serde_json::Map::new();
    let called = Toolset::call(script.client.as_ref(), "unlisted", arguments, signed_in()).await;
    assert_eq!(
        called.unwrap_err().model_message,
        "the tool server script refuses the call: unknown tool: unlisted"
    );
    assert_eq!(script.count("tools/call"), 0);
}

#[tokio::test]
async fn check_21_a_credential_that_a_server_repeats_is_blotted_out() {
    let script = Script::with(hide, |seen| {
        async move {
            let token = seen.header("authorization").unwrap_or("").to_owned();
            let arguments = seen.arguments();
            match (seen.method(), arguments["word"].as_str()) {
                ("tools/call", Some("structured")) => {
                    seen.result(&json!({"content": [], "structuredContent": {"got": arguments, "by": token}}))
                }
                ("tools/call", Some("error")) => crate::script::json_answer(&json!({
                    "jsonrpc": "2.0", "id": seen.body["id"],
                    "error": {"code": -32000, "message": format!("bad token {token} {arguments}")},
                })),
                ("tools/call", Some("garbage")) => (
                    axum::http::StatusCode::INTERNAL_SERVER_ERROR,
                    format!("at {token} with {arguments}"),
                )
                    .into_response(),
                ("tools/call", _) => {
                    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                        "progressToken": seen.body["params"]["_meta"]["progressToken"], "progress": 1, "message": format!("as {token}"),
                    }});
                    let result = json!({"jsonrpc": "2.0", "id": seen.body["id"], "result": {"content": []}});
                    let events = format!("data: {progress}\n\ndata: {result}\n\n");
                    ([("content-type", "text/event-stream")], events).into_response()
                }
                _ => seen.modern(&tools()),
            }
        }
        .boxed()
    })
    .await
    .unwrap();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let mut said = Vec::new();
    for word in ["structured", "error", "garbage", "progress"] {
        let mut context = signed_in();
        let kept = Arc::clone(&reports);
        context.progress = ProgressSink::new(move |report| kept.lock().unwrap().push(report));
        let arguments = json!({"word": word}).as_object().cloned().unwrap();
        let called = Toolset::call(script.client.as_ref(), "plain", arguments, context).await;
        said.push(match called {
            Ok(output) => output,
            Err(error) => ToolOutput::error(error.to_string()),
        });
    }
    let got = r#"{"access_token":"[redacted]","user_id":"ann","word":"#;
    assert_eq!(
        said,
        [
            ToolOutput::text(format!(
                r#"{{"by":"Bearer [redacted]","got":{got}"structured"}}}}"#
            )),
            ToolOutput::error(format!(
                "the tool server script refuses the call: bad token Bearer [redacted] {got}\"error\"}}: \
                 the server refuses the request: bad token Bearer [redacted] {got}\"error\"}}"
            )),
            ToolOutput::error(format!(
                "the tool server script gave an answer that can't be used: it says that it failed: \
                 unexpected answer: it says that it failed: HTTP 500: at Bearer [redacted] with {got}\"garbage\"}}"
            )),
            ToolOutput::text(""),
        ]
    );
    let expected = Progress {
        message: Some("as Bearer [redacted]".to_owned()),
        fraction: None,
    };
    assert_eq!(*reports.lock().unwrap(), [expected]);
}

/// What is logged, at any level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Logged(pub(crate) Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Takes all that this thread logs, until what comes with it is dropped.
fn logging() -> (
    Logged,
    (tracing::Dispatch, tracing::subscriber::DefaultGuard),
) {
    let logged = Logged::default();
    let writer = logged.clone();
    let everything = LevelFilter::TRACE;
    // Where there is just one subscriber, what a thread without it logs first is never logged.
    let other = tracing_subscriber::fmt().with_max_level(everything);
    let other = tracing::Dispatch::new(other.with_writer(std::io::sink).finish());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(everything)
        .with_writer(move || writer.clone())
        .finish();
    (
        logged,
        (other, tracing::subscriber::set_default(subscriber)),
    )
}

#[tokio::test]
async fn check_21_no_credential_is_logged_whatever_a_server_does_with_it() {
    let (logged, _logging) = logging();
    for era in [Era::Stateless, Era::Initialize] {
        let script = Script::with(
            |config| {
                hide(config);
                config.era = era;
                config.auth = Arc::new(LongTokens);
            },
            |seen| {
                async move {
                    let token = seen.header("authorization").unwrap_or("").to_owned();
                    let arguments = seen.arguments();
                    match (seen.method(), arguments["word"].as_str()) {
                        ("tools/call", Some("failure")) => {
                            let said = format!("at {token} with {arguments}");
                            (StatusCode::INTERNAL_SERVER_ERROR, said).into_response()
                        }
                        ("tools/call", _) => seen.text(&format!("{token} {arguments}")),
                        ("server/discover", _) => seen.modern(&tools()),
                        _ => seen.legacy(&tools()),
                    }
                }
                .boxed()
            },
        )
        .await
        .unwrap();
        for word in ["result", "failure"] {
            let arguments = json!({"word": word}).as_object().cloned().unwrap();
            let called = Toolset::call(script.client.as_ref(), "plain", arguments, signed_in());
            assert_eq!(called.await.is_ok(), word == "result");
        }
    }
    let logged = logged.text();
    assert!(logged.contains("CallToolRequest"), "requests are logged");
    for secret in ["the \"token\"", r#"the \"token\""#, "a-long-token"] {
        assert!(!logged.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn check_21_a_hidden_value_is_not_logged_unless_a_header_needs_it() {
    const EMAIL: &str = "ann@mail.example";
    let (logged, _logging) = logging();
    let script = Script::with(
        |config| {
            config.hidden = BTreeMap::from([("email".to_owned(), ArgumentSource::Email)]);
        },
        |seen| {
            async move {
                let takes = |email: Value| json!({"type": "object", "properties": {"email": email}});
                let tools = json!([
                    {"name": "headed", "inputSchema": takes(json!({"type": "string", "x-mcp-header": "Email"}))},
                    {"name": "plain", "inputSchema": takes(json!({"type": "string"}))},
                ]);
                match seen.method() {
                    "tools/call" => seen.text("well"),
                    _ => seen.modern(&tools),
                }
            }
            .boxed()
        },
    )
    .await
    .unwrap();
    let call = async |tool: &str| {
        let mut context = context("ann", ProgressSink::silent()).unwrap();
        let mut ann = Principal::clone(&context.principal);
        ann.email = Some(EMAIL.to_owned());
        context.principal = Arc::new(ann);
        let called = Toolset::call(
            script.client.as_ref(),
            tool,
            serde_json::Map::new(),
            context,
        );
        called.await.unwrap();
        let sent = script.seen().pop().unwrap();
        assert_eq!(sent.arguments(), json!({"email": EMAIL}), "{tool}");
        sent.header("mcp-param-email").map(str::to_owned)
    };
    assert_eq!(call("plain").await, None);
    let logged = logged.text();
    assert!(logged.contains("CallToolRequest"), "requests are logged");
    assert!(!logged.contains(EMAIL));
    assert_eq!(call("headed").await.as_deref(), Some(EMAIL));
}

#[derive(Debug)]
struct LongTokens;

#[async_trait::async_trait]
impl Broker for LongTokens {
    async fn attachment(&self, _caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        Ok(Attachment::bearer(Secret::new("a-long-token-of-the-users")))
    }
}
