//! What the pages do by which a user connects an account: confirm, set out, come back, disconnect.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use frontdesk_identity::{Scope, Secret};
use serde_json::Value;
use url::Url;

use super::callback::Callback;
use super::links::{CLIENT_DOCUMENT_PATH, Ticket};
use super::pkce::sha256;
use super::{Begun, Challenge, Granted, OAuth, Pending, SetOut, Wanted};
use crate::outgoing::OutgoingError;

/// The servers that accounts can be connected with.
#[derive(Debug, Clone, Default)]
pub struct Connect {
    servers: BTreeMap<String, OAuth>,
}

/// What a confirmation page says: you are about to connect this server for this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connecting {
    /// The server's name.
    pub server: String,
    /// The user: the id, the tenant where it has a name, and the name that they go by, in quotes.
    pub user: String,
    /// Whose tokens will be stored; where the browser is signed in, it must be as them.
    pub owner: Scope,
}

/// A user who sets out. Its `Debug` shows where to, not what they take along.
pub struct Started {
    /// Where their browser goes.
    pub url: Url,
    /// What their browser must bring back, in a cookie that scripts can't read (`HttpOnly`, `SameSite=Lax`, 10 minutes):
    /// so that nobody is made to finish what another began.
    pub browser: Secret,
}

/// An account that was connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Whose it is.
    pub owner: Scope,
    /// The server's name.
    pub server: String,
}

/// Why an account isn't connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The link or the answer can't be used (any more); the chat gives a new one. The text is for the user.
    #[error("{reason}")]
    Link {
        /// Why.
        reason: &'static str,
    },
    /// The user said no.
    #[error("you didn't allow it")]
    Declined,
    /// It doesn't work.
    #[error("connecting failed")]
    Failed(#[from] OutgoingError),
}

impl Connect {
    /// For these servers, each by its name.
    pub fn new(servers: impl IntoIterator<Item = OAuth>) -> Self {
        let named = |server: OAuth| (server.server().name.clone(), server);
        Self {
            servers: servers.into_iter().map(named).collect(),
        }
    }

    /// Their names.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.servers.keys().map(String::as_str)
    }

    /// What a link is for.
    pub fn connecting(&self, ticket: &str) -> Result<Connecting, ConnectError> {
        let (_, ticket) = self.ticket(ticket)?;
        Ok(Connecting {
            server: ticket.server,
            user: ticket.label,
            owner: ticket.owner,
        })
    }

    /// Begins what a link is for, after the user has confirmed it on our own page: the request must be a `POST` whose
    /// `Origin` is ours. Otherwise another site could make a browser set out for somebody else's account.
    pub async fn start(&self, ticket: &str) -> Result<Started, ConnectError> {
        let (server, ticket) = self.ticket(ticket)?;
        let earlier = server.stored(&ticket.owner).await?;
        let granted = earlier.as_ref().map(|tokens| Granted {
            issuer: tokens.issuer(),
            scopes: tokens.scopes(),
        });
        let told = Challenge {
            resource_metadata: ticket.resource_metadata,
            scopes: ticket.scopes,
        };
        let links = server.links();
        let Begun { url, pending } = server
            .authorizer()
            .begin(&Wanted {
                server: &server.server().url,
                challenge: (told != Challenge::default()).then_some(&told),
                scopes: &server.server().scopes,
                granted,
                redirect_uri: &links.callback(&ticket.server)?,
            })
            .await?;
        let journey = SetOut {
            server: ticket.server.clone(),
            state_hash: sha256(pending.state().expose()),
            sealed: pending.seal(&links.seal, &ticket.owner, &ticket.server)?,
            expires_at: pending.expires_at(),
        };
        let browser = browser_secret(&pending);
        server.vault().set_out(&ticket.owner, journey).await?;
        Ok(Started { url, browser })
    }

    /// Finishes with the query that the browser came back with, at this server's own address, and the cookie that it
    /// brought. Works once.
    pub async fn callback(
        &self,
        server: &str,
        query: &str,
        browser: Option<&str>,
    ) -> Result<Connected, ConnectError> {
        let answer = Callback::read(query)?;
        let state = answer.state.as_ref().ok_or(UNKNOWN)?;
        let vault = self.servers.values().next().ok_or(UNKNOWN)?.vault();
        let back = vault.take(&sha256(state.expose())).await?.ok_or(UNKNOWN)?;
        // Whoever set out for one server and comes back at another's address has another issuer's answer.
        if back.server != server {
            return Err(UNKNOWN);
        }
        let server = self.servers.get(&back.server).ok_or(UNKNOWN)?;
        let seal = &server.links().seal;
        let pending =
            Pending::open(seal, &back.owner, &back.server, &back.sealed).ok_or(UNKNOWN)?;
        let expected = browser_secret(&pending);
        let brought = browser.unwrap_or_default().as_bytes();
        if verify_slices_are_equal(brought, expected.expose().as_bytes()).is_err() {
            return Err(ConnectError::Link {
                reason: "this was begun in another browser",
            });
        }
        let declined = answer.is_declined();
        match server.connect(back.owner.clone(), pending, answer).await {
            Ok(()) => Ok(Connected {
                owner: back.owner,
                server: back.server,
            }),
            Err(OutgoingError::Expired) => Err(UNKNOWN),
            Err(OutgoingError::Refused { .. }) if declined => Err(ConnectError::Declined),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a user's tokens up. `false` if there is no such server.
    pub async fn disconnect(&self, owner: &Scope, server: &str) -> Result<bool, OutgoingError> {
        match self.servers.get(server) {
            Some(server) => server.disconnect(owner.clone()).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Our client metadata document, for [`CLIENT_DOCUMENT_PATH`].
    pub fn client_document(&self) -> Result<Option<Value>, OutgoingError> {
        let Some(server) = self.servers.values().next() else {
            return Ok(None);
        };
        let links = server.links();
        let address = links.at(CLIENT_DOCUMENT_PATH)?;
        let back: Result<Vec<Url>, _> = self.servers().map(|name| links.callback(name)).collect();
        let client = server.authorizer().client();
        Ok(Some(client.document(&address, &back?)))
    }

    fn ticket(&self, text: &str) -> Result<(&OAuth, Ticket), ConnectError> {
        let links = self.servers.values().next().ok_or(UNKNOWN)?.links();
        let ticket = links.ticket(text).ok_or(UNKNOWN)?;
        let server = self.servers.get(&ticket.server).ok_or(UNKNOWN)?;
        Ok((server, ticket))
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

const UNKNOWN: ConnectError = ConnectError::Link {
    reason: "this link has run out or was used already; ask for a new one in the chat",
};

/// Follows from the verifier by a hash, so nothing more need be kept; and says nothing about it.
fn browser_secret(pending: &Pending) -> Secret {
    let hash = sha256(&format!("browser of {}", pending.0.verifier.expose()));
    Secret::new(hash.map(|byte| format!("{byte:02x}")).concat())
}
