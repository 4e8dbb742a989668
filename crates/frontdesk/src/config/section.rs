//! Reads the keys of one section by their kind, and complains about what is left over.

mod number;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use frontdesk_identity::Secret;
use toml::Value;

use super::layers::{Layers, is_table, nearest};
use super::secret_text::read_secret_file;
use super::{ConfigError, Origin, Setting};

pub use number::time_span;

/// One of a list whose elements are names or tables.
pub(crate) enum Element {
    Name(String),
    /// Its keys are read as a section below this one, by the key and the element's index.
    Table,
}

/// One section, while it is read.
pub(crate) struct Section<'a> {
    layers: &'a mut Layers,
    name: String,
    known: Vec<String>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(layers: &'a mut Layers, name: impl Into<String>) -> Self {
        Self {
            layers,
            name: name.into(),
            known: Vec::new(),
        }
    }

    /// A section within this one, which counts as read here.
    pub(crate) fn below(&mut self, name: &str) -> Section<'_> {
        self.known.push(name.to_owned());
        let name = self.key(name);
        Section::new(self.layers, name)
    }

    /// Where a key, or a section within this one, was set.
    pub(crate) fn origin_of(&self, key: &str) -> Option<Origin> {
        let is_it = |rest: &str| {
            rest.strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut below = self.layers.below(&self.name);
        let (_, setting) = below.find(|(rest, _)| is_it(rest))?;
        Some(setting.origin.clone())
    }

    /// The whole key of one of this section's.
    pub(crate) fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.name)
    }

    /// Reads a value with a reader of one's own. `None` from the reader means that it doesn't fit.
    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        expected: &str,
        reader: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<Setting<T>>, ConfigError> {
        let Some(setting) = self.take(key) else {
            return Ok(None);
        };
        match reader(&setting.value) {
            Some(value) => Ok(Some(Setting {
                value,
                origin: setting.origin,
            })),
            None => Err(ConfigError::Invalid {
                key: self.key(key),
                origin: setting.origin,
                expected: expected.to_owned(),
                found: Some(setting.value.to_string()),
            }),
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<Setting<String>>, ConfigError> {
        self.read(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text that names something, so it isn't empty.
    pub(crate) fn name(&mut self, key: &str) -> Result<Option<Setting<String>>, ConfigError> {
        self.read(key, "a text that isn't empty", |value| {
            let text = value.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        })
    }

    /// `false` and `true`, as what they mean.
    pub(crate) fn flag<T>(
        &mut self,
        key: &str,
        (no, yes): (T, T),
    ) -> Result<Option<Setting<T>>, ConfigError> {
        self.read(key, "true or false", |value| {
            let is = value.as_bool().or_else(|| value.as_str()?.parse().ok())?;
            Some(if is { yes } else { no })
        })
    }

    pub(crate) fn path(&mut self, key: &str) -> Result<Option<Setting<PathBuf>>, ConfigError> {
        self.read(key, "a path", |value| {
            value
                .as_str()
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
        })
    }

    /// A list of texts; in a variable or a flag they are separated by commas.
    pub(crate) fn list(&mut self, key: &str) -> Result<Option<Setting<Vec<String>>>, ConfigError> {
        self.read(key, "a list of texts", |value| match value {
            Value::Array(values) => values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect(),
            Value::String(text) => Some(names(text).collect()),
            _ => None,
        })
    }

    /// A list of names and tables; in a variable, names that are separated by commas.
    pub(crate) fn elements(
        &mut self,
        key: &str,
        expected: &str,
    ) -> Result<Vec<Setting<Element>>, ConfigError> {
        let list = self.read(key, expected, |value| match value {
            Value::Array(values) => {
                let fits = |value: &Value| value.is_str() || value.is_table();
                values.iter().all(fits).then(|| values.clone())
            }
            Value::String(text) => Some(names(text).map(Value::String).collect()),
            _ => None,
        })?;
        let Some(list) = list else {
            return Ok(Vec::new());
        };
        let mut elements = Vec::new();
        for (index, value) in list.value.into_iter().enumerate() {
            let element = match value {
                Value::Table(table) => {
                    let key = self.key(&format!("{key}.{index}"));
                    self.layers.overlay_table(key, table, &list.origin);
                    Element::Table
                }
                other => Element::Name(other.as_str().unwrap_or_default().to_owned()),
            };
            elements.push(Setting {
                value: element,
                origin: list.origin.clone(),
            });
        }
        Ok(elements)
    }

    /// The names of what is set in this section.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let below = self.layers.below(&self.name);
        below.map(|(name, _)| name.to_owned()).collect()
    }

    /// All that is set below a key, by its name: for tables whose names are the operator's.
    pub(crate) fn table(
        &mut self,
        key: &str,
    ) -> Result<BTreeMap<String, Setting<Value>>, ConfigError> {
        if let Some(wrong) = self.take(key).filter(|setting| !is_table(&setting.value)) {
            return Err(ConfigError::Invalid {
                key: self.key(key),
                origin: wrong.origin,
                expected: "a table".to_owned(),
                // It may be a secret.
                found: None,
            });
        }
        let prefix = self.key(key);
        let below = self.layers.below(&prefix);
        let names: Vec<String> = below.map(|(name, _)| name.to_owned()).collect();
        let taken = names.into_iter().filter_map(|name| {
            let setting = self.layers.take(&format!("{prefix}.{name}"))?;
            Some((name, setting))
        });
        Ok(taken.collect())
    }

    /// One of a few words.
    pub(crate) fn choice<T: Clone>(
        &mut self,
        key: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<Setting<T>>, ConfigError> {
        let words: Vec<String> = choices
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        let expected = format!("one of {}", words.join(", "));
        self.read(key, &expected, |value| {
            let word = value.as_str()?;
            choices
                .iter()
                .find(|(known, _)| *known == word)
                .map(|(_, choice)| choice.clone())
        })
    }

    /// A secret, from `KEY` or from the file that `KEY_file` names.
    pub(crate) fn secret(&mut self, key: &str) -> Result<Option<Setting<Secret>>, ConfigError> {
        let file = self.path(&format!("{key}_file"))?;
        let direct = self.take(key);
        match (direct, file) {
            (Some(_), Some(file)) => Err(ConfigError::Conflict {
                message: format!(
                    "{} and {}_file (from {}) are both set: keep one",
                    self.key(key),
                    self.key(key),
                    file.origin
                ),
            }),
            (Some(setting), None) => match setting.value {
                Value::String(text) if !text.trim().is_empty() => Ok(Some(Setting {
                    value: Secret::new(text.trim()),
                    origin: setting.origin,
                })),
                _ => Err(ConfigError::Invalid {
                    key: self.key(key),
                    origin: setting.origin,
                    expected: "a text".to_owned(),
                    found: None,
                }),
            },
            (None, Some(file)) => read_secret_file(&file.value).map(|value| {
                Some(Setting {
                    value,
                    origin: file.origin,
                })
            }),
            (None, None) => Ok(None),
        }
    }

    /// Fails if one of these keys is set, because it means nothing here.
    pub(crate) fn refuse(&mut self, keys: &[&str], reason: &str) -> Result<(), ConfigError> {
        for key in keys {
            if let Some(origin) = self.origin_of(key) {
                return Err(ConfigError::Conflict {
                    message: format!("{} (from {origin}) {reason}", self.key(key)),
                });
            }
        }
        Ok(())
    }

    /// Fails if a key of the section was read by nobody.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let mut left = self.layers.below(&self.name);
        let Some((rest, setting)) = left.find(|(_, setting)| !is_table(&setting.value)) else {
            return Ok(());
        };
        let suggestion = nearest(rest, self.known.iter().map(String::as_str));
        Err(ConfigError::UnknownKey {
            key: self.key(rest),
            origin: setting.origin.clone(),
            suggestion: suggestion.map(|near| self.key(near)),
        })
    }

    fn take(&mut self, key: &str) -> Option<Setting<Value>> {
        self.known.push(key.to_owned());
        self.layers.take(&self.key(key))
    }
}

/// Names that are separated by commas.
fn names(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned)
}
