//! Prompts with each kind of content, with arguments, and one that asks the user first.

use frontdesk_mcp_server::{
    Content, Contents, Elicit, Message, Params, Partial, Prompt, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::media::{PICTURE, PICTURE_TYPE};
use super::rounds::answer;

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    server
        .prompt(Prompt::new("test_simple_prompt", simple).description("Has no arguments"))
        .prompt(
            Prompt::new("test_prompt_with_arguments", with_arguments)
                .description("Has two arguments")
                .complete("arg1", complete),
        )
        .prompt(
            Prompt::new("test_prompt_with_embedded_resource", with_resource)
                .description("Has a resource in it"),
        )
        .prompt(
            Prompt::new("test_prompt_with_image", with_picture).description("Has a picture in it"),
        )
        .prompt(Prompt::new("test_input_required_result_prompt", asks).description("Asks the user"))
}

async fn simple() -> Result<Message, ToolFailure> {
    Ok(Message::user("This is a simple prompt for testing."))
}

#[derive(Deserialize, JsonSchema)]
struct Arguments {
    /// First test argument
    arg1: String,
    /// Second test argument
    arg2: String,
}

async fn with_arguments(
    Params(Arguments { arg1, arg2 }): Params<Arguments>,
) -> Result<Message, ToolFailure> {
    let text = format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'");
    Ok(Message::user(text))
}

async fn complete(Partial(typed): Partial) -> Result<Vec<String>, ToolFailure> {
    let values = ["paris", "park", "party", "test"].into_iter();
    let fitting = values.filter(|value| value.starts_with(&typed));
    Ok(fitting.map(str::to_owned).collect())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Address {
    /// URI of the resource to embed
    resource_uri: String,
}

async fn with_resource(
    Params(Address { resource_uri }): Params<Address>,
) -> Result<Vec<Message>, ToolFailure> {
    let contents = Contents::text("Embedded resource content for testing.").mime_type("text/plain");
    Ok(vec![
        Message::user(Content::embedded(resource_uri, contents)),
        Message::user("Please process the embedded resource above."),
    ])
}

async fn with_picture() -> Result<Vec<Message>, ToolFailure> {
    Ok(vec![
        Message::user(Content::image(PICTURE, PICTURE_TYPE)),
        Message::user("Please analyze the image above."),
    ])
}

async fn asks(elicit: Elicit) -> Result<Message, ToolFailure> {
    let question = "What context should the prompt use?";
    let context = answer(&elicit, "user_context", question, "context").await?;
    Ok(Message::user(format!("Prompt with context: {context}")))
}
