//! `[client_tool.NAME]`: tools that the user's own page runs.

use std::collections::BTreeMap;
use std::path::Path;

use frontdesk_agent::schema_fault;
use serde_json::{Value, json};

use super::json::object;
use super::layers::Layers;
use super::section::Section;
use super::{ConfigError, Origin, Setting};

/// The longest name that models take, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// `[client_tool.NAME]`.
#[derive(Debug, Clone)]
pub struct ClientToolSection {
    /// `description`: what it does, for the model.
    pub description: Setting<String>,
    /// `parameters` or `parameters_file`: the JSON schema of its arguments; without either, it has none.
    pub parameters: Setting<Value>,
    /// `title`: its name for people.
    pub title: Option<Setting<String>>,
}

/// Reads all client tools.
pub(crate) fn read_all(
    layers: &mut Layers,
) -> Result<BTreeMap<String, ClientToolSection>, ConfigError> {
    let mut tools = BTreeMap::new();
    for name in layers.names("client_tool") {
        let tool = ClientToolSection::read(layers, &name)?;
        tools.insert(name, tool);
    }
    Section::new(layers, "client_tool").finish()?;
    Ok(tools)
}

impl ClientToolSection {
    fn read(layers: &mut Layers, name: &str) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("client_tool.{name}"));
        let description = section.name("description")?;
        let title = section.name("title")?;
        let parameters = parameters(&mut section)?;
        let description = description.ok_or_else(|| ConfigError::Missing {
            key: section.key("description"),
            expected: "what the tool does, for the model".to_owned(),
        });
        section.finish()?;
        let description = description?;
        if !is_tool_name(name) {
            return Err(ConfigError::Invalid {
                key: format!("client_tool.{name}"),
                origin: description.origin,
                expected: format!(
                    "a name of at most {MAX_NAME_BYTES} letters, digits, \"_\" and \"-\""
                ),
                found: None,
            });
        }
        Ok(Self {
            description,
            parameters,
            title,
        })
    }
}

/// Whether models take this as a tool's name.
pub(super) fn is_tool_name(name: &str) -> bool {
    let is_taken = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(is_taken)
}

fn parameters(section: &mut Section<'_>) -> Result<Setting<Value>, ConfigError> {
    let direct = section.read("parameters", "the JSON schema of an object", object)?;
    let file = section.path("parameters_file")?;
    match (direct, file) {
        (Some(_), Some(file)) => Err(ConfigError::Conflict {
            message: format!(
                "{} and {} (from {}) are both set: keep one",
                section.key("parameters"),
                section.key("parameters_file"),
                file.origin
            ),
        }),
        (Some(direct), None) => {
            let key = section.key("parameters");
            let schema = object_schema(Value::Object(direct.value));
            let schema = schema.map_err(|found| wrong_schema(key, &direct.origin, found))?;
            Ok(Setting {
                value: schema,
                origin: direct.origin,
            })
        }
        (None, Some(file)) => {
            let schema = read_schema(section.key("parameters_file"), &file.value, &file.origin)?;
            Ok(file.map(|_| schema))
        }
        (None, None) => Ok(Setting::default_value(json!({
            "type": "object", "properties": {}, "additionalProperties": false,
        }))),
    }
}

/// The schema of an object that lies in a file.
pub(super) fn read_schema(key: String, path: &Path, origin: &Origin) -> Result<Value, ConfigError> {
    let unreadable = |detail: String| ConfigError::File {
        path: path.to_owned(),
        detail,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let schema = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    object_schema(schema).map_err(|found| wrong_schema(key, origin, found))
}

/// The schema, if objects can be checked against it; else what is wrong with it.
fn object_schema(mut schema: Value) -> Result<Value, String> {
    let Some(fields) = schema.as_object_mut() else {
        return Err("no object".to_owned());
    };
    match fields.get("type") {
        Some(kind) if kind != "object" => return Err(format!("type {kind}")),
        Some(_) => {}
        None => {
            fields.insert("type".to_owned(), "object".into());
        }
    }
    match schema_fault(&schema) {
        Some(fault) => Err(fault),
        None => Ok(schema),
    }
}

fn wrong_schema(key: String, origin: &Origin, found: String) -> ConfigError {
    ConfigError::Invalid {
        key,
        origin: origin.clone(),
        expected: "the JSON schema of an object".to_owned(),
        found: Some(found),
    }
}
