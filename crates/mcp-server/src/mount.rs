//! Puts a tool server behind its address: sign-in first, then Host and Origin, then the protocol.

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router, middleware};
use frontdesk_auth::incoming::TokenVerifier;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::gate::Gate;
use crate::protocol::Served;
use crate::{KitError, ToolServer, body, gate};

/// The largest request body that is read.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// How callers prove who they are. There is no way to mount a server without.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// By a bearer token that this verifier takes.
    Bearer(Arc<dyn TokenVerifier>),
}

/// How a tool server is mounted.
#[derive(Debug, Clone)]
pub struct MountOptions {
    /// How callers prove who they are.
    pub authentication: Authentication,
    /// The server's public address, as callers and tokens name it: `https://tools.example.com/mcp`.
    pub resource: String,
    /// Issuers where a caller can get a token; named in the protected-resource metadata.
    pub authorization_servers: Vec<String>,
    /// Values of `Host` that are served, each `name` (any port) or `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may call; each with scheme and port (`:*` for any). A request with any other is refused.
    pub allowed_origins: Vec<String>,
    /// A path that answers without sign-in, for health checks.
    pub health_path: Option<String>,
    /// Ends running calls.
    pub shutdown: CancellationToken,
}

impl MountOptions {
    /// Options for a server that is called on this machine's own names only, by nobody's page.
    pub fn new(authentication: Authentication, resource: impl Into<String>) -> Self {
        Self {
            authentication,
            resource: resource.into(),
            authorization_servers: Vec::new(),
            allowed_hosts: ["localhost", "127.0.0.1", "[::1]"]
                .map(str::to_owned)
                .to_vec(),
            allowed_origins: Vec::new(),
            health_path: None,
            shutdown: CancellationToken::new(),
        }
    }
}

pub(crate) fn router<S>(server: ToolServer<S>, options: MountOptions) -> Result<Router, KitError>
where
    S: Clone + Send + Sync + 'static,
{
    let resource = resource(&options.resource)?;
    let handler = Served::new(server)?;
    let mut config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(options.allowed_hosts)
        .with_allowed_origins(options.allowed_origins)
        .enforce_origin_validation();
    config.legacy_session_mode = false;
    config.json_response = true;
    config.max_request_body_bytes = MAX_BODY_BYTES;
    config.cancellation_token = options.shutdown;
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::<NeverSessionManager>::default(),
        config,
    );

    let gate = Arc::new(Gate {
        authentication: options.authentication,
        metadata_url: metadata_url(&resource),
    });
    let metadata = metadata(&options.resource, options.authorization_servers);
    let well_known = get(move || std::future::ready(Json(metadata.clone())));
    let mut router = Router::new()
        .route_service("/mcp", service.clone())
        .route_service("/mcp/", service)
        .layer(middleware::from_fn(body::check))
        .layer(middleware::from_fn_with_state(gate, gate::check))
        .route(METADATA_PATH, well_known.clone())
        .route(&format!("{METADATA_PATH}/mcp"), well_known);
    if let Some(path) = options.health_path {
        router = router.route(&path, get(|| std::future::ready("ok")));
    }
    Ok(router)
}

fn resource(resource: &str) -> Result<Url, KitError> {
    let fits = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    Url::parse(resource)
        .ok()
        .filter(fits)
        .ok_or_else(|| KitError::Resource(resource.to_owned()))
}

/// Where the metadata of a resource lies ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)).
fn metadata_url(resource: &Url) -> String {
    let mut url = resource.clone();
    url.set_path(&format!(
        "{METADATA_PATH}{}",
        resource.path().trim_end_matches('/')
    ));
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn metadata(resource: &str, authorization_servers: Vec<String>) -> Value {
    let mut metadata = Map::new();
    metadata.insert("resource".to_owned(), resource.into());
    if !authorization_servers.is_empty() {
        metadata.insert(
            "authorization_servers".to_owned(),
            authorization_servers.into(),
        );
    }
    metadata.insert("bearer_methods_supported".to_owned(), vec!["header"].into());
    metadata.into()
}
