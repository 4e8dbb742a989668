//! Which names this server answers to, where the operator has listed them. Health paths answer to any.

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};

use super::HttpError;
use crate::config::{AuthSection, ServerSection};

/// The names of this machine, which are always served.
const OWN: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The values of `Host` that are served.
#[derive(Debug)]
pub(crate) enum Hosts {
    /// All.
    Any,
    /// These, each `name` (any port) or `name:port`.
    Listed(Vec<Authority>),
}

impl Hosts {
    /// With `auth.allowed_hosts`, those and the public address; else all.
    pub(crate) fn new(auth: &AuthSection, server: &ServerSection) -> Self {
        if auth.allowed_hosts.is_empty() {
            return Self::Any;
        }
        let public = server.public_url.as_ref();
        let public = public.and_then(|url| url.value.host_str());
        let names = auth.allowed_hosts.iter().map(String::as_str);
        let names = names.chain(OWN).chain(public);
        Self::Listed(names.filter_map(|name| name.parse().ok()).collect())
    }

    pub(crate) fn check(&self, parts: &Parts) -> Result<(), HttpError> {
        let Self::Listed(listed) = self else {
            return Ok(());
        };
        let host = host(parts);
        let served = host.is_some_and(|host| listed.iter().any(|listed| serves(listed, &host)));
        served.then_some(()).ok_or_else(|| {
            HttpError::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "this host is not served",
            )
        })
    }
}

fn host(parts: &Parts) -> Option<Authority> {
    let mut values = parts.headers.get_all(header::HOST).iter();
    match (values.next(), values.next()) {
        (None, _) => parts.uri.authority().cloned(),
        (Some(host), None) => host.to_str().ok()?.parse().ok(),
        (Some(_), Some(_)) => None,
    }
}

fn serves(listed: &Authority, host: &Authority) -> bool {
    listed.host().eq_ignore_ascii_case(host.host())
        && (listed.port_u16().is_none() || listed.port_u16() == host.port_u16())
}
