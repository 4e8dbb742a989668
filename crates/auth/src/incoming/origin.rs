//! From which page a request comes, for sign-in that a browser adds by itself: cookies, a proxy's session, loopback.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, Uri};

use super::headers::{Header, single};
use crate::AuthError;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The page that a request comes from, as far as its browser tells.
pub(super) enum Page {
    /// One of our own, or of a listed origin.
    Ours,
    Foreign,
    Unknown,
}

/// The host that a request is for.
pub(super) fn host(parts: &Parts) -> Option<Authority> {
    match (single(&parts.headers, &HOST), parts.uri.authority()) {
        (Header::One(host), _) => host.parse().ok(),
        (Header::Missing, Some(authority)) => Some(authority.clone()),
        _ => None,
    }
}

/// The page of a request to this host, by `Origin`.
pub(super) fn page(headers: &HeaderMap, host: Option<&Authority>, allowed: &[String]) -> Page {
    match single(headers, &ORIGIN) {
        Header::Missing => Page::Unknown,
        Header::One(origin) => {
            // The scheme that we are asked by isn't known here, but to the browser: to it, our host's page over plain
            // HTTP is another site.
            let other_site = matches!(
                single(headers, &SEC_FETCH_SITE),
                Header::One("same-site" | "cross-site")
            );
            let own = !other_site && host.is_some_and(|host| is_same_site(origin, host));
            let listed = allowed
                .iter()
                .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin));
            if own || listed {
                Page::Ours
            } else {
                Page::Foreign
            }
        }
        Header::Unreadable => Page::Foreign,
    }
}

/// Whether a request that a browser signs in by itself may be made. One that changes something must come from a page
/// of ours, or from none at all as far as `Sec-Fetch-Site` says; where neither is known, `silent` decides.
///
/// # Errors
/// [`AuthError::Forbidden`].
pub(super) fn check(parts: &Parts, allowed: &[String], silent: Silent) -> Result<(), AuthError> {
    let fine = match page(&parts.headers, host(parts).as_ref(), allowed) {
        Page::Ours => true,
        Page::Foreign => false,
        Page::Unknown if matches!(parts.method, Method::GET | Method::HEAD) => true,
        Page::Unknown => match single(&parts.headers, &SEC_FETCH_SITE) {
            Header::One("same-origin" | "none") => true,
            Header::Missing => matches!(silent, Silent::Allowed),
            Header::One(_) | Header::Unreadable => false,
        },
    };
    if fine {
        Ok(())
    } else {
        Err(AuthError::Forbidden {
            message: "this origin is not allowed",
        })
    }
}

/// Whether a request that changes something may say nothing of the page that it comes from.
#[derive(Clone, Copy)]
pub(super) enum Silent {
    Allowed,
    Refused,
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
