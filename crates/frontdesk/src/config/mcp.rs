//! `[mcp.NAME]`: the tool servers, by name.

mod calls;
mod endpoint;
mod identity;
mod oauth;

use std::collections::BTreeMap;

use frontdesk_auth::outgoing::ArgumentSource;
use frontdesk_mcp_client::ToolFilter;

use super::layers::Layers;
use super::names::Names;
use super::section::Section;
use super::{
    AgentSection, AuthMode, AuthSection, ConfigError, Environment, ServerSection, Setting,
};

pub use calls::McpCalls;
pub use endpoint::McpEndpoint;
pub use identity::{ExchangeSection, McpAuth, StaticSection, StaticUser};
pub use oauth::OAuthSection;

/// The name of the server that `MCP_SERVER_URL` stands for.
const WELL_KNOWN_SERVER: &str = "default";
/// The name of the embedded server.
pub(crate) const EMBEDDED_SERVER: &str = "taskflow";

/// `[mcp.NAME]`.
#[derive(Debug, Clone)]
pub struct McpSection {
    /// `url`, or `MCP_SERVER_URL`; or `command` with `env` and `working_dir`.
    pub endpoint: Setting<McpEndpoint>,
    /// `auth` and what belongs to it.
    pub auth: Setting<McpAuth>,
    /// `audience`: the server, as tokens for it name it; its URL when nothing is said.
    pub audience: Setting<String>,
    /// `arguments`: what we fill in at call time and the model neither sees nor decides.
    pub arguments: BTreeMap<String, Setting<ArgumentSource>>,
    /// `tools.allow` and `tools.deny`.
    pub tools: ToolFilter,
    /// How it is called: times, connections, protocol.
    pub calls: McpCalls,
}

/// Reads all servers. Where nothing is said at all, the embedded one is on.
pub(crate) fn read_all(
    layers: &mut Layers,
    environment: &Environment,
    agents: &BTreeMap<String, AgentSection>,
) -> Result<BTreeMap<String, McpSection>, ConfigError> {
    let well_known = environment.get("MCP_SERVER_URL");
    let mut names = layers.names("mcp");
    let only_well_known = names.iter().all(|name| name == WELL_KNOWN_SERVER);
    let well_known = well_known.filter(|_| only_well_known);
    if well_known.is_some() {
        names.insert(WELL_KNOWN_SERVER.to_owned());
    }
    let is_wanted = |agent: &AgentSection| match &agent.tools.mcp {
        Some(mcp) => {
            mcp.value.iter().any(|name| name == EMBEDDED_SERVER) && !names.contains(EMBEDDED_SERVER)
        }
        None => names.is_empty(),
    };
    let embed = agents.values().any(is_wanted);
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
    check_wanted(agents, &servers)?;
    Ok(servers)
}

/// Fails where accounts are to be connected and no browser could find us.
pub(crate) fn check_public_address(
    servers: &BTreeMap<String, McpSection>,
    server: &ServerSection,
) -> Result<(), ConfigError> {
    if server.public_url.is_some() || server.listen.value.ip().is_loopback() {
        return Ok(());
    }
    let of_users = servers
        .iter()
        .find(|(_, section)| matches!(section.auth.value, McpAuth::OAuth(_)));
    match of_users {
        None => Ok(()),
        Some((name, section)) => Err(ConfigError::Conflict {
            message: format!(
                "mcp.{name}.auth = \"oauth\" (from {}) needs server.public_url: users' browsers come back to it",
                section.auth.origin
            ),
        }),
    }
}

/// Fails where a server wants the user's own token and users sign in without one.
pub(crate) fn check_own_tokens(
    servers: &BTreeMap<String, McpSection>,
    auth: &AuthSection,
) -> Result<(), ConfigError> {
    if matches!(auth.mode.value, AuthMode::Jwt(_)) {
        return Ok(());
    }
    for (name, section) in servers {
        let wanting = match &section.auth.value {
            McpAuth::Exchange(_) | McpAuth::Forward => Some((
                format!("mcp.{name}.auth = \"{}\"", section.auth.value.name()),
                &section.auth.origin,
            )),
            McpAuth::None
            | McpAuth::Signed
            | McpAuth::OAuth(_)
            | McpAuth::Static(_)
            | McpAuth::Arguments => section
                .arguments
                .iter()
                .find(|(_, source)| matches!(source.value, ArgumentSource::Token))
                .map(|(argument, source)| {
                    let key = format!("mcp.{name}.arguments.{argument} = \"token\"");
                    (key, &source.origin)
                }),
        };
        if let Some((key, origin)) = wanting {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{key} (from {origin}) needs the user's own token, and with auth.mode = \"{}\" (from {}) users \
                     sign in without one: use \"signed\" or \"oauth\", or sign users in by \"jwt\"",
                    auth.mode.value.name(),
                    auth.mode.origin
                ),
            });
        }
    }
    Ok(())
}

impl McpSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        well_known: Option<&Setting<String>>,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("mcp.{name}"));
        let endpoint = endpoint::read(&mut section, well_known)?;
        let auth = identity::read(&mut section, &endpoint)?;
        let audience = section.name("audience")?;
        let arguments = arguments(&mut section)?;
        let tools = tools(&mut section)?;
        let calls = McpCalls::read(&mut section)?;
        if matches!(auth.value, McpAuth::Arguments) && arguments.is_empty() {
            return Err(ConfigError::Missing {
                key: section.key("arguments"),
                expected: "what to fill in, such as { user_id = \"user.id\" }".to_owned(),
            });
        }
        if matches!(auth.value, McpAuth::OAuth(_)) {
            oauth::check_name(name, &auth.origin)?;
        }
        section.finish()?;
        let own_audience = match &endpoint.value {
            McpEndpoint::At(url) => url.to_string(),
            McpEndpoint::Embedded | McpEndpoint::Command(_) => name.to_owned(),
        };
        Ok(Self {
            endpoint,
            auth,
            audience: audience.unwrap_or_else(|| Setting::default_value(own_audience)),
            arguments,
            tools,
            calls,
        })
    }

    fn embedded() -> Self {
        Self {
            endpoint: Setting::default_value(McpEndpoint::Embedded),
            auth: Setting::default_value(McpAuth::Signed),
            audience: Setting::default_value(EMBEDDED_SERVER.to_owned()),
            arguments: BTreeMap::new(),
            tools: ToolFilter::default(),
            calls: McpCalls::default(),
        }
    }
}

fn arguments(
    section: &mut Section<'_>,
) -> Result<BTreeMap<String, Setting<ArgumentSource>>, ConfigError> {
    let key = section.key("arguments");
    let given = section.table("arguments")?.into_iter();
    let read = given.map(|(name, setting)| {
        let text = setting.value.as_str().unwrap_or_default();
        match text.parse::<ArgumentSource>() {
            Ok(source) => Ok((name, setting.map(|_| source))),
            Err(_) => Err(ConfigError::Invalid {
                key: format!("{key}.{name}"),
                origin: setting.origin,
                expected: "one of \"user.id\", \"user.name\", \"user.email\", \"tenant\", \"token\" and \"claims.<name>\""
                    .to_owned(),
                found: Some(setting.value.to_string()),
            }),
        }
    });
    read.collect()
}

fn tools(section: &mut Section<'_>) -> Result<ToolFilter, ConfigError> {
    let mut section = section.below("tools");
    let allow = section.list("allow")?;
    let deny = section.list("deny")?;
    let allow_key = section.key("allow");
    section.finish()?;
    if let Some(none) = allow.as_ref().filter(|allow| allow.value.is_empty()) {
        return Err(ConfigError::Invalid {
            key: allow_key,
            origin: none.origin.clone(),
            expected: "names of tools, such as [\"list_*\"]; without the key, all are offered"
                .to_owned(),
            found: None,
        });
    }
    let names = |setting: Option<Setting<Vec<String>>>| setting.map(|names| names.value);
    Ok(ToolFilter {
        allow: names(allow).unwrap_or_default(),
        deny: names(deny).unwrap_or_default(),
    })
}

fn check_wanted(
    agents: &BTreeMap<String, AgentSection>,
    servers: &BTreeMap<String, McpSection>,
) -> Result<(), ConfigError> {
    let known = Names::of("[mcp.NAME]", servers);
    for (name, agent) in agents {
        if let Some(wanted) = &agent.tools.mcp {
            known.check_all(&format!("agent.{name}.mcp"), wanted)?;
        }
        for (server, patterns) in &agent.tools.only {
            let key = format!("agent.{name}.tools");
            known.check(&key, &patterns.origin, server)?;
            if !agent.tools.has_server(server) {
                return Err(ConfigError::Conflict {
                    message: format!(
                        "{key}.{server} (from {}) is of a server that agent.{name}.mcp doesn't name",
                        patterns.origin
                    ),
                });
            }
        }
    }
    Ok(())
}
