//! Where a tool server is: at an address, or a program that we start.
//!
//! Whoever can set a variable of our environment can't have a program started by that: programs are named in the
//! operator's file alone, with all that they are started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use frontdesk_identity::Secret;
use frontdesk_mcp_client::Command;
use toml::Value;
use url::Url;

use super::super::section::Section;
use super::super::web_address::web_address;
use super::super::{ConfigError, Origin, Setting};

/// What the address of a server may look like.
const EXAMPLE_URL: &str = "http://localhost:8001/mcp";

/// Where a tool server is.
#[derive(Debug, Clone)]
pub enum McpEndpoint {
    /// `url`, or `MCP_SERVER_URL`: Streamable HTTP at an address.
    At(Url),
    /// In this process, at `/mcp`; it is called over a socket all the same.
    Embedded,
    /// `command`, with `env` and `working_dir`: a program, over its standard input and output.
    Command(Command),
}

pub(super) fn read(
    section: &mut Section<'_>,
    well_known: Option<&Setting<String>>,
) -> Result<Setting<McpEndpoint>, ConfigError> {
    let url_key = section.key("url");
    let url = section.text("url")?.or_else(|| well_known.cloned());
    match (url, command(section)?) {
        (Some(url), Some(command)) => Err(ConfigError::Conflict {
            message: format!(
                "{url_key} (from {}) and {} (from {}) are both set: keep one",
                url.origin,
                section.key("command"),
                command.origin
            ),
        }),
        (Some(url), None) => Ok(web_address(url_key, url, EXAMPLE_URL)?.map(McpEndpoint::At)),
        (None, Some(command)) => Ok(command.map(McpEndpoint::Command)),
        (None, None) => Err(ConfigError::Missing {
            key: url_key,
            expected: format!("a URL such as \"{EXAMPLE_URL}\""),
        }),
    }
}

fn command(section: &mut Section<'_>) -> Result<Option<Setting<Command>>, ConfigError> {
    if let Some(origin) = section.origin_of("command") {
        from_file(section, "command", &origin)?;
    }
    let line = section.read(
        "command",
        "a list of a program and its arguments, such as [\"notes-server\", \"--quiet\"]",
        |value| {
            let words = value.as_array()?.iter();
            let mut words: Vec<String> = words
                .map(|word| word.as_str().map(str::to_owned))
                .collect::<Option<_>>()?;
            let first = words.first().is_some_and(|program| !program.is_empty());
            first.then(|| (PathBuf::from(words.remove(0)), words))
        },
    )?;
    let working_dir = section.path("working_dir")?;
    let env = section.table("env")?;
    let Some(line) = line else {
        let first = env.iter().next();
        let stray = first.map(|(name, value)| (format!("env.{name}"), &value.origin));
        let stray = stray.or_else(|| {
            let dir = working_dir.as_ref()?;
            Some(("working_dir".to_owned(), &dir.origin))
        });
        return match stray {
            None => Ok(None),
            Some((key, origin)) => Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {origin}) has no meaning without {}",
                    section.key(&key),
                    section.key("command")
                ),
            }),
        };
    };
    if let Some(dir) = &working_dir {
        from_file(section, "working_dir", &dir.origin)?;
    }
    let mut environment = BTreeMap::new();
    for (name, setting) in env {
        let key = format!("env.{name}");
        from_file(section, &key, &setting.origin)?;
        let Value::String(value) = setting.value else {
            return Err(ConfigError::Invalid {
                key: section.key(&key),
                origin: setting.origin,
                expected: "a text".to_owned(),
                found: None,
            });
        };
        environment.insert(name, Secret::new(value));
    }
    Ok(Some(line.map(|(program, args)| Command {
        program,
        args,
        env: environment,
        working_dir: working_dir.map(|dir| dir.value),
    })))
}

fn from_file(section: &Section<'_>, key: &str, origin: &Origin) -> Result<(), ConfigError> {
    match origin {
        Origin::File(_) => Ok(()),
        Origin::Variable(_) | Origin::DotEnv(_) | Origin::Flag(_) | Origin::Default => {
            Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {origin}): what is started is named in the configuration file only",
                    section.key(key)
                ),
            })
        }
    }
}
