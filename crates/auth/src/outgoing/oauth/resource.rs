//! What a tool server says about itself as a protected resource ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).

use serde::Deserialize;
use url::Url;

use crate::GuardedHttp;
use crate::outgoing::OutgoingError;
use crate::outgoing::document::{address, document, or_default};
use crate::outgoing::server_metadata::ServerMetadata;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
/// How many authorization servers a document may name.
const MAX_SERVERS: usize = 16;

/// A tool server as a protected resource, and who gives tokens for it.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    /// Its name, letter for letter as it publishes it.
    pub(super) id: String,
    /// The scopes that it says it knows.
    pub(super) scopes: Vec<String>,
    /// The authorization server.
    pub(super) issuer: ServerMetadata,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    resource: String,
    #[serde(default, deserialize_with = "or_default")]
    authorization_servers: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    scopes_supported: Vec<String>,
}

impl Resource {
    /// Finds out about a server: from where its challenge says, else at the well-known places, else, for servers of
    /// 2025-03-26, as if it were its own authorization server. `bound` is the one issuer that we may go to, if any.
    pub(super) async fn discover(
        http: &GuardedHttp,
        server: &Url,
        metadata: Option<&str>,
        bound: Option<&str>,
    ) -> Result<Self, OutgoingError> {
        let Some(found) = Metadata::find(http, server, metadata).await? else {
            return Self::without_metadata(http, server, bound).await;
        };
        if !names(&found.resource, server)? {
            return Err(OutgoingError::refused(
                "the protected resource's metadata names another resource",
            ));
        }
        let offered = found.authorization_servers.iter().take(MAX_SERVERS);
        let issuer = offered
            .into_iter()
            .find(|issuer| bound.is_none_or(|bound| bound == issuer.as_str()))
            .ok_or_else(|| OutgoingError::refused("no authorization server that we may go to"))?;
        let issuer = ServerMetadata::discover(http, issuer).await?;
        Ok(Self {
            id: found.resource,
            scopes: found.scopes_supported,
            issuer: issuer.ok_or_else(|| {
                OutgoingError::refused("the authorization server publishes no metadata")
            })?,
        })
    }

    async fn without_metadata(
        http: &GuardedHttp,
        server: &Url,
        bound: Option<&str>,
    ) -> Result<Self, OutgoingError> {
        let origin = server.origin().ascii_serialization();
        if bound.is_some_and(|bound| bound.trim_end_matches('/') != origin) {
            return Err(OutgoingError::refused(
                "no authorization server that we may go to",
            ));
        }
        let published = ServerMetadata::discover(http, &origin).await?;
        Ok(Self {
            id: canonical(server),
            scopes: Vec::new(),
            issuer: published.unwrap_or_else(|| ServerMetadata::by_default(&origin)),
        })
    }
}

impl Metadata {
    async fn find(
        http: &GuardedHttp,
        server: &Url,
        told: Option<&str>,
    ) -> Result<Option<Self>, OutgoingError> {
        if let Some(told) = told {
            let found = document(http, &address(told)?).await?;
            return found.map(Some).ok_or_else(|| {
                OutgoingError::refused("there is no metadata where the server says")
            });
        }
        let path = server.path().trim_end_matches('/');
        let mut places = vec![format!("{WELL_KNOWN}{path}")];
        if !path.is_empty() {
            places.push(WELL_KNOWN.to_owned());
        }
        for place in places {
            let mut url = server.clone();
            url.set_query(None);
            url.set_fragment(None);
            url.set_path(&place);
            if let Some(found) = document(http, &url).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// A server's address as a resource's name: without a fragment, without a slash alone at its end.
fn canonical(server: &Url) -> String {
    let mut url = server.clone();
    url.set_fragment(None);
    let text = url.to_string();
    match url.path() {
        "/" if url.query().is_none() => text.trim_end_matches('/').to_owned(),
        _ => text,
    }
}

/// Whether a resource's name names this server: its address, or one that the server's path goes on from. One name may
/// stand for all that is behind an origin, never for another origin.
pub(super) fn names(resource: &str, server: &Url) -> Result<bool, OutgoingError> {
    let resource = address(resource)?;
    if resource.origin() != server.origin() {
        return Ok(false);
    }
    if resource.query().is_some() {
        return Ok(resource.query() == server.query() && resource.path() == server.path());
    }
    let prefix = resource.path().trim_end_matches('/');
    let rest = server.path().strip_prefix(prefix);
    Ok(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
