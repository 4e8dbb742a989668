//! The one pooled HTTP client for hosts that the operator configured.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::{Error, ErrorKind};

/// How long a connection may take to stand.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const IDLE_CONNECTION: Duration = Duration::from_secs(90);
/// How many idle connections are kept per host.
const IDLE_CONNECTIONS_PER_HOST: usize = 64;

/// The pooled client for configured hosts, models and tool servers alike: no redirects, which would lose the body or
/// carry the identity elsewhere, no delay for small writes, a deadline for connecting.
///
/// It is cheap to clone, and clones share the pool.
pub fn client() -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Error::new(ErrorKind::Connect, format!("http client: {error}")))
}
