//! Calls by a real client, in both eras of the protocol.

use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{ClientLifecycleMode, RunningService, serve_client_with_lifecycle};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceError};
use serde_json::{Value, json};

use crate::stand::{Result, Stand};

type Client = RunningService<RoleClient, ()>;

async fn connect(stand: &Stand, user: &str, lifecycle: ClientLifecycleMode) -> Result<Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(stand.url.clone())
        .auth_header(stand.token(user)?);
    let transport = StreamableHttpClientTransport::from_config(config);
    Ok(serve_client_with_lifecycle((), transport, lifecycle).await?)
}

fn eras() -> [ClientLifecycleMode; 2] {
    let modern = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    [ClientLifecycleMode::Initialize, modern]
}

async fn call(
    client: &Client,
    tool: &'static str,
    arguments: Value,
) -> Result<(Option<Value>, String, Option<bool>)> {
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let result = client
        .call_tool(CallToolRequestParams::new(tool).with_arguments(arguments))
        .await?;
    let text = result
        .content
        .iter()
        .filter_map(|block| block.as_text())
        .map(|text| text.text.clone())
        .collect();
    Ok((result.structured_content, text, result.is_error))
}

#[tokio::test]
async fn the_caller_comes_from_the_token_and_the_result_is_structured() {
    let stand = Stand::open().await.unwrap();
    let mut count = 0;
    for era in eras() {
        for user in ["ann", "bob"] {
            let client = connect(&stand, user, era.clone()).await.unwrap();
            let (structured, text, error) =
                call(&client, "add", json!({"numbers": [1, 2], "user": "eve"}))
                    .await
                    .unwrap();
            count += 1;
            let expected = json!({"total": 3, "user": user, "call": count});
            assert_eq!((structured, error), (Some(expected.clone()), Some(false)));
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn tools_are_listed_in_their_order_with_schemas_and_annotations() {
    let stand = Stand::open().await.unwrap();
    for era in eras() {
        let client = connect(&stand, "ann", era).await.unwrap();
        let tools = client.list_all_tools().await.unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert_eq!(names, ["add", "refuse", "break_down", "collapse", "wait"]);
        let add = serde_json::to_value(&tools[0]).unwrap();
        assert_eq!(
            add["inputSchema"],
            json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"numbers": {"type": "array", "items": {"type": "integer", "format": "int64"}}},
                "required": ["numbers"],
            })
        );
        assert_eq!(
            add["outputSchema"]["required"],
            json!(["total", "user", "call"])
        );
        assert_eq!(
            add["annotations"],
            json!({
                "title": "Add", "readOnlyHint": false, "destructiveHint": false,
                "idempotentHint": true, "openWorldHint": false,
            })
        );
        let no_input = json!({"type": "object", "properties": {}, "additionalProperties": false});
        assert_eq!(
            serde_json::to_value(&tools[1].input_schema).unwrap(),
            no_input
        );
    }
}

#[tokio::test]
async fn failures_are_results_and_tell_nothing_of_the_inside() {
    let stand = Stand::open().await.unwrap();
    let inside = "the tool failed because of a problem on its server";
    for era in eras() {
        let client = connect(&stand, "ann", era).await.unwrap();
        let cases = [
            ("refuse", json!({}), "not for ann"),
            ("break_down", json!({}), inside),
            ("collapse", json!({}), inside),
            (
                "add",
                json!({}),
                "invalid arguments: missing field `numbers`",
            ),
            (
                "add",
                json!({"numbers": [1, "two"]}),
                "invalid argument numbers[1]: invalid type: string \"two\", expected i64",
            ),
        ];
        for (tool, arguments, message) in cases {
            let answer = call(&client, tool, arguments).await.unwrap();
            assert_eq!(answer, (None, message.to_owned(), Some(true)), "{tool}");
        }
        let unknown = client
            .call_tool(CallToolRequestParams::new("nothing"))
            .await;
        assert!(matches!(unknown, Err(ServiceError::McpError(error)) if error.code.0 == -32_602));
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_tool() {
    let stand = Stand::open().await.unwrap();
    for era in eras() {
        let client = connect(&stand, "ann", era).await.unwrap();
        let started = client.call_tool(CallToolRequestParams::new("wait"));
        tokio::select! {
            _ = started => unreachable!("the tool never ends"),
            () = stand.state.started.notified() => {}
        }
        drop(client);
        stand.state.dropped.notified().await;
    }
}
