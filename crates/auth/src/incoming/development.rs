//! Development sign-in: whoever sits at this machine is whom they say they are, and everybody else is refused.

use std::net::SocketAddr;

use async_trait::async_trait;
use frontdesk_identity::{Principal, SignedIn, TenantId, UserId};
use http::header::{COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Uri};

use super::Authenticator;
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
        let forbidden = AuthError::Forbidden {
            message: "this host is not served",
        };
        let host = match (single(&parts.headers, &HOST), parts.uri.authority()) {
            (Header::One(host), _) => host.parse().map_err(|_| forbidden.clone())?,
            (Header::Missing, Some(authority)) => authority.clone(),
            _ => return Err(forbidden),
        };
        let known = is_this_machine(host.host())
            || self
                .allowed_hosts
                .iter()
                .any(|allowed| matches(&host, allowed));
        if known { Ok(host) } else { Err(forbidden) }
    }

    fn check_origin(&self, headers: &HeaderMap, host: &Authority) -> Result<(), AuthError> {
        let allowed = match single(headers, &ORIGIN) {
            Header::Missing => true,
            Header::One(origin) => is_same_site(origin, host) || self.allows_origin(origin),
            Header::Unreadable => false,
        };
        if allowed {
            Ok(())
        } else {
            Err(AuthError::Forbidden {
                message: "this origin is not allowed",
            })
        }
    }

    fn allows_origin(&self, origin: &str) -> bool {
        self.allowed_origins
            .iter()
            .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
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

enum Header<'a> {
    Missing,
    One(&'a str),
    Unreadable,
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Missing,
        (Some(value), None) => value.to_str().map_or(Header::Unreadable, Header::One),
        (Some(_), Some(_)) => Header::Unreadable,
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

fn is_same_site(origin: &str, host: &Authority) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else {
        return false;
    };
    let default = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    origin.authority().is_some_and(|authority| {
        authority.host().eq_ignore_ascii_case(host.host())
            && authority.port_u16().unwrap_or(default) == host.port_u16().unwrap_or(default)
    })
}

fn user_of(parts: &Parts) -> Option<String> {
    let from_query = parts.uri.query().and_then(|query| {
        url::form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == USER_PARAMETER).then(|| value.into_owned()))
    });
    from_query.or_else(|| user_from_cookie(&parts.headers))
}

fn user_from_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| {
            (name == USER_COOKIE).then(|| percent_decoded(value.trim_matches('"')))
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
