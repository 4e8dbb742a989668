//! Tools that give back each kind of content, and one that fails.

use frontdesk_mcp_server::{Content, Contents, Text, Tool, ToolFailure, ToolServer};

use super::media::{PICTURE, PICTURE_TYPE, SOUND, SOUND_TYPE};

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    server
        .tool(Tool::new("test_simple_text", text).description("Gives back a text"))
        .tool(Tool::new("test_image_content", image).description("Gives back a picture"))
        .tool(Tool::new("test_audio_content", audio).description("Gives back a sound"))
        .tool(Tool::new("test_embedded_resource", embedded).description("Gives back a resource"))
        .tool(
            Tool::new("test_multiple_content_types", mixed)
                .description("Gives back a text, a picture and a resource"),
        )
        .tool(Tool::new("test_error_handling", fails).description("Fails"))
}

async fn text() -> Result<Text, ToolFailure> {
    Ok(Text(
        "This is a simple text response for testing.".to_owned(),
    ))
}

async fn image() -> Result<Content, ToolFailure> {
    Ok(Content::image(PICTURE, PICTURE_TYPE))
}

async fn audio() -> Result<Content, ToolFailure> {
    Ok(Content::audio(SOUND, SOUND_TYPE))
}

async fn embedded() -> Result<Content, ToolFailure> {
    let contents = Contents::text("This is an embedded resource content.").mime_type("text/plain");
    Ok(Content::embedded("test://embedded-resource", contents))
}

async fn mixed() -> Result<Vec<Content>, ToolFailure> {
    let contents = Contents::text(r#"{"test":"data","value":123}"#).mime_type("application/json");
    Ok(vec![
        Content::text("Multiple content types test:"),
        Content::image(PICTURE, PICTURE_TYPE),
        Content::embedded("test://mixed-content-resource", contents),
    ])
}

async fn fails() -> Result<Text, ToolFailure> {
    Err(ToolFailure::new(
        "This tool intentionally returns an error for testing",
    ))
}
