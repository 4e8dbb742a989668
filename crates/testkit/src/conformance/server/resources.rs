//! Resources with text and with bytes, one that is watched, and those of a template.

use frontdesk_mcp_server::{Contents, Params, Resource, ResourceTemplate, ToolFailure, ToolServer};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::media::{PICTURE, PICTURE_TYPE};

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    server
        .resource(
            Resource::new("test://static-text", "Static text", text)
                .description("A text that never changes")
                .mime_type("text/plain"),
        )
        .resource(
            Resource::new("test://static-binary", "Static bytes", bytes)
                .description("A picture that never changes")
                .mime_type(PICTURE_TYPE),
        )
        .resource(
            Resource::new("test://watched-resource", "Watched", watched)
                .description("A text to subscribe to")
                .mime_type("text/plain"),
        )
        .resource_template(
            ResourceTemplate::new("test://template/{id}/data", "Template", templated)
                .description("Data by its id")
                .mime_type("application/json"),
        )
}

async fn text() -> Result<String, ToolFailure> {
    Ok("This is the content of the static text resource.".to_owned())
}

async fn bytes() -> Result<Vec<u8>, ToolFailure> {
    Ok(PICTURE.to_vec())
}

async fn watched() -> Result<String, ToolFailure> {
    Ok("This is the content of the watched resource.".to_owned())
}

#[derive(Deserialize, JsonSchema)]
struct Id {
    id: String,
}

async fn templated(Params(Id { id }): Params<Id>) -> Result<Contents, ToolFailure> {
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Ok(Contents::text(data.to_string()))
}
