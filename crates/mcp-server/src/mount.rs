//! Puts a tool server behind its address: sign-in first, then what the caller may, then Host and Origin,
//! then the protocol.

use std::sync::Arc;

use axum::http::uri::Authority;
use axum::routing::{MethodRouter, any_service, get};
use axum::{Json, Router, middleware};
use frontdesk_auth::incoming::TokenVerifier;
use frontdesk_clock::{Clock, SystemClock};
use frontdesk_identity::{Principal, Secret};
use rmcp::transport::streamable_http_server::SessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::body::Permits;
use crate::core::Core;
use crate::cors::Origins;
use crate::gate::Gate;
use crate::places::Places;
use crate::protocol::{Keeping, Served};
use crate::seal::Sealer;
use crate::sessions::{OwnedSessions, Sessions};
use crate::{KitError, ToolServer, body, cors, gate, refusal, sessions};

/// The largest request body that is read.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How many `subscriptions/listen` one caller may have open, unless everyone is one caller.
const MAX_LISTENERS: usize = 100;

const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// How callers prove who they are.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// By a bearer token that this verifier takes.
    Bearer(Arc<dyn TokenVerifier>),
    /// **Not at all: whoever reaches the address is this principal**, with everything that it may see and do.
    /// For servers that hold nothing of anyone's, and for tests. Anything else that listens beyond this machine
    /// with this is an open door.
    Everyone(Arc<Principal>),
}

/// How a tool server is mounted.
#[derive(Debug, Clone)]
pub struct MountOptions {
    /// How callers prove who they are.
    pub authentication: Authentication,
    /// The server's public address, as callers and tokens name it: `https://tools.example.com/mcp`.
    pub resource: String,
    /// The path of the protocol within the router, `/mcp` where nothing else is said; it answers with and without
    /// a slash at its end.
    pub path: String,
    /// Issuers where a caller can get a token; named in the protected-resource metadata.
    pub authorization_servers: Vec<String>,
    /// Scopes that every verified caller has besides those of its token.
    /// It is for tokens that carry none, such as those that Frontdesk signs: who may come in may then do these things.
    pub granted_scopes: Vec<String>,
    /// Values of `Host` that are served besides the public address's and this machine's own, each `name` (any port)
    /// or `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may call, such as `https://desk.example.com`; without a port, that of the scheme,
    /// and `:*` for any. A request with any other is refused.
    pub allowed_origins: Vec<String>,
    /// A path that answers without sign-in, for health checks.
    pub health_path: Option<String>,
    /// Whether clients of the `initialize` era get sessions.
    pub sessions: Sessions,
    /// What the state between the rounds of a call is sealed with. Replicas share it; without one, this process makes
    /// a key of its own and each call has to come back to it.
    pub state_secret: Option<Secret>,
    /// Tells when such a state has run out.
    pub clock: Arc<dyn Clock>,
    /// Ends running calls and streams; give it to [`serve`](crate::serve) as well.
    pub shutdown: CancellationToken,
}

/// A server's routes, in two parts.
#[derive(Debug, Clone)]
pub struct Mounted {
    /// The protocol at [`MountOptions::path`], and the health path. It may be nested.
    pub protocol: Router,
    /// The protected-resource metadata; it belongs at the root, under paths of its own.
    pub well_known: Router,
}

impl MountOptions {
    /// Options for a server at `/mcp` that is called by its public name and this machine's own names only,
    /// by nobody's page, without sessions.
    pub fn new(authentication: Authentication, resource: impl Into<String>) -> Self {
        Self {
            authentication,
            resource: resource.into(),
            path: "/mcp".to_owned(),
            authorization_servers: Vec::new(),
            granted_scopes: Vec::new(),
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            health_path: None,
            sessions: Sessions::Stateless,
            state_secret: None,
            clock: Arc::new(SystemClock),
            shutdown: CancellationToken::new(),
        }
    }
}

pub(crate) fn mount<S>(server: ToolServer<S>, options: MountOptions) -> Result<Mounted, KitError>
where
    S: Clone + Send + Sync + 'static,
{
    let everyone = matches!(options.authentication, Authentication::Everyone(_));
    if let Authentication::Everyone(principal) = &options.authentication {
        let user = principal.user.as_str();
        tracing::warn!(
            user,
            "this tool server asks nobody who they are: all are one user"
        );
    }
    let resource = resource(&options.resource)?;
    let path = path(&options.path)?;
    let health_path = options.health_path.as_deref();
    if let Some(taken) = health_path.filter(|health| !is_free(health, &path, &resource)) {
        return Err(KitError::Path(taken.to_owned()));
    }
    let sealer = Sealer::new(options.state_secret.as_ref(), Arc::clone(&options.clock))?;
    let origins = Arc::new(Origins::new(&options.allowed_origins)?);
    if let Some(host) = options.allowed_hosts.iter().find(|host| !is_host(host)) {
        return Err(KitError::Unmatched(host.clone()));
    }
    let config = config(&resource, &options, &origins);
    let listeners = Places::new(if everyone { usize::MAX } else { MAX_LISTENERS });
    let core = server.into_core(options.granted_scopes, sealer, listeners, options.shutdown)?;
    for tool in &core.catalogue.tools.all {
        if tool.description.description.is_none() {
            let name = &tool.description.name;
            tracing::warn!(%name, "a tool without a description: a model has only its name to go by");
        }
    }
    let core = Arc::new(core);
    let scopes: Vec<String> = core.catalogue.scopes().into_iter().collect();
    let metadata_url = metadata_url(&resource);

    let protocol = match options.sessions {
        Sessions::Stateless => {
            let never = Arc::<NeverSessionManager>::default();
            let service = service(&core, Keeping::Nothing, never, config);
            Router::new()
                .route(&path, service.clone())
                .route(&format!("{path}/"), service)
        }
        Sessions::Kept { max, each, idle } => {
            let each = if everyone { max } else { each };
            let owned = Arc::new(OwnedSessions::new(max, each, idle));
            let service = service(&core, Keeping::Sessions, Arc::clone(&owned), config);
            Router::new()
                .route(&path, service.clone())
                .route(&format!("{path}/"), service)
                .layer(middleware::from_fn_with_state(owned, sessions::check))
        }
    };
    let permits = Arc::new(Permits {
        core,
        metadata_url: metadata_url.clone(),
    });
    let gate = Arc::new(Gate {
        authentication: options.authentication,
        metadata_url,
        scopes: scopes.join(" "),
    });
    let mut protocol = protocol
        .layer(middleware::from_fn_with_state(permits, body::check::<S>))
        .layer(middleware::from_fn_with_state(gate, gate::check))
        .layer(middleware::from_fn(refusal::reword))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&origins),
            cors::check,
        ));
    if let Some(path) = options.health_path {
        protocol = protocol.route(&path, get(|| std::future::ready("ok")));
    }
    let metadata = metadata(&options.resource, options.authorization_servers, scopes);
    Ok(Mounted {
        protocol,
        well_known: well_known(&resource, metadata)
            .layer(middleware::from_fn_with_state(origins, cors::check)),
    })
}

fn config(resource: &Url, options: &MountOptions, origins: &Origins) -> StreamableHttpServerConfig {
    let own = LOOPBACK.into_iter().chain(resource.host_str());
    let hosts = own
        .map(str::to_owned)
        .chain(options.allowed_hosts.iter().cloned());
    let mut config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins.listed())
        .enforce_origin_validation();
    config.legacy_session_mode = options.sessions != Sessions::Stateless;
    config.json_response = true;
    config.max_request_body_bytes = MAX_BODY_BYTES;
    config.cancellation_token = options.shutdown.clone();
    config
}

fn service<S, M>(
    core: &Arc<Core<S>>,
    keeping: Keeping,
    sessions: Arc<M>,
    config: StreamableHttpServerConfig,
) -> MethodRouter
where
    S: Clone + Send + Sync + 'static,
    M: SessionManager,
{
    let core = Arc::clone(core);
    let factory = move || Ok(Served::new(Arc::clone(&core), keeping));
    any_service(StreamableHttpService::new(factory, sessions, config))
}

fn path(given: &str) -> Result<String, KitError> {
    let fits = is_path(given) && !given.starts_with(METADATA_PATH);
    let path = fits.then(|| given.trim_end_matches('/'));
    path.filter(|path| !path.is_empty())
        .map(str::to_owned)
        .ok_or_else(|| KitError::Path(given.to_owned()))
}

/// Whether a router takes it, and a request can have it.
fn is_path(path: &str) -> bool {
    let fits = |c: char| c.is_ascii_graphic() && !"{}*:?#%".contains(c);
    path.starts_with('/') && path.chars().all(fits)
}

/// Whether nothing else lies at the health path.
fn is_free(health: &str, path: &str, resource: &Url) -> bool {
    let taken = [METADATA_PATH, metadata_path(resource).as_str(), path].contains(&health)
        || health.strip_suffix('/') == Some(path);
    is_path(health) && !taken
}

/// A name or an address as `Host` has it, with a port or without.
fn is_host(host: &str) -> bool {
    let read = host.parse::<Authority>();
    read.is_ok_and(|host| !host.host().is_empty()) && !host.contains(['@', '*'])
}

fn resource(resource: &str) -> Result<Url, KitError> {
    let fits = |url: &Url| {
        let mut segments = url.path().split('/');
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && !segments.any(|segment| segment.starts_with([':', '*']))
    };
    Url::parse(resource)
        .ok()
        .filter(fits)
        .ok_or_else(|| KitError::Resource(resource.to_owned()))
}

fn metadata_path(resource: &Url) -> String {
    format!("{METADATA_PATH}{}", resource.path().trim_end_matches('/'))
}

/// The metadata at the root, and at the path that has the resource's own at its end.
fn well_known(resource: &Url, metadata: Value) -> Router {
    let answer = get(move || std::future::ready(Json(metadata.clone())));
    let inserted = metadata_path(resource);
    let router = Router::new().route(METADATA_PATH, answer.clone());
    if inserted == METADATA_PATH {
        router
    } else {
        router.route(&inserted, answer)
    }
}

/// Where the metadata of a resource lies ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)).
fn metadata_url(resource: &Url) -> String {
    let mut url = resource.clone();
    url.set_path(&metadata_path(resource));
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn metadata(resource: &str, authorization_servers: Vec<String>, scopes: Vec<String>) -> Value {
    let mut metadata = Map::new();
    metadata.insert("resource".to_owned(), resource.into());
    if !authorization_servers.is_empty() {
        metadata.insert(
            "authorization_servers".to_owned(),
            authorization_servers.into(),
        );
    }
    if !scopes.is_empty() {
        metadata.insert("scopes_supported".to_owned(), scopes.into());
    }
    metadata.insert("bearer_methods_supported".to_owned(), vec!["header"].into());
    metadata.into()
}
