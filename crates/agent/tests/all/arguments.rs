//! Function tools: what the model is told of a function.

use frontdesk_agent::{FunctionTools, NoArguments, ToolContext, ToolError, Toolset, function_tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::scene::{Desk, context};

/// Where to put it.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema matters here")]
struct Place {
    /// The room's name.
    room: String,
    shelf: Option<u8>,
}

async fn put(_: Place, _: ToolContext<Desk>) -> Result<bool, ToolError> {
    Ok(true)
}

async fn look(_: NoArguments, _: ToolContext<Desk>) -> Result<bool, ToolError> {
    Ok(true)
}

#[tokio::test]
async fn a_functions_schema_is_that_of_its_arguments() {
    let tools = FunctionTools::new(
        "desk",
        vec![
            function_tool("put", "Puts.", put),
            function_tool("look", "Looked.", put),
            function_tool("look", "Looks.", look),
        ],
    );
    let listed = tools.list(&context()).await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|tool| {
            let definition = &tool.definition;
            let schema = Value::clone(&definition.parameters);
            (
                definition.name.as_str(),
                definition.description.as_str(),
                schema,
            )
        })
        .collect();
    let put = json!({
        "description": "Where to put it.",
        "type": "object",
        "properties": {
            "room": {"description": "The room's name.", "type": "string"},
            "shelf": {"type": ["integer", "null"], "format": "uint8", "minimum": 0, "maximum": 255},
        },
        "required": ["room"],
    });
    let look = json!({
        "description": "The arguments of a tool that takes none.",
        "type": "object",
    });
    assert_eq!(listed, [("put", "Puts.", put), ("look", "Looks.", look)]);
}
