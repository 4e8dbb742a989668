//! The overlay: dotted keys, each with the last value that was given for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use super::{ConfigError, Environment, Origin, Setting};

/// What begins the name of a variable that sets a key: `FRONTDESK__SERVER__LISTEN`.
pub(crate) const VARIABLE_PREFIX: &str = "FRONTDESK__";

/// All values that were given. It has no `Debug`, because some are secrets.
#[derive(Default)]
pub(crate) struct Layers(BTreeMap<String, Setting<Value>>);

impl Layers {
    /// Lays a TOML file over what is there.
    pub(crate) fn overlay_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |detail: String| ConfigError::File {
            path: path.to_owned(),
            detail,
        };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let table = text.parse::<Table>().map_err(|error| {
            // The error's own form quotes the line, which may hold a secret.
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map(|before| format!("line {}: ", before.matches('\n').count() + 1));
            unreadable(format!("{}{}", line.unwrap_or_default(), error.message()))
        })?;
        self.overlay_table(String::new(), table, &Origin::File(path.to_owned()));
        Ok(())
    }

    /// Lays `FRONTDESK__SECTION__KEY` over what is there.
    pub(crate) fn overlay_environment(&mut self, environment: &Environment) {
        for (rest, setting) in environment.with_prefix(VARIABLE_PREFIX) {
            let key = rest.to_ascii_lowercase().replace("__", ".");
            self.0.insert(key, setting.map(Value::String));
        }
    }

    /// Lays a flag over what is there.
    pub(crate) fn overlay_flag(&mut self, key: &str, flag: &'static str, value: &str) {
        let value = Value::String(value.to_owned());
        self.0.insert(
            key.to_owned(),
            Setting {
                value,
                origin: Origin::Flag(flag),
            },
        );
    }

    /// Fails on a key that lies in none of these sections.
    pub(crate) fn check_sections(&self, sections: &[&'static str]) -> Result<(), ConfigError> {
        for (key, setting) in &self.0 {
            let (section, rest) = key.split_once('.').unwrap_or((key, ""));
            if rest.is_empty() && sections.contains(&section) && !is_table(&setting.value) {
                return Err(ConfigError::Invalid {
                    key: key.clone(),
                    origin: setting.origin.clone(),
                    expected: format!("a section, [{section}]"),
                    found: None,
                });
            }
            if !sections.contains(&section) {
                let suggestion = nearest(section, sections.iter().copied());
                let whole = |near: &str| match rest {
                    "" => near.to_owned(),
                    rest => format!("{near}.{rest}"),
                };
                return Err(ConfigError::UnknownKey {
                    key: key.clone(),
                    origin: setting.origin.clone(),
                    suggestion: suggestion.map(whole),
                });
            }
        }
        Ok(())
    }

    /// Takes a value out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Setting<Value>> {
        self.0.remove(key)
    }

    /// The names below a section, as in `[model.NAME]`.
    pub(crate) fn names(&self, section: &str) -> BTreeSet<String> {
        self.below(section)
            .filter_map(|(rest, setting)| match rest.split_once('.') {
                Some((name, _)) => Some(name.to_owned()),
                None => is_table(&setting.value).then(|| rest.to_owned()),
            })
            .collect()
    }

    /// What is left below a prefix, without the prefix.
    pub(crate) fn below<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Setting<Value>)> {
        self.0.iter().filter_map(move |(key, setting)| {
            Some((key.strip_prefix(prefix)?.strip_prefix('.')?, setting))
        })
    }

    /// Lays a table over what is there, with this before its names.
    pub(crate) fn overlay_table(&mut self, prefix: String, table: Table, origin: &Origin) {
        if table.is_empty() && !prefix.is_empty() {
            // An empty section still says that there is one.
            self.0.insert(
                prefix,
                Setting {
                    value: Value::Table(table),
                    origin: origin.clone(),
                },
            );
            return;
        }
        for (name, value) in table {
            let key = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}.{name}")
            };
            match value {
                Value::Table(inner) if !is_whole(&key) => self.overlay_table(key, inner, origin),
                value => {
                    self.0.insert(
                        key,
                        Setting {
                            value,
                            origin: origin.clone(),
                        },
                    );
                }
            }
        }
    }
}

/// The known word that was most likely meant, if one is near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near_enough = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= near_enough)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Whether the table at this key is one value, whose names are somebody else's.
fn is_whole(key: &str) -> bool {
    let mut names = key.split('.');
    let place = (names.next(), names.nth(1), names.next());
    matches!(
        place,
        (Some("model" | "agent"), Some("extra"), None)
            | (Some("client_tool"), Some("parameters"), None)
    )
}

/// Whether this is the mark of an empty section.
pub(crate) fn is_table(value: &Value) -> bool {
    matches!(value, Value::Table(_))
}
