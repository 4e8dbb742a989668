//! What the product is told: a file, overlaid by the environment, overlaid by flags.
//!
//! Every value remembers where it comes from. An unknown key is an error, not a guess.
//! One file per section; [`Config::read`] puts them together and fills in the demonstration where nothing is said.

mod agent;
mod auth;
mod chat;
mod client_tool;
mod cors;
mod environment;
mod error;
mod files;
mod guardrail;
mod json;
mod layers;
mod limits;
mod mcp;
mod model;
mod names;
mod retention;
mod secret_text;
mod section;
mod server;
mod setting;
mod settings;
mod store;
mod web_address;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use agent::{AgentSection, AgentTools, ApprovalKeys, HandoffSection};
pub use auth::{AuthMode, AuthSection, ClaimsSection, JwtKeys, JwtSection, TrustedProxySection};
pub use chat::{AssistantKeys, ChatSection, Framing};
pub use client_tool::ClientToolSection;
pub use cors::{CorsCredentials, CorsOrigins, CorsSection};
pub use environment::{Environment, Variable};
pub use error::ConfigError;
pub use files::FilesSection;
pub use guardrail::{Check, Checked, GuardrailSection};
pub use limits::LimitsSection;
pub use mcp::{
    ExchangeSection, McpAuth, McpCalls, McpEndpoint, McpSection, OAuthSection, StaticSection,
    StaticUser,
};
pub use model::{ModelCalls, ModelEndpoint, ModelSection, Provider};
pub use retention::RetentionSection;
pub use section::time_span;
pub use server::ServerSection;
pub use setting::{Origin, Setting};
pub use store::{PostgresSection, SqliteSection, StorePlace, StoreSection};

pub(crate) use mcp::check_own_tokens;
pub(crate) use secret_text::read_secret_file;

use layers::Layers;

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "frontdesk.toml";

/// The sections that there are.
const SECTIONS: [&str; 13] = [
    "server",
    "store",
    "files",
    "auth",
    "cors",
    "limits",
    "retention",
    "model",
    "client_tool",
    "guardrail",
    "agent",
    "mcp",
    "chat",
];

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[server]`: where it listens, where its data lies.
    pub server: ServerSection,
    /// `[store]`: where threads are kept.
    pub store: StoreSection,
    /// `[files]`: where attachments' bytes lie, and what is taken.
    pub files: FilesSection,
    /// `[auth]`: how users sign in.
    pub auth: AuthSection,
    /// `[cors]`: pages of other origins that may call.
    pub cors: CorsSection,
    /// `[limits]`: how much one user or one address may ask for.
    pub limits: LimitsSection,
    /// `[retention]`: how long threads are kept that nobody uses.
    pub retention: RetentionSection,
    /// `[model.NAME]`: the models, by name.
    pub models: BTreeMap<String, ModelSection>,
    /// `[client_tool.NAME]`: tools that the user's own page runs, by name.
    pub client_tools: BTreeMap<String, ClientToolSection>,
    /// `[guardrail.NAME]`: checks, by name.
    pub guardrails: BTreeMap<String, GuardrailSection>,
    /// `[agent.NAME]`: the agents that answer, by name.
    pub agents: BTreeMap<String, AgentSection>,
    /// `[mcp.NAME]`: the tool servers, by name.
    pub mcp: BTreeMap<String, McpSection>,
    /// `[chat]`: how turns behave.
    pub chat: ChatSection,
}

/// Where a configuration is read from. Everything is handed in; nothing is asked of the process.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file. It has to exist.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// Flags: the key (`server.listen`), the flag's name (`--listen`) and its value.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Config {
    /// Reads, overlays and checks.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        if let Some(path) = &sources.file {
            layers.overlay_file(path)?;
        }
        layers.overlay_environment(&sources.environment);
        for (key, flag, value) in &sources.flags {
            layers.overlay_flag(key, flag, value);
        }
        layers.check_sections(&SECTIONS)?;
        let server = ServerSection::read(&mut layers)?;
        let store = StoreSection::read(&mut layers, &sources.environment, &server)?;
        let files = FilesSection::read(&mut layers, &sources.environment, &server, &store.place)?;
        let auth = AuthSection::read(&mut layers)?;
        auth.check_listen(&server)?;
        let cors = CorsSection::read(&mut layers)?;
        cors.check_sign_in(&auth)?;
        let limits = LimitsSection::read(&mut layers)?;
        let retention = RetentionSection::read(&mut layers)?;
        let models = model::read_all(&mut layers, &sources.environment)?;
        let client_tools = client_tool::read_all(&mut layers)?;
        let guardrails = guardrail::read_all(&mut layers, &models)?;
        let agents = agent::read_all(&mut layers, &models)?;
        agent::check(&agents, &models, &client_tools, &guardrails)?;
        let mcp = mcp::read_all(&mut layers, &sources.environment, &agents)?;
        mcp::check_public_address(&mcp, &server)?;
        let chat = ChatSection::read(&mut layers, &models, &agents)?;
        Ok(Self {
            server,
            store,
            files,
            auth,
            cors,
            limits,
            retention,
            models,
            client_tools,
            guardrails,
            agents,
            mcp,
            chat,
        })
    }
}
