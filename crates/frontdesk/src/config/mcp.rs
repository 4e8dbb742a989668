//! `[mcp.NAME]`: the tool servers, by name.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::layers::{Layers, nearest};
use super::section::Section;
use super::web_address::web_address;
use super::{AgentSection, ConfigError, Environment, Setting};

/// The name of the server that `MCP_SERVER_URL` stands for.
const WELL_KNOWN_SERVER: &str = "default";
/// The name of the embedded server.
pub(crate) const EMBEDDED_SERVER: &str = "taskflow";
/// What the address of a server may look like.
const EXAMPLE_URL: &str = "http://localhost:8001/mcp";
/// How long a call may take when nothing is said.
const DEFAULT_CALL_TIMEOUT: Duration = Duration::from_mins(1);
/// How long a connection may take to stand when nothing is said.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a tool server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpUrl {
    /// At an address.
    At(Url),
    /// In this process, at `/mcp`; it is called over a socket all the same.
    Embedded,
}

/// How a tool server learns who is calling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McpAuth {
    /// Not at all.
    None,
    /// By a token that we sign, at most 60 s old.
    Signed,
}

/// `[mcp.NAME]`.
#[derive(Debug, Clone)]
pub struct McpSection {
    /// `url`, or `MCP_SERVER_URL`.
    pub url: Setting<McpUrl>,
    /// `auth`.
    pub auth: Setting<McpAuth>,
    /// `audience`: the audience of signed tokens; the URL when nothing is said.
    pub audience: Setting<String>,
    /// `call_timeout`: how long a call may be silent.
    pub call_timeout: Setting<Duration>,
    /// `connect_timeout`: how long a connection may take to stand.
    pub connect_timeout: Setting<Duration>,
}

/// Reads all servers. Where nothing is said at all, the embedded one is on.
pub(crate) fn read_all(
    layers: &mut Layers,
    environment: &Environment,
    agent: &AgentSection,
) -> Result<BTreeMap<String, McpSection>, ConfigError> {
    let well_known = environment.get("MCP_SERVER_URL");
    let mut names = layers.names("mcp");
    let only_well_known = names.iter().all(|name| name == WELL_KNOWN_SERVER);
    let well_known = well_known.filter(|_| only_well_known);
    if well_known.is_some() {
        names.insert(WELL_KNOWN_SERVER.to_owned());
    }
    let wanted = agent.mcp.as_ref().map(|mcp| mcp.value.as_slice());
    let embed = match wanted {
        Some(wanted) => {
            wanted.iter().any(|name| name == EMBEDDED_SERVER) && !names.contains(EMBEDDED_SERVER)
        }
        None => names.is_empty(),
    };
    let mut servers = BTreeMap::new();
    for name in names {
        let url = well_known.as_ref().filter(|_| name == WELL_KNOWN_SERVER);
        let server = McpSection::read(layers, &name, url)?;
        servers.insert(name, server);
    }
    Section::new(layers, "mcp").finish()?;
    if embed && cfg!(feature = "demo") {
        servers.insert(EMBEDDED_SERVER.to_owned(), McpSection::embedded());
    }
    check_wanted(agent, &servers)?;
    Ok(servers)
}

impl McpSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        well_known: Option<&Setting<String>>,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("mcp.{name}"));
        let url_key = section.key("url");
        let url = section.text("url")?;
        let auth = section.choice(
            "auth",
            &[("none", McpAuth::None), ("signed", McpAuth::Signed)],
        )?;
        let audience = section.text("audience")?;
        let call_timeout = section.deadline("call_timeout")?;
        let connect_timeout = section.deadline("connect_timeout")?;
        section.finish()?;
        let Some(url) = url.or_else(|| well_known.cloned()) else {
            return Err(ConfigError::Missing {
                key: url_key,
                expected: format!("a URL such as \"{EXAMPLE_URL}\""),
            });
        };
        let url = web_address(url_key, url, EXAMPLE_URL)?;
        let own_audience = Setting::default_value(url.value.to_string());
        Ok(Self {
            url: url.map(McpUrl::At),
            auth: auth.unwrap_or_else(|| Setting::default_value(McpAuth::None)),
            audience: audience.unwrap_or(own_audience),
            call_timeout: call_timeout
                .unwrap_or_else(|| Setting::default_value(DEFAULT_CALL_TIMEOUT)),
            connect_timeout: connect_timeout
                .unwrap_or_else(|| Setting::default_value(DEFAULT_CONNECT_TIMEOUT)),
        })
    }

    fn embedded() -> Self {
        Self {
            url: Setting::default_value(McpUrl::Embedded),
            auth: Setting::default_value(McpAuth::Signed),
            audience: Setting::default_value(EMBEDDED_SERVER.to_owned()),
            call_timeout: Setting::default_value(DEFAULT_CALL_TIMEOUT),
            connect_timeout: Setting::default_value(DEFAULT_CONNECT_TIMEOUT),
        }
    }
}

fn check_wanted(
    agent: &AgentSection,
    servers: &BTreeMap<String, McpSection>,
) -> Result<(), ConfigError> {
    let Some(wanted) = &agent.mcp else {
        return Ok(());
    };
    let unknown = wanted
        .value
        .iter()
        .find(|name| !servers.contains_key(*name));
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let near = nearest(unknown, servers.keys().map(String::as_str));
    Err(ConfigError::Invalid {
        key: format!("agent.{}.mcp", agent.name),
        origin: wanted.origin.clone(),
        expected: "names of [mcp.NAME] sections".to_owned(),
        found: Some(match near {
            Some(near) => format!("{unknown:?}; did you mean {near:?}?"),
            None => format!("{unknown:?}"),
        }),
    })
}
