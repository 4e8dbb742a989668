//! Fetches an issuer's key set, from where it is configured or from where the issuer's metadata says.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::key_set::KeySet;
use crate::GuardedHttp;

/// How long a fetch may take in all, with its metadata.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long keys are fresh where the issuer doesn't say.
const DEFAULT_FRESH: Duration = Duration::from_mins(10);
const MIN_FRESH: Duration = Duration::from_mins(1);
const MAX_FRESH: Duration = Duration::from_hours(1);

/// From where a key set is fetched.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) http: GuardedHttp,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Place {
    Known(Url),
    /// Where the metadata of this issuer says.
    Discovered {
        issuer: String,
        address: Url,
    },
}

/// Keys, and how long they are fresh.
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    pub(super) fresh: Duration,
}

/// The authorization server's metadata, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl Source {
    /// The keys as they are now.
    ///
    /// # Errors
    /// What failed, for the operator's log.
    pub(super) async fn fetch(&self) -> Result<Fetched, String> {
        tokio::time::timeout(DEADLINE, self.fetch_keys())
            .await
            .unwrap_or_else(|_| Err("timed out".to_owned()))
    }

    async fn fetch_keys(&self) -> Result<Fetched, String> {
        let discovered;
        let address = match &self.place {
            Place::Known(address) => address,
            Place::Discovered { issuer, address } => {
                discovered = self.discover(issuer, address).await?;
                &discovered
            }
        };
        let answer = self.get(address).await?;
        let keys = KeySet::parse(answer.body()).map_err(|error| format!("{address}: {error}"))?;
        Ok(Fetched {
            keys,
            fresh: fresh(answer.headers()),
        })
    }

    async fn discover(&self, issuer: &str, address: &Url) -> Result<Url, String> {
        let openid = with_path(
            address,
            &format!(
                "{}/.well-known/openid-configuration",
                address.path().trim_end_matches('/')
            ),
        );
        let oauth = with_path(
            address,
            &format!(
                "/.well-known/oauth-authorization-server{}",
                address.path().trim_end_matches('/')
            ),
        );
        match self.metadata(issuer, &openid).await {
            Ok(keys) => Ok(keys),
            Err(first) => self
                .metadata(issuer, &oauth)
                .await
                .map_err(|second| format!("{first}; {second}")),
        }
    }

    async fn metadata(&self, issuer: &str, address: &Url) -> Result<Url, String> {
        let answer = self.get(address).await?;
        let metadata: Metadata = frontdesk_json::read_as(answer.body())
            .map_err(|error| format!("{address}: {error}"))?;
        if metadata.issuer != issuer {
            return Err(format!("{address}: it is of another issuer"));
        }
        key_set(address, &metadata.jwks_uri)
            .map_err(|detail| format!("{address}: its key set: {detail}"))
    }

    async fn get(&self, address: &Url) -> Result<Response<Bytes>, String> {
        let failed = |detail: &dyn std::fmt::Display| format!("{address}: {detail}");
        let request = Request::get(address.as_str())
            .header(ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| failed(&error))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| failed(&error))?;
        if answer.status() == StatusCode::OK {
            Ok(answer)
        } else {
            Err(failed(&answer.status()))
        }
    }
}

/// The address of a key set, as metadata at another address names it. Whoever can change what goes over plain HTTP
/// could sign tokens, so that is for issuers alone that are asked that way themselves.
fn key_set(metadata: &Url, named: &str) -> Result<Url, String> {
    let keys = Url::parse(named).map_err(|error| error.to_string())?;
    if metadata.scheme() == "https" && keys.scheme() != "https" {
        return Err("it isn't https".to_owned());
    }
    Ok(keys)
}

fn with_path(address: &Url, path: &str) -> Url {
    let mut address = address.clone();
    address.set_path(path);
    address.set_query(None);
    address.set_fragment(None);
    address
}

/// How long an answer may be kept ([RFC 9111](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2)), within bounds.
fn fresh(headers: &HeaderMap) -> Duration {
    let directives = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let mut fresh = DEFAULT_FRESH;
    for directive in directives {
        if directive == "no-store" || directive == "no-cache" {
            return MIN_FRESH;
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            fresh = Duration::from_secs(seconds.parse().unwrap_or_default());
        }
    }
    fresh.clamp(MIN_FRESH, MAX_FRESH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_where_their_issuer_does() {
        for (metadata, keys, taken) in [
            ("https://sso.example", "https://keys.example/set", true),
            ("https://sso.example", "http://sso.example/set", false),
            ("https://sso.example", "file:///set", false),
            ("https://sso.example", "/set", false),
            ("http://sso.internal", "http://sso.internal/set", true),
        ] {
            let found = key_set(&metadata.parse().unwrap(), keys);
            assert_eq!(found.is_ok(), taken, "{metadata} {keys}");
        }
    }

    #[test]
    fn keys_are_kept_as_long_as_the_issuer_says_within_bounds() {
        for (value, seconds) in [
            (None, 600),
            (Some("public"), 600),
            (Some("public, max-age=300"), 300),
            (Some("max-age=0"), 60),
            (Some("max-age=86400"), 3_600),
            (Some("max-age=soon"), 60),
            (Some("max-age=300, no-store"), 60),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(CACHE_CONTROL, value.parse().unwrap());
            }
            assert_eq!(fresh(&headers).as_secs(), seconds, "{value:?}");
        }
    }
}
