//! The environment: the process's variables over those of a `.env` file.

mod prefix;

use std::collections::BTreeMap;
use std::path::Path;

use super::{ConfigError, Origin, Setting};

/// Where a variable was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variable {
    /// In the process.
    Process,
    /// In the `.env` file.
    DotEnv,
}

/// Variables. A variable of the process wins over one of the file; an empty one counts as not set.
#[derive(Clone, Default)]
pub struct Environment {
    /// By the name under which they are read.
    variables: BTreeMap<String, Value>,
    /// The names of those that look like ours and that nothing reads.
    unread: Vec<String>,
}

#[derive(Clone)]
struct Value {
    place: Variable,
    /// The name that it was set by.
    called: String,
    text: String,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be keys and passwords.
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Environment {
    /// The environment of a process.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut environment = Self::default();
        environment.add(Variable::Process, variables);
        environment
    }

    /// Adds the variables of a `.env` file, if there is one.
    pub fn with_file(mut self, path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |detail: String| ConfigError::File {
            path: path.to_owned(),
            detail,
        };
        if !path.is_file() {
            return Ok(self);
        }
        let lines = dotenvy::from_path_iter(path).map_err(|error| unreadable(error.to_string()))?;
        let mut variables = Vec::new();
        for line in lines {
            // The error would show the line, and with it perhaps a key.
            variables.push(line.map_err(|_| unreadable("a line isn't NAME=value".to_owned()))?);
        }
        self.add(Variable::DotEnv, variables);
        Ok(self)
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<Setting<String>> {
        Some(self.variables.get(name)?.setting())
    }

    /// All variables whose name begins so, with the rest of the name.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, Setting<String>)> {
        self.variables.iter().filter_map(move |(name, value)| {
            let rest = name.strip_prefix(prefix)?;
            Some((rest, value.setting()))
        })
    }

    fn add(&mut self, place: Variable, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, text) in variables {
            if !text.is_empty() {
                let called = name.clone();
                self.variables.entry(name).or_insert(Value {
                    place,
                    called,
                    text,
                });
            }
        }
    }
}

impl Value {
    fn setting(&self) -> Setting<String> {
        Setting {
            value: self.text.clone(),
            origin: origin(self.place, &self.called),
        }
    }
}

fn origin(place: Variable, name: &str) -> Origin {
    match place {
        Variable::Process => Origin::Variable(name.to_owned()),
        Variable::DotEnv => Origin::DotEnv(name.to_owned()),
    }
}
