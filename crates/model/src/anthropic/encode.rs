//! A request as the body of `POST /messages`.

use serde_json::{Map, Value, json};

use super::message::{self, Thoughts};
use super::pause::Ends;
use super::{Caching, DEFAULT_MAX_OUTPUT_TOKENS, DIALECT, Thinking, output};
use crate::turns::{Said, Turn, turns};
use crate::{Error, ErrorKind, ParallelToolCalls, Request, Settings, ToolChoice};

/// The body.
pub(super) fn body(
    model: &str,
    thinking: Thinking,
    caching: Caching,
    settings: &Settings,
    request: &Request,
    ends: Ends,
) -> Result<Vec<u8>, Error> {
    let turns = turns(&request.input, DIALECT);
    let leading = turns
        .iter()
        .take_while(|turn| matches!(turn, Turn::Operator(_)))
        .count();
    let (operator, rest) = turns.split_at_checked(leading).unwrap_or_default();
    let thinks = thinks(thinking, request, rest);
    let thoughts = match (thinking, thinks) {
        (Thinking::Adaptive | Thinking::Budget(_), None) => Thoughts::LeftOut,
        (Thinking::ProviderDefault, _) | (_, Some(_)) => Thoughts::Sent,
    };
    let form = output::words(request);
    let mut system = message::system(request.instructions.as_deref(), form, operator);
    let mut tools = tools(request);
    let mut messages = message::messages(rest, thoughts, ends);
    if caching == Caching::On {
        mark(tools.last_mut());
        // What follows the instructions may be another thing with each request.
        mark(system.first_mut());
        mark(message::last_block(&mut messages));
    }
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("model", json!(model));
    put("stream", json!(true));
    put("max_tokens", json!(max_tokens(settings, thinks)));
    if !system.is_empty() {
        put("system", Value::Array(system));
    }
    put("messages", Value::Array(messages));
    if !tools.is_empty() {
        put("tools", Value::Array(tools));
        put("tool_choice", tool_choice(request));
    }
    match thinks {
        None => {
            put("temperature", json!(settings.temperature));
            put("top_p", json!(settings.top_p));
        }
        Some(thinking) => put("thinking", thinking_field(thinking, settings)),
    }
    put(output::CONFIG, output::config(settings, request));
    let set = settings.extra.iter();
    fields.extend(
        set.filter(|(name, _)| *name != output::CONFIG)
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    serde_json::to_vec(&fields).map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the request can't be written: {error}"),
        )
    })
}

/// How the model is asked to think here, where it can be: not with a call that it must make, and within a budget not
/// after calls that it made without thinking.
fn thinks(thinking: Thinking, request: &Request, turns: &[Turn<'_>]) -> Option<Thinking> {
    let forced = match request.tool_choice {
        ToolChoice::Required | ToolChoice::Tool(_) => has_tools(request),
        ToolChoice::Auto | ToolChoice::None => false,
    };
    let thoughtless = match turns.last() {
        Some(Turn::Assistant(said)) => !matches!(
            said.first(),
            Some(Said::Thought(reasoning)) if message::thought(reasoning).is_some()
        ),
        Some(Turn::User(_) | Turn::Operator(_)) | None => false,
    };
    match thinking {
        Thinking::ProviderDefault => None,
        Thinking::Adaptive => (!forced).then_some(thinking),
        Thinking::Budget(_) => (!forced && !thoughtless).then_some(thinking),
    }
}

fn has_tools(request: &Request) -> bool {
    !request.tools.is_empty() || !request.hosted_tools.is_empty()
}

fn thinking_field(thinking: Thinking, settings: &Settings) -> Value {
    let mut fields = match thinking {
        Thinking::ProviderDefault => return Value::Null,
        Thinking::Adaptive => json!({"type": "adaptive"}),
        Thinking::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
    };
    if let (Some(_), Some(fields)) = (&settings.reasoning_summary, fields.as_object_mut()) {
        fields.insert("display".to_owned(), json!("summarized"));
    }
    fields
}

/// The most tokens of the answer; the thinking within a budget comes on top.
fn max_tokens(settings: &Settings, thinks: Option<Thinking>) -> u64 {
    let most = settings
        .max_output_tokens
        .unwrap_or(DEFAULT_MAX_OUTPUT_TOKENS);
    match thinks {
        Some(Thinking::Budget(tokens)) if tokens >= most => most.saturating_add(tokens),
        Some(_) | None => most,
    }
}

/// The tools, without a word on strictness: not every model takes it.
fn tools(request: &Request) -> Vec<Value> {
    let tool = |tool: &crate::ToolDefinition| {
        json!({
            "name": tool.name,
            "description": tool.description,
            "input_schema": *tool.parameters,
        })
    };
    let own = request.tools.iter().map(tool);
    own.chain(request.hosted_tools.iter().cloned()).collect()
}

fn tool_choice(request: &Request) -> Value {
    let mut choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::Required => json!({"type": "any"}),
        ToolChoice::None => return json!({"type": "none"}),
        ToolChoice::Tool(name) => json!({"type": "tool", "name": chosen(name, request)}),
    };
    let one_at_a_time = match request.parallel_tool_calls {
        ParallelToolCalls::ProviderDefault => None,
        ParallelToolCalls::Allowed => Some(false),
        ParallelToolCalls::OneAtATime => Some(true),
    };
    if let (Some(one), Some(fields)) = (one_at_a_time, choice.as_object_mut()) {
        fields.insert("disable_parallel_tool_use".to_owned(), json!(one));
    }
    choice
}

/// The name of the tool that is chosen: a hosted one may be chosen by its kind, too.
fn chosen<'a>(name: &'a str, request: &'a Request) -> &'a str {
    let field = |tool: &'a Value, field: &str| tool.get(field).and_then(Value::as_str);
    if request.tools.iter().any(|tool| tool.name == name) {
        return name;
    }
    let mut hosted = request.hosted_tools.iter();
    let of_kind = hosted.find(|tool| field(tool, "type") == Some(name));
    of_kind.and_then(|tool| field(tool, "name")).unwrap_or(name)
}

/// Asks the provider to remember everything up to here.
fn mark(block: Option<&mut Value>) {
    if let Some(fields) = block.and_then(Value::as_object_mut) {
        fields.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}
