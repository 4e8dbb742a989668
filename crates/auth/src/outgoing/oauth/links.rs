//! The links by which a user connects an account: a sealed ticket says who, with which server, for which rights.

use std::sync::Arc;

use frontdesk_clock::Clock;
use frontdesk_identity::{MAX_ID_BYTES, Principal, Scope, TenantId};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Challenge;
use crate::outgoing::seal::Sealed;
use crate::outgoing::{OutgoingError, Seal};

/// Where, under the public address, browsers come back to: at this path with the server's name behind it. Each server has
/// an address of its own, so that what one issuer answers is never taken for another's
/// ([RFC 9700](https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2.2)).
pub const CALLBACK_PATH: &str = "connect/callback";
/// Where, under the public address, the client metadata document is.
pub const CLIENT_DOCUMENT_PATH: &str = "connect/client.json";
/// How long a link holds, in seconds.
const TICKET_SECONDS: i64 = 600;
/// The longest name that a confirmation page shows, in letters.
const MAX_NAME_CHARS: usize = 100;

/// Makes links and reads them.
#[derive(Debug, Clone)]
pub(super) struct Links {
    pub(super) public_url: Url,
    pub(super) seal: Arc<Seal>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) owner: Scope,
    pub(super) server: String,
    /// The user as a page names them.
    pub(super) label: String,
    pub(super) scopes: Vec<String>,
    pub(super) resource_metadata: Option<String>,
    pub(super) expires_at: i64,
}

impl Links {
    /// A link for this user and server: `<public address>/connect/<server>?ticket=…`.
    pub(super) fn link(
        &self,
        user: &Principal,
        server: &str,
        challenge: &Challenge,
    ) -> Result<String, OutgoingError> {
        let ticket = Ticket {
            owner: user.scope(),
            server: server.to_owned(),
            label: label(user),
            scopes: challenge.scopes.clone(),
            resource_metadata: challenge.resource_metadata.clone(),
            expires_at: self.now().saturating_add(TICKET_SECONDS),
        };
        let mut url = self.at_server("connect", server)?;
        let ticket = self.seal.seal_text(Sealed::Ticket, &ticket)?;
        url.query_pairs_mut().append_pair("ticket", &ticket);
        Ok(url.into())
    }

    /// What a ticket says; `None` where it isn't ours or has run out.
    pub(super) fn ticket(&self, text: &str) -> Option<Ticket> {
        let ticket: Ticket = self.seal.open_text(Sealed::Ticket, text)?;
        (ticket.expires_at > self.now()).then_some(ticket)
    }

    /// Where the browser comes back to from this server's issuer.
    pub(super) fn callback(&self, server: &str) -> Result<Url, OutgoingError> {
        self.at_server(CALLBACK_PATH, server)
    }

    fn at_server(&self, path: &str, server: &str) -> Result<Url, OutgoingError> {
        let mut url = self.at(path)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(server);
        }
        Ok(url)
    }

    /// An address under the public one.
    pub(super) fn at(&self, path: &str) -> Result<Url, OutgoingError> {
        let mut base = self.public_url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let prefix = base.path().trim_end_matches('/').to_owned();
        base.set_path(&format!("{prefix}/{path}"));
        if base.has_host() {
            Ok(base)
        } else {
            Err(OutgoingError::refused("our own address isn't one"))
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }
}

/// The user as a page names them: by the id, which is theirs alone, then by the name, which they may have chosen so that
/// it reads like somebody else's.
fn label(user: &Principal) -> String {
    let id = user.user.as_str();
    let mut whose = shown(id, MAX_ID_BYTES);
    if user.tenant != TenantId::single() {
        whose = format!("{whose} of {}", shown(user.tenant.as_str(), MAX_ID_BYTES));
    }
    let name = user.name.as_deref().or(user.email.as_deref());
    match name.filter(|name| *name != id) {
        Some(name) => {
            let name = shown(name, MAX_NAME_CHARS).replace('"', "'");
            format!("{whose} (\"{name}\")")
        }
        None => whose,
    }
}

/// A text with a mark for each letter that isn't seen, or that moves others.
fn shown(text: &str, most: usize) -> String {
    let hides = |letter: char| {
        letter.is_control()
            || matches!(
                letter,
                '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
            )
            || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let letters = text.chars().take(most);
    letters
        .map(|letter| if hides(letter) { '\u{fffd}' } else { letter })
        .collect()
}
