//! A request as the body of `POST /responses`.
//!
//! The provider stores nothing, so ids that it gave to messages and calls mean nothing to it any more and stay out;
//! reasoning goes back in its encrypted form, and only in front of the item that it led to.

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::{
    Error, ErrorKind, Item, ParallelToolCalls, Reasoning, Request, Role, Settings, Strictness,
    ToolChoice, ToolDefinition,
};

/// What the provider must send along so that reasoning can go back without being stored there.
const INCLUDE: [&str; 1] = ["reasoning.encrypted_content"];

/// The body. What the request's settings leave open is taken from `defaults`.
pub(super) fn body(model: &str, defaults: &Settings, request: &Request) -> Result<Vec<u8>, Error> {
    let settings = request.settings.or(defaults);
    serde_json::to_vec(&Body {
        model,
        settings: &settings,
        request,
    })
    .map_err(|error| {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("the request can't be written: {error}"),
        )
    })
}

struct Body<'a> {
    model: &'a str,
    settings: &'a Settings,
    request: &'a Request,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (request, settings) = (self.request, self.settings);
        let mut fields = Fields {
            map: serializer.serialize_map(None)?,
            extra: &settings.extra,
        };
        fields.put("model", &self.model)?;
        fields.put("stream", &true)?;
        fields.put("store", &false)?;
        fields.put("include", &INCLUDE)?;
        fields.put_some("instructions", request.instructions.as_ref())?;
        fields.put("input", &Input(&request.input))?;
        if !request.tools.is_empty() {
            fields.put("tools", &Tools(&request.tools))?;
            fields.put("tool_choice", &tool_choice(&request.tool_choice))?;
            fields.put_some(
                "parallel_tool_calls",
                parallel(request.parallel_tool_calls).as_ref(),
            )?;
        }
        fields.put_some("temperature", settings.temperature.as_ref())?;
        fields.put_some("top_p", settings.top_p.as_ref())?;
        fields.put_some("max_output_tokens", settings.max_output_tokens.as_ref())?;
        fields.put_some("reasoning", reasoning(settings).as_ref())?;
        for (name, value) in &settings.extra {
            fields.map.serialize_entry(name, value)?;
        }
        fields.map.end()
    }
}

/// The body's fields, except those that the settings' own fields replace.
struct Fields<'a, M> {
    map: M,
    extra: &'a Map<String, Value>,
}

impl<M: SerializeMap> Fields<'_, M> {
    fn put(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), M::Error> {
        if self.extra.contains_key(name) {
            return Ok(());
        }
        self.map.serialize_entry(name, value)
    }

    fn put_some(
        &mut self,
        name: &'static str,
        value: Option<&impl Serialize>,
    ) -> Result<(), M::Error> {
        match value {
            Some(value) => self.put(name, value),
            None => Ok(()),
        }
    }
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Required => json!("required"),
        ToolChoice::None => json!("none"),
        ToolChoice::Tool(name) => json!({"type": "function", "name": name}),
    }
}

fn parallel(calls: ParallelToolCalls) -> Option<bool> {
    match calls {
        ParallelToolCalls::ProviderDefault => None,
        ParallelToolCalls::Allowed => Some(true),
        ParallelToolCalls::OneAtATime => Some(false),
    }
}

fn reasoning(settings: &Settings) -> Option<Value> {
    let mut fields = Map::new();
    for (name, value) in [
        ("effort", &settings.reasoning_effort),
        ("summary", &settings.reasoning_summary),
    ] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), Value::from(value.as_str()));
        }
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

struct Tools<'a>(&'a [ToolDefinition]);

impl Serialize for Tools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|tool| Tool {
            kind: "function",
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.parameters,
            strict: tool.strict == Strictness::Strict,
        }))
    }
}

#[derive(Serialize)]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    strict: bool,
}

struct Input<'a>(&'a [Item]);

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(None)?;
        let mut rest = self.0;
        while let Some((item, after)) = rest.split_first() {
            rest = after;
            match item {
                Item::Reasoning(reasoning) if !goes_back(reasoning, after) => {}
                item => items.serialize_element(&Replayed(item))?,
            }
        }
        items.end()
    }
}

/// Whether a reasoning item has something that the provider can read, and stands in front of the item it led to.
fn goes_back(reasoning: &Reasoning, after: &[Item]) -> bool {
    let readable = reasoning.encrypted_content.is_some() || reasoning.extra.contains_key("content");
    let followed = after
        .iter()
        .find(|item| !matches!(item, Item::Reasoning(_)))
        .is_some_and(|item| match item {
            Item::Message(message) => message.role == Role::Assistant,
            Item::FunctionCall(_) => true,
            Item::FunctionCallOutput(_) | Item::Reasoning(_) => false,
            Item::Other(fields) => fields
                .get("type")
                .and_then(Value::as_str)
                .is_some_and(|kind| kind.ends_with("_call")),
        });
    readable && followed
}

/// An item of the history as it goes back.
struct Replayed<'a>(&'a Item);

impl Serialize for Replayed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = serde_json::to_value(self.0).map_err(S::Error::custom)?;
        let Value::Object(mut fields) = item else {
            return Err(S::Error::custom("an item is not an object"));
        };
        match self.0 {
            Item::Message(_) | Item::FunctionCall(_) => {
                fields.remove("id");
                fields.remove("status");
            }
            Item::Reasoning(_) => {
                fields.remove("status");
            }
            Item::FunctionCallOutput(_) | Item::Other(_) => {}
        }
        match (self.0, fields.get("arguments"), fields.get("output")) {
            (Item::FunctionCall(call), _, _) if call.arguments.is_empty() => {
                fields.insert("arguments".to_owned(), Value::from("{}"));
            }
            (Item::FunctionCallOutput(_), _, Some(output))
                if !output.is_string() && !output.is_array() =>
            {
                let text = output.to_string();
                fields.insert("output".to_owned(), Value::from(text));
            }
            _ => {}
        }
        fields.serialize(serializer)
    }
}
