//! The one pooled HTTP client for MCP servers that the operator configured.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::McpError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_CONNECTION: Duration = Duration::from_secs(90);
const IDLE_CONNECTIONS_PER_HOST: usize = 64;

/// The pooled client: no redirects, which would lose the body or carry the identity elsewhere,
/// no delay for small writes, and a deadline for connecting. Clones share the pool.
///
/// # Errors
/// [`McpError::Client`]: there is no TLS to be had.
pub fn client() -> Result<reqwest::Client, McpError> {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| McpError::Client {
            detail: error.to_string(),
        })
}
