//! Tools that speak with the client while they run: log, progress, and questions on a kept session.

use std::time::Duration;

use frontdesk_mcp_server::{
    Elicit, Elicited, Log, Params, Progress, Sample, Sampling, Text, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Long enough that a client gets the messages one by one.
const BETWEEN_MESSAGES: Duration = Duration::from_millis(50);

pub(super) fn add(server: ToolServer<()>) -> ToolServer<()> {
    server
        .tool(Tool::new("test_tool_with_logging", logs).description("Logs three messages"))
        .tool(Tool::new("test_tool_with_progress", progresses).description("Reports progress"))
        .tool(Tool::new("test_logging_tool", logs).description("Logs for those who asked"))
        .tool(Tool::new("test_sampling", samples).description("Asks the client's model"))
        .tool(Tool::new("test_missing_capability", needs_a_model).description("Needs a model"))
        .tool(Tool::new("test_elicitation", asks).description("Asks the user"))
        .tool(Tool::new("test_streaming_elicitation", asks_plainly).description("Asks the user"))
        .tool(
            Tool::new("test_elicitation_sep1034_defaults", asks_with_defaults)
                .description("Asks with a default for each field"),
        )
        .tool(
            Tool::new("test_elicitation_sep1330_enums", asks_to_choose)
                .description("Asks with each kind of choice"),
        )
}

async fn logs(log: Log) -> Result<Text, ToolFailure> {
    log.info("Tool execution started").await;
    tokio::time::sleep(BETWEEN_MESSAGES).await;
    log.info("Tool processing data").await;
    tokio::time::sleep(BETWEEN_MESSAGES).await;
    log.info("Tool execution completed").await;
    Ok(Text("Tool with logging executed successfully".to_owned()))
}

async fn progresses(progress: Progress) -> Result<Text, ToolFailure> {
    for done in [0.0, 50.0, 100.0] {
        progress.report(done, Some(100.0), None).await;
        tokio::time::sleep(BETWEEN_MESSAGES).await;
    }
    Ok(Text("Tool with progress executed successfully".to_owned()))
}

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// The prompt to send to the model
    prompt: String,
}

async fn samples(
    sample: Sample,
    Params(Prompt { prompt }): Params<Prompt>,
) -> Result<Text, ToolFailure> {
    let sampled = sample.ask(&sampling(prompt)).await?;
    Ok(Text(format!("LLM response: {}", sampled.text)))
}

async fn needs_a_model(sample: Sample) -> Result<Text, ToolFailure> {
    let sampled = sample.ask(&sampling("Hello".to_owned())).await?;
    Ok(Text(sampled.text))
}

fn sampling(prompt: String) -> Sampling {
    Sampling {
        system: None,
        prompt,
        max_tokens: 100,
    }
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// The message to show to the user
    message: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Account {
    /// User's response
    username: String,
    /// User's email address
    email: String,
}

async fn asks(
    elicit: Elicit,
    Params(Message { message }): Params<Message>,
) -> Result<Text, ToolFailure> {
    told("User response", elicit.form::<Account>(&message).await?)
}

async fn asks_plainly(elicit: Elicit) -> Result<Text, ToolFailure> {
    told(
        "User response",
        elicit.form::<Account>("Who are you?").await?,
    )
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Inactive,
    Pending,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Profile {
    /// User name
    #[schemars(extend("default" = "John Doe"))]
    name: String,
    /// User age
    #[schemars(extend("default" = 30))]
    age: i64,
    /// User score
    #[schemars(extend("default" = 95.5))]
    score: f64,
    /// User status
    #[schemars(extend("default" = "active"))]
    status: Status,
    /// Verification status
    #[schemars(extend("default" = true))]
    verified: bool,
}

async fn asks_with_defaults(elicit: Elicit) -> Result<Text, ToolFailure> {
    let message = "Please review and update the form fields with defaults";
    told(
        "Elicitation completed",
        elicit.form::<Profile>(message).await?,
    )
}

async fn asks_to_choose(elicit: Elicit) -> Result<Text, ToolFailure> {
    let options = json!(["option1", "option2", "option3"]);
    let titled = |name: &str| {
        json!([
            {"const": "value1", "title": format!("First {name}")},
            {"const": "value2", "title": format!("Second {name}")},
            {"const": "value3", "title": format!("Third {name}")},
        ])
    };
    let schema = object(json!({
        "type": "object",
        "properties": {
            "untitledSingle": {"type": "string", "enum": options},
            "titledSingle": {"type": "string", "oneOf": titled("Option")},
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
            "titledMulti": {"type": "array", "items": {"anyOf": titled("Choice")}},
        },
    }));
    told(
        "Elicitation completed",
        elicit.form_of("Please choose", &schema).await?,
    )
}

/// The members of a value that is written as an object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn told<T: Serialize>(what: &str, elicited: Elicited<T>) -> Result<Text, ToolFailure> {
    let (action, content) = match elicited {
        Elicited::Accepted(content) => ("accept", serde_json::to_value(content)?),
        Elicited::Declined => ("decline", json!({})),
        Elicited::Cancelled => ("cancel", json!({})),
    };
    Ok(Text(format!("{what}: action={action}, content={content}")))
}
