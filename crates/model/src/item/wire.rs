//! How items are written and read. The `type` decides, and nothing that comes is refused.

use serde::de::Error as _;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::{ContentPart, FunctionCall, FunctionCallOutput, Item, Message, Reasoning, Role};

type Fields = Map<String, Value>;

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Message(item) => item.serialize(serializer),
            Self::FunctionCall(item) => item.serialize(serializer),
            Self::FunctionCallOutput(item) => item.serialize(serializer),
            Self::Reasoning(item) => item.serialize(serializer),
            Self::Other(fields) => fields.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer).map(Self::from_map)
    }
}

impl Item {
    pub(super) fn from_map(fields: Fields) -> Self {
        let kind = fields.get("type").and_then(Value::as_str);
        let read = match kind {
            Some("message") | None => Message::read(&fields).map(Self::Message),
            Some("function_call") => FunctionCall::read(&fields).map(Self::FunctionCall),
            Some("function_call_output") => {
                FunctionCallOutput::read(&fields).map(Self::FunctionCallOutput)
            }
            Some("reasoning") => Reasoning::read(&fields).map(Self::Reasoning),
            Some(_) => None,
        };
        read.unwrap_or(Self::Other(fields))
    }
}

/// `Deserialize` for one kind of item alone, for records that hold exactly that kind.
macro_rules! read_as {
    ($($kind:ident: $name:literal),*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let fields = Fields::deserialize(deserializer)?;
                Self::read(&fields).ok_or_else(|| D::Error::custom(concat!("not an item of the kind: ", $name)))
            }
        }
    )*};
}

read_as!(
    Message: "message",
    FunctionCall: "function_call",
    FunctionCallOutput: "function_call_output",
    Reasoning: "reasoning"
);

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "message")?;
        write_some(&mut map, "id", self.id.as_ref())?;
        map.serialize_entry("role", self.role.as_str())?;
        map.serialize_entry("content", &self.content)?;
        write_extra(&mut map, &self.extra)?;
        map.end()
    }
}

impl Message {
    fn read(fields: &Fields) -> Option<Self> {
        let role = Role::from_str(fields.get("role")?.as_str()?)?;
        let content = match fields.get("content")? {
            Value::String(text) => vec![ContentPart::text_of(role, text.clone())],
            Value::Array(parts) => parts.iter().map(ContentPart::read).collect::<Option<_>>()?,
            _ => return None,
        };
        Some(Self {
            id: text(fields, "id")?,
            role,
            content,
            extra: rest(fields, &["id", "role", "content"]),
        })
    }
}

impl Role {
    fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [Self::System, Self::Developer, Self::User, Self::Assistant]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

impl Serialize for ContentPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::InputText { text } => {
                map.serialize_entry("type", "input_text")?;
                map.serialize_entry("text", text)?;
            }
            Self::OutputText { text, annotations } => {
                map.serialize_entry("type", "output_text")?;
                map.serialize_entry("text", text)?;
                map.serialize_entry("annotations", annotations)?;
            }
            Self::Refusal { refusal } => {
                map.serialize_entry("type", "refusal")?;
                map.serialize_entry("refusal", refusal)?;
            }
            Self::Other(fields) => {
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ContentPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Fields::deserialize(deserializer).map(|fields| Self::from_map(&fields))
    }
}

impl ContentPart {
    fn read(value: &Value) -> Option<Self> {
        value.as_object().map(Self::from_map)
    }

    fn from_map(fields: &Fields) -> Self {
        let field = |name| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let read = match fields.get("type").and_then(Value::as_str) {
            Some("input_text") => field("text").map(|text| Self::InputText { text }),
            Some("output_text") => field("text").map(|text| Self::OutputText {
                text,
                annotations: fields
                    .get("annotations")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default(),
            }),
            Some("refusal") => field("refusal").map(|refusal| Self::Refusal { refusal }),
            Some(_) | None => None,
        };
        read.unwrap_or_else(|| Self::Other(fields.clone()))
    }
}

impl Serialize for FunctionCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "function_call")?;
        write_some(&mut map, "id", self.id.as_ref())?;
        map.serialize_entry("call_id", &self.call_id)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("arguments", &self.arguments)?;
        write_extra(&mut map, &self.extra)?;
        map.end()
    }
}

impl FunctionCall {
    fn read(fields: &Fields) -> Option<Self> {
        let arguments = match fields.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            // Some gateways send the arguments as the object itself.
            Some(other) => other.to_string(),
        };
        Some(Self {
            id: text(fields, "id")?,
            call_id: text(fields, "call_id")?.unwrap_or_default(),
            name: text(fields, "name")??,
            arguments,
            extra: rest(fields, &["id", "call_id", "name", "arguments"]),
        })
    }
}

impl Serialize for FunctionCallOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "function_call_output")?;
        map.serialize_entry("call_id", &self.call_id)?;
        map.serialize_entry("output", &self.output)?;
        write_extra(&mut map, &self.extra)?;
        map.end()
    }
}

impl FunctionCallOutput {
    fn read(fields: &Fields) -> Option<Self> {
        Some(Self {
            call_id: text(fields, "call_id")??,
            output: fields.get("output")?.clone(),
            extra: rest(fields, &["call_id", "output"]),
        })
    }
}

impl Serialize for Reasoning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "reasoning")?;
        write_some(&mut map, "id", self.id.as_ref())?;
        map.serialize_entry("summary", &Summary(&self.summary))?;
        write_some(
            &mut map,
            "encrypted_content",
            self.encrypted_content.as_ref(),
        )?;
        write_extra(&mut map, &self.extra)?;
        map.end()
    }
}

impl Reasoning {
    fn read(fields: &Fields) -> Option<Self> {
        let summary = match fields.get("summary") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(parts)) => parts
                .iter()
                .map(|part| Some(part.get("text")?.as_str()?.to_owned()))
                .collect::<Option<_>>()?,
            Some(_) => return None,
        };
        Some(Self {
            id: text(fields, "id")?,
            summary,
            encrypted_content: text(fields, "encrypted_content")?,
            extra: rest(fields, &["id", "summary", "encrypted_content"]),
        })
    }
}

struct Summary<'a>(&'a [String]);

impl Serialize for Summary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut parts = serializer.serialize_seq(Some(self.0.len()))?;
        for text in self.0 {
            parts.serialize_element(&serde_json::json!({"type": "summary_text", "text": text}))?;
        }
        parts.end()
    }
}

/// A text that may be missing or null; anything else there makes the whole item unreadable.
#[expect(
    clippy::option_option,
    reason = "unreadable and missing are two things here, for `?`"
)]
fn text(fields: &Fields, name: &str) -> Option<Option<String>> {
    match fields.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(_) => None,
    }
}

/// The fields that have no place of their own.
fn rest(fields: &Fields, known: &[&str]) -> Fields {
    fields
        .iter()
        .filter(|(name, _)| *name != "type" && !known.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn write_some<M: SerializeMap>(
    map: &mut M,
    name: &'static str,
    value: Option<&String>,
) -> Result<(), M::Error> {
    match value {
        Some(value) => map.serialize_entry(name, value),
        None => Ok(()),
    }
}

fn write_extra<M: SerializeMap>(map: &mut M, extra: &Fields) -> Result<(), M::Error> {
    for (name, value) in extra {
        map.serialize_entry(name, value)?;
    }
    Ok(())
}
