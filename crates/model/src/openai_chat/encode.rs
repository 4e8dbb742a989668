//! A request as the body of `POST /chat/completions`, without what the server can't take.

use serde_json::{Map, Value, json};

use super::message::messages;
use super::output;
use super::profile::{LimitField, Quirks, Support};
use crate::{
    Error, ErrorKind, ParallelToolCalls, Request, Settings, Strictness, ToolChoice, ToolDefinition,
};

/// The body. What the request's settings leave open is taken from `defaults`.
pub(super) fn body(
    model: &str,
    quirks: &Quirks,
    defaults: &Settings,
    request: &Request,
) -> Result<Vec<u8>, Error> {
    let settings = request.settings.or(defaults);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("model", json!(model));
    put("stream", json!(true));
    if quirks.stream_options == Support::Yes {
        put("stream_options", json!({"include_usage": true}));
    }
    put("messages", Value::Array(messages(quirks, request)));
    put("temperature", json!(settings.temperature));
    put("top_p", json!(settings.top_p));
    let limit = match quirks.limit {
        LimitField::MaxTokens => "max_tokens",
        LimitField::MaxCompletionTokens => "max_completion_tokens",
    };
    put(limit, json!(settings.max_output_tokens));
    if quirks.reasoning_effort == Support::Yes {
        put("reasoning_effort", json!(settings.reasoning_effort));
    }
    put("response_format", output::response_format(quirks, request));
    add_tools(&mut fields, quirks, request);
    fields.extend(settings.extra);
    serde_json::to_vec(&fields).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the request can't be written: {error}"),
        )
    })
}

fn add_tools(fields: &mut Map<String, Value>, quirks: &Quirks, request: &Request) {
    if request.tools.is_empty() && request.hosted_tools.is_empty() {
        return;
    }
    let is_ours = |name: &str| request.tools.iter().any(|tool| tool.name == name);
    let (only, choice) = match (&request.tool_choice, quirks.named_tool_choice) {
        (ToolChoice::Auto, _) => (None, json!("auto")),
        (ToolChoice::Required, _) => (None, json!("required")),
        (ToolChoice::None, _) => (None, json!("none")),
        (ToolChoice::Tool(name), Support::Yes) if is_ours(name) => {
            let choice = json!({"type": "function", "function": {"name": name}});
            (None, choice)
        }
        (ToolChoice::Tool(name), Support::Yes | Support::No) => (Some(name), json!("required")),
    };
    let ours = request
        .tools
        .iter()
        .filter(|tool| only.is_none_or(|name| *name == tool.name))
        .map(|definition| tool(definition, quirks));
    let hosted = request
        .hosted_tools
        .iter()
        .filter(|tool| only.is_none_or(|name| hosted_name(tool) == Some(name)))
        .cloned();
    let tools = ours.chain(hosted).collect();
    fields.insert("tools".to_owned(), Value::Array(tools));
    fields.insert("tool_choice".to_owned(), choice);
    let parallel = match (request.parallel_tool_calls, quirks.parallel_tool_calls) {
        (ParallelToolCalls::ProviderDefault, _) | (_, Support::No) => return,
        (ParallelToolCalls::Allowed, Support::Yes) => true,
        (ParallelToolCalls::OneAtATime, Support::Yes) => false,
    };
    fields.insert("parallel_tool_calls".to_owned(), json!(parallel));
}

/// What a hosted tool is chosen by: its kind, because most have no name.
fn hosted_name(tool: &Value) -> Option<&str> {
    tool.get("type").and_then(Value::as_str)
}

fn tool(tool: &ToolDefinition, quirks: &Quirks) -> Value {
    let mut function = json!({
        "name": tool.name,
        "description": tool.description,
        "parameters": *tool.parameters,
    });
    if let (Support::Yes, Strictness::Strict, Some(fields)) =
        (quirks.strict, tool.strict, function.as_object_mut())
    {
        fields.insert("strict".to_owned(), json!(true));
    }
    json!({"type": "function", "function": function})
}
