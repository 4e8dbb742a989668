//! Who asks too often is told when to come back: per address before sign-in, per user after it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use frontdesk_auth::incoming::Network;
use frontdesk_clock::Clock;
use frontdesk_identity::{Principal, Scope};

use super::{App, HttpError};
use crate::config::{AuthMode, AuthSection, LimitsSection};
use crate::rate::Rate;

/// Where proxies write whom they speak for, the nearest last.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The bits of an IPv6 address that name the subscriber; the rest is theirs to choose.
const SUBSCRIBER: u128 = u128::MAX << 64;

/// The limits that count requests. What is `None` isn't limited.
#[derive(Debug)]
pub(crate) struct Limits {
    per_user: Option<Rate<Scope>>,
    per_address: Option<Rate<Option<IpAddr>>>,
    /// Whose word about addresses counts.
    proxies: Vec<Network>,
    clock: Arc<dyn Clock>,
}

impl Limits {
    pub(crate) fn new(limits: &LimitsSection, auth: &AuthSection, clock: Arc<dyn Clock>) -> Self {
        let proxies = match &auth.mode.value {
            AuthMode::TrustedProxy(proxy) => proxy.peers.value.clone(),
            AuthMode::Development | AuthMode::Jwt(_) | AuthMode::ApiKey => Vec::new(),
        };
        let requests = limits.requests_per_minute.as_ref();
        let from_address = limits.requests_per_minute_per_address.as_ref();
        Self {
            per_user: requests.map(|limit| Rate::per_minute(limit.value)),
            per_address: from_address.map(|limit| Rate::per_minute(limit.value)),
            proxies,
            clock,
        }
    }

    /// Counts a request of this user.
    pub(crate) fn of_user(&self, principal: &Principal) -> Result<(), HttpError> {
        let Some(rate) = &self.per_user else {
            return Ok(());
        };
        rate.take(principal.scope(), self.now())
            .map_err(|wait| HttpError::too_many("you ask too often", wait))
    }

    fn of_address(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Result<(), HttpError> {
        let Some(rate) = &self.per_address else {
            return Ok(());
        };
        let address = peer.map(|peer| self.asking(headers, peer.ip()));
        rate.take(address.map(subscriber), self.now())
            .map_err(|wait| HttpError::too_many("too many requests come from this address", wait))
    }

    /// Who is behind the proxies: the nearest address that isn't one of them.
    fn asking(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let is_proxy = |address: IpAddr| self.proxies.iter().any(|proxy| proxy.contains(address));
        let mut nearest = peer;
        let lines = headers.get_all(FORWARDED_FOR).iter();
        let mut hops: Vec<&str> = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .collect();
        while is_proxy(nearest) {
            match hops.pop().and_then(address) {
                Some(before) => nearest = before,
                None => break,
            }
        }
        nearest
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}

/// Counts a request that may need sign-in, before anything else is done about it.
pub(crate) async fn per_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| *peer);
    match app.limits.of_address(request.headers(), peer) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// An address as proxies write it, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

/// Whom an address stands for: itself, or with IPv6 everything of its subscriber.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & SUBSCRIBER)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use frontdesk_clock::SystemClock;

    use super::*;

    #[test]
    fn the_nearest_address_that_is_no_trusted_proxy_is_who_asks() {
        let limits = Limits {
            per_user: None,
            per_address: None,
            proxies: vec!["10.0.0.0/8".parse().unwrap()],
            clock: Arc::new(SystemClock),
        };
        let cases: &[(&str, &[&str], &str)] = &[
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
            (
                "10.0.0.1",
                &["198.51.100.1", "203.0.113.9:5000"],
                "203.0.113.9",
            ),
            ("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("203.0.113.1", &["198.51.100.1"], "203.0.113.1"),
        ];
        for (peer, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
            }
            let found = limits.asking(&headers, peer.parse().unwrap());
            assert_eq!(found.to_string(), *expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn an_ipv6_subscriber_is_one() {
        let of = |address: &str| subscriber(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
    }
}
