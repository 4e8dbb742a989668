//! Development sign-in: whoever sits at this machine is whom they say they are, and everybody else is refused.

use std::net::SocketAddr;

use async_trait::async_trait;
use frontdesk_identity::{Principal, SignedIn, TenantId, UserId};
use http::HeaderMap;
use http::request::Parts;
use http::uri::Authority;

use super::origin::Page;
use super::{Authenticator, headers, origin};
use crate::AuthError;

/// The cookie that names the user.
pub const USER_COOKIE: &str = "frontdesk_user";
/// The query parameter that names the user; it wins over the cookie.
pub const USER_PARAMETER: &str = "user";
/// The user of a request that names none.
pub const DEFAULT_USER: &str = "dev";

/// Development sign-in: from loopback, for this machine's names, from its own pages.
#[derive(Debug, Clone, Default)]
pub struct Development {
    /// Further values of `Host` that are taken, each `name` (any port) or `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Further values of `Origin` that are taken, each as browsers send it: `https://app.example.com:8443`.
    pub allowed_origins: Vec<String>,
}

impl Development {
    /// The principal of a request; a pure function of its head and its peer.
    ///
    /// # Errors
    /// [`AuthError::Forbidden`]: not from loopback, for another host or from another site's page;
    /// [`AuthError::Invalid`]: a user id that can't be.
    pub fn principal(
        &self,
        parts: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<Principal, AuthError> {
        if !peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback()) {
            return Err(AuthError::Forbidden {
                message: "development sign-in works from this machine only",
            });
        }
        let host = self.check_host(parts)?;
        self.check_origin(&parts.headers, &host)?;
        let user = user_of(parts).unwrap_or_else(|| DEFAULT_USER.to_owned());
        let user = UserId::new(user).map_err(|error| AuthError::Invalid {
            message: error.to_string(),
        })?;
        Ok(Principal::new(TenantId::single(), user))
    }

    fn check_host(&self, parts: &Parts) -> Result<Authority, AuthError> {
        let known = |host: &Authority| {
            is_this_machine(host.host())
                || self
                    .allowed_hosts
                    .iter()
                    .any(|allowed| matches(host, allowed))
        };
        origin::host(parts)
            .filter(known)
            .ok_or(AuthError::Forbidden {
                message: "this host is not served",
            })
    }

    fn check_origin(&self, headers: &HeaderMap, host: &Authority) -> Result<(), AuthError> {
        match origin::page(headers, Some(host), &self.allowed_origins) {
            Page::Ours | Page::Unknown => Ok(()),
            Page::Foreign => Err(AuthError::Forbidden {
                message: "this origin is not allowed",
            }),
        }
    }
}

#[async_trait]
impl Authenticator for Development {
    async fn authenticate(
        &self,
        parts: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<SignedIn, AuthError> {
        self.principal(parts, peer).map(SignedIn::new)
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]"
}

fn matches(host: &Authority, allowed: &str) -> bool {
    allowed.parse::<Authority>().is_ok_and(|allowed| {
        host.host().eq_ignore_ascii_case(allowed.host())
            && (allowed.port_u16().is_none() || allowed.port_u16() == host.port_u16())
    })
}

fn user_of(parts: &Parts) -> Option<String> {
    let from_query = parts.uri.query().and_then(|query| {
        url::form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == USER_PARAMETER).then(|| value.into_owned()))
    });
    from_query.or_else(|| {
        headers::cookies(&parts.headers, USER_COOKIE)
            .next()
            .map(percent_decoded)
    })
}

/// A cookie's value is percent-encoded by scripts; a plus in it is a plus.
fn percent_decoded(value: &str) -> String {
    let value = value.replace('+', "%2B");
    url::form_urlencoded::parse(value.as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}
