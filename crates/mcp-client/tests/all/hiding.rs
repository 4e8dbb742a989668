//! Arguments that the model neither sees nor decides, and credentials that nobody sees.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use frontdesk_agent::{Progress, ProgressSink, ToolOutput, Toolset};
use frontdesk_auth::outgoing::ArgumentSource;
use frontdesk_identity::{Credential, Secret};
use frontdesk_mcp_client::McpServerConfig;
use futures_util::FutureExt;
use serde_json::{Value, json};

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
        token: Secret::new("the \"token\""),
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
        .map(|tool| {
            (
                tool.definition.name.as_str(),
                tool.definition.parameters.as_ref(),
            )
        })
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
            json!({"user_id": "ann", "access_token": "the \"token\"", "word": "a"}),
        ),
        (
            "wrapped",
            json!({"params": given, "user_id": "bob"}),
            json!({"params": {"user_id": "ann", "access_token": "the \"token\"", "word": "a"}}),
        ),
        (
            "wrapped",
            json!({}),
            json!({"params": {"user_id": "ann", "access_token": "the \"token\""}}),
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

use axum::response::IntoResponse;
