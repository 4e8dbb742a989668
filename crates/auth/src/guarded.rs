//! The one HTTP client for addresses that come from outside: discovery documents, key sets, redirects. It connects only
//! to addresses that it has checked, so that nobody sends us into the operator's own network (SSRF).

mod address;
mod resolver;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderName, Method, Request, Response, StatusCode};
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::AuthError;
use resolver::{Guard, Lookup, RefusedAddress, Rules, SystemLookup, plain};

/// How long a request may take in all, with its redirects and its body.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);
/// How many idle connections are kept per host.
const IDLE_CONNECTIONS_PER_HOST: usize = 4;
/// The longest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How many redirects are followed.
const MAX_REDIRECTS: usize = 3;

/// What is for one origin alone, and for no log.
const SECRETS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// Whether addresses in private ranges may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only addresses of the public internet.
    PublicOnly,
    /// Loopback, private, carrier-grade and unique local addresses too. Link-local ones, on which clouds have their
    /// metadata services, stay out of reach.
    Private,
}

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct GuardedHttp {
    client: reqwest::Client,
    rules: Rules,
}

/// Why there is no answer. No variant holds what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address may not be reached, or not in this way.
    #[error("refused: {reason}")]
    Refused {
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// There is no connection, or it broke.
    #[error("unreachable: {detail}")]
    Unreachable {
        /// What failed, for the operator's log.
        detail: String,
    },
    /// It took longer than 10 s.
    #[error("timed out")]
    TimedOut,
    /// The answer has more than 1 MiB.
    #[error("too large")]
    TooLarge,
}

impl GuardedHttp {
    /// A client with this reach. Hosts that the operator named, without ports, may resolve to anything, and may be asked
    /// over plain HTTP.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`]: TLS can't be set up.
    pub fn new(
        reach: Reach,
        trusted_hosts: impl IntoIterator<Item = String>,
    ) -> Result<Self, AuthError> {
        Self::with_lookup(reach, trusted_hosts, Arc::new(SystemLookup))
    }

    fn with_lookup(
        reach: Reach,
        trusted_hosts: impl IntoIterator<Item = String>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, AuthError> {
        let rules = Rules {
            reach,
            trusted: Arc::new(trusted_hosts.into_iter().map(|host| plain(&host)).collect()),
        };
        let guard = Guard {
            rules: rules.clone(),
            lookup,
        };
        let client = reqwest::Client::builder()
            .dns_resolver(guard)
            // A proxy would resolve the name once more, unchecked.
            .no_proxy()
            .redirect(Policy::none())
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| AuthError::Unavailable {
                detail: format!("http client: {error}"),
            })?;
        Ok(Self { client, rules })
    }

    /// Sends a request and reads the whole answer, whatever its status. A `GET` follows up to three redirects; to
    /// another origin it goes without `Authorization` and cookies. Other methods get the redirect as their answer.
    ///
    /// # Errors
    /// There is no answer that may be read.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        tokio::time::timeout(DEADLINE, self.follow(request))
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }

    async fn follow(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        let (head, body) = request.into_parts();
        let mut headers = head.headers;
        // It follows from the address, anew for each redirect.
        headers.remove(HOST);
        for secret in SECRETS {
            if let Some(value) = headers.get_mut(secret) {
                value.set_sensitive(true);
            }
        }
        let mut url = Url::parse(&head.uri.to_string()).map_err(|_| refused("not an address"))?;
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let mut request = reqwest::Request::new(head.method.clone(), url.clone());
            *request.headers_mut() = headers.clone();
            if !body.is_empty() {
                *request.body_mut() = Some(body.clone().into());
            }
            let response = self.client.execute(request).await.map_err(broken)?;
            let Some(next) = redirect(&head.method, &url, &response)? else {
                return read(response).await;
            };
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(refused("a redirect away from https"));
            }
            if next.origin() != url.origin() {
                for secret in SECRETS {
                    headers.remove(secret);
                }
            }
            url = next;
        }
        Err(refused("too many redirects"))
    }

    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host().ok_or(refused("an address without a host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("an address with a user or a password"));
        }
        let trusted = self.rules.trusts(&host.to_string());
        match url.scheme() {
            "https" => {}
            "http" if trusted || is_loopback(&host) => {}
            "http" => return Err(refused("an address without https")),
            _ => return Err(refused("neither http nor https")),
        }
        let literal = match host {
            // The resolver checks what the name stands for.
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::V4(address),
            Host::Ipv6(address) => IpAddr::V6(address),
        };
        if trusted {
            return Ok(());
        }
        address::check(literal, self.rules.reach).map_err(refused)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => plain(name) == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn redirect(
    method: &Method,
    from: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, FetchError> {
    let moved = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !moved || method != Method::GET {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = location.to_str().ok();
    location
        .and_then(|location| from.join(location).ok())
        .map(Some)
        .ok_or(refused("a redirect to something that is no address"))
}

async fn read(mut response: reqwest::Response) -> Result<Response<Bytes>, FetchError> {
    let announced = response.content_length().unwrap_or_default();
    if usize::try_from(announced).map_or(true, |bytes| bytes > MAX_BODY_BYTES) {
        return Err(FetchError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len().saturating_add(chunk.len()) > MAX_BODY_BYTES {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = Response::new(body.freeze());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    Ok(answer)
}

fn refused(reason: &'static str) -> FetchError {
    FetchError::Refused { reason }
}

fn broken(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TimedOut;
    }
    // The address may have a secret in its query.
    let error = error.without_url();
    let mut detail = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(RefusedAddress(reason)) = inner.downcast_ref() {
            return refused(reason);
        }
        detail = format!("{detail}: {inner}");
        source = inner.source();
    }
    FetchError::Unreachable { detail }
}
