//! A request as the body of `POST /responses`.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::input::Input;
use super::{KeptAnswers, custom, previous};
use crate::{
    Error, ErrorKind, OutputFormat, ParallelToolCalls, Request, Schema, Settings, Strictness,
    ToolChoice,
};

/// What the provider must send along so that reasoning can go back without being stored there.
const INCLUDE: [&str; 1] = ["reasoning.encrypted_content"];

/// A request in the forms in which it can be sent.
pub(super) struct Bodies {
    /// With its whole history.
    pub(super) whole: Vec<u8>,
    /// With what came after the newest answer that the provider keeps, where there is one.
    pub(super) continued: Option<Vec<u8>>,
}

/// The bodies. What the request's settings leave open is taken from `defaults`.
pub(super) fn bodies(
    model: &str,
    defaults: &Settings,
    kept: KeptAnswers,
    request: &Request,
) -> Result<Bodies, Error> {
    let settings = request.settings.or(defaults);
    let body = |input, previous| {
        serde_json::to_vec(&Body {
            model,
            settings: &settings,
            request,
            kept,
            input,
            previous,
        })
        .map_err(|error| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("the request can't be written: {error}"),
            )
        })
    };
    let continued = match kept {
        KeptAnswers::None => None,
        KeptAnswers::GoOnFrom => previous::newest(&request.input)
            .map(|(id, input)| body(input, Some(id)))
            .transpose()?,
    };
    Ok(Bodies {
        whole: body(Input::whole(&request.input), None)?,
        continued,
    })
}

struct Body<'a> {
    model: &'a str,
    settings: &'a Settings,
    request: &'a Request,
    kept: KeptAnswers,
    input: Input<'a>,
    previous: Option<&'a str>,
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
        fields.put("store", &(self.kept == KeptAnswers::GoOnFrom))?;
        fields.put_some("previous_response_id", self.previous.as_ref())?;
        fields.put("include", &INCLUDE)?;
        fields.put_some("instructions", request.instructions.as_ref())?;
        fields.put("input", &self.input)?;
        if let Some(text) = text(&request.output, settings) {
            fields.map.serialize_entry("text", &text)?;
        }
        if !request.tools.is_empty() || !request.hosted_tools.is_empty() {
            fields.put("tools", &Tools(request))?;
            fields.put("tool_choice", &tool_choice(request))?;
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
            if name != "text" {
                fields.map.serialize_entry(name, value)?;
            }
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

/// A named tool is one of ours, or a hosted one, which is named by its kind.
fn tool_choice(request: &Request) -> Value {
    let name = match &request.tool_choice {
        ToolChoice::Auto => return json!("auto"),
        ToolChoice::Required => return json!("required"),
        ToolChoice::None => return json!("none"),
        ToolChoice::Tool(name) => name,
    };
    let strict = request.tools.iter().find(|tool| tool.name == *name);
    let hosted = |tool: &Value| tool.get("type").and_then(Value::as_str) == Some(name);
    match strict.map(|tool| tool.strict) {
        Some(Strictness::Freeform) => json!({"type": "custom", "name": name}),
        None if request.hosted_tools.iter().any(hosted) => json!({"type": name}),
        Some(Strictness::Strict | Strictness::Lenient) | None => {
            json!({"type": "function", "name": name})
        }
    }
}

/// The form of the answer, with what else the settings have to say about its text.
fn text(output: &OutputFormat, settings: &Settings) -> Option<Value> {
    let set = settings.extra.get("text");
    let OutputFormat::Json {
        name,
        schema,
        strict,
    } = output
    else {
        return set.cloned();
    };
    let mut fields = set.and_then(Value::as_object).cloned().unwrap_or_default();
    fields.entry("format").or_insert_with(|| {
        json!({
            "type": "json_schema",
            "name": name,
            "schema": **schema,
            "strict": *strict == Strictness::Strict,
        })
    });
    Some(Value::Object(fields))
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

struct Tools<'a>(&'a Request);

impl Serialize for Tools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tools = serializer.serialize_seq(None)?;
        for tool in &*self.0.tools {
            match tool.strict {
                Strictness::Freeform => tools.serialize_element(&custom::tool(tool))?,
                strict @ (Strictness::Strict | Strictness::Lenient) => {
                    tools.serialize_element(&Function {
                        kind: "function",
                        name: &tool.name,
                        description: &tool.description,
                        parameters: &tool.parameters,
                        strict: strict == Strictness::Strict,
                    })?;
                }
            }
        }
        for tool in &*self.0.hosted_tools {
            tools.serialize_element(tool)?;
        }
        tools.end()
    }
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    description: &'a str,
    parameters: &'a Schema,
    strict: bool,
}
