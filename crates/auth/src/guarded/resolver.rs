//! Resolves names for the guarded client, and gives it only addresses that were checked: what was checked is what is
//! connected to, so an answer that changes in between changes nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Reach, address};

/// How many addresses of a name are looked at; a name with more is refused.
const MAX_ADDRESSES: usize = 64;

/// Asks for the addresses of a name.
#[async_trait]
pub(super) trait Lookup: fmt::Debug + Send + Sync {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Debug)]
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found
            .map(|address| address.ip())
            .take(MAX_ADDRESSES + 1)
            .collect())
    }
}

/// What may be reached.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) reach: Reach,
    pub(super) trusted: Arc<BTreeSet<String>>,
}

impl Rules {
    pub(super) fn trusts(&self, host: &str) -> bool {
        self.trusted.contains(&plain(host))
    }
}

/// A host as it is compared: lower case, without the brackets of IPv6 and the dot of the root.
pub(super) fn plain(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

/// The resolver of the client.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) rules: Rules,
    pub(super) lookup: Arc<dyn Lookup>,
}

/// A name with an address that may not be reached.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0}")]
pub(super) struct RefusedAddress(pub(super) &'static str);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.rules.clone();
        let lookup = Arc::clone(&self.lookup);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            if found.len() > MAX_ADDRESSES {
                return Err(RefusedAddress("a name with too many addresses").into());
            }
            if !rules.trusts(name.as_str()) {
                for found in &found {
                    address::check(*found, rules.reach).map_err(RefusedAddress)?;
                }
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
