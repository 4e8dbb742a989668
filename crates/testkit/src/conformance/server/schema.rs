//! Tools whose schemas say more than a type of ours would.

use frontdesk_mcp_server::{Params, Text, Tool, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::talk::object;

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            },
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    });
    server
        .tool(
            Tool::new("json_schema_2020_12_tool", nothing)
                .description("Has a schema with every keyword")
                .input_schema(object(schema)),
        )
        .tool(
            Tool::new("test_custom_header", regional).description("Takes an argument in a header"),
        )
}

async fn nothing() -> Result<Text, ToolFailure> {
    Ok(Text("done".to_owned()))
}

#[derive(Deserialize, JsonSchema)]
struct Region {
    /// The region
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

async fn regional(Params(Region { region }): Params<Region>) -> Result<Text, ToolFailure> {
    Ok(Text(format!("Region: {region}")))
}
