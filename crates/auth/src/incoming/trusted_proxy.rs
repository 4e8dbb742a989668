//! Sign-in by a proxy in front of us that has signed the user in and says so in headers. The headers count only from
//! the proxy's own addresses; whoever else sends them is nobody.

use std::net::SocketAddr;

use async_trait::async_trait;
use frontdesk_identity::{Principal, SignedIn, TenantId, UserId};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::headers::{Header, decoded, single_utf8};
use super::origin::{self, Silent};
use super::{Authenticator, Network};
use crate::AuthError;

/// How many roles are kept.
const MAX_ROLES: usize = 256;
/// The longest name, address or role that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 512;

/// Which proxies are trusted, and in which headers they say who is calling. Values may have characters beyond ASCII
/// percent-encoded; in those of the user and the tenant they must be.
#[derive(Debug, Clone)]
pub struct TrustedProxy {
    /// From where requests are taken.
    pub peers: Vec<Network>,
    /// Names the user; a request without it is refused.
    pub user: HeaderName,
    /// Names the tenant. Where it is set, a request without it is refused; where not, all users are of one tenant.
    pub tenant: Option<HeaderName>,
    /// The name to show.
    pub name: Option<HeaderName>,
    /// The mail address.
    pub email: Option<HeaderName>,
    /// Roles, with commas between them.
    pub roles: Option<HeaderName>,
    /// Origins whose pages may call us, besides our own; as browsers send them.
    pub allowed_origins: Vec<String>,
}

impl TrustedProxy {
    /// The principal of a request; a pure function of its head and its peer.
    ///
    /// # Errors
    /// [`AuthError::Unauthenticated`]: not from a trusted peer, no user, a header that appears twice;
    /// [`AuthError::Forbidden`]: from another site's page.
    pub fn principal(
        &self,
        parts: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<Principal, AuthError> {
        let peer = peer.ok_or(refused(
            "the peer's address is unknown: serve with connect info, so that proxies can be told",
        ))?;
        if !self.peers.iter().any(|known| known.contains(peer.ip())) {
            return Err(refused("not from a trusted proxy"));
        }
        // The proxy's session signs in whatever the browser sends, so other sites' pages must be kept out.
        origin::check(parts, &self.allowed_origins, Silent::Allowed)?;
        let headers = &parts.headers;
        let user = id(headers, &self.user)?;
        let user = UserId::new(user).map_err(|_| refused("a user that can't be"))?;
        let tenant = match &self.tenant {
            None => TenantId::single(),
            Some(name) => {
                TenantId::new(id(headers, name)?).map_err(|_| refused("a tenant that can't be"))?
            }
        };
        let mut principal = Principal::new(tenant, user);
        principal.name = text(headers, self.name.as_ref())?.filter(|name| fits(name));
        principal.email = text(headers, self.email.as_ref())?.filter(|email| fits(email));
        if let Some(roles) = text(headers, self.roles.as_ref())? {
            let roles = roles.split(',').map(str::trim);
            principal.roles = roles
                .filter(|role| !role.is_empty() && fits(role))
                .take(MAX_ROLES)
                .map(str::to_owned)
                .collect();
        }
        Ok(principal)
    }
}

#[async_trait]
impl Authenticator for TrustedProxy {
    async fn authenticate(
        &self,
        parts: &Parts,
        peer: Option<SocketAddr>,
    ) -> Result<SignedIn, AuthError> {
        self.principal(parts, peer).map(SignedIn::new)
    }
}

/// What tells users apart. If `é` could come both raw and encoded, a user whose name is literally `%C3%A9` could be
/// taken for another one; so it comes encoded only.
fn id(headers: &HeaderMap, name: &HeaderName) -> Result<String, AuthError> {
    let value =
        value(headers, name)?.ok_or(refused("a header that names the caller is missing"))?;
    if !value.is_ascii() {
        return Err(refused("a user or tenant that isn't percent-encoded"));
    }
    Ok(decoded(value).into_owned())
}

fn text(headers: &HeaderMap, name: Option<&HeaderName>) -> Result<Option<String>, AuthError> {
    let Some(name) = name else {
        return Ok(None);
    };
    Ok(value(headers, name)?.map(|value| decoded(value).into_owned()))
}

fn fits(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES
}

fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, AuthError> {
    match single_utf8(headers, name) {
        Header::Missing => Ok(None),
        Header::One(value) => Ok(Some(value.trim()).filter(|value| !value.is_empty())),
        Header::Unreadable => Err(refused("a header of the proxy's that appears twice")),
    }
}

fn refused(detail: &'static str) -> AuthError {
    AuthError::Unauthenticated { detail }
}
