//! Tells clients that something changed: to those that listen, at this process.

use std::sync::Arc;

use frontdesk_identity::Scope;
use tokio::sync::broadcast::{self, Receiver, Sender};

/// How many changes a slow client may be behind before it is told that everything changed.
const CAPACITY: usize = 256;

/// Tells listening clients what changed. Clones share their listeners.
///
/// As an argument of a function it tells the caller's own clients alone, for what a call changes is mostly the caller's;
/// [`Notifier::everyone`] tells all. The server's own ([`ToolServer::notifier`](crate::ToolServer::notifier)) tells all.
///
/// It reaches the clients that listen at this process; where several run, each of them has to be told.
#[derive(Debug, Clone)]
pub struct Notifier {
    changes: Sender<Change>,
    audience: Option<Scope>,
}

#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) what: What,
    /// Who may know; `None` for everyone.
    audience: Option<Scope>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    Tools,
    Prompts,
    Resources,
    Resource(Arc<str>),
}

impl Change {
    pub(crate) fn concerns(&self, listener: &Scope) -> bool {
        self.audience
            .as_ref()
            .is_none_or(|audience| audience == listener)
    }
}

impl Default for Notifier {
    fn default() -> Self {
        Self {
            changes: broadcast::channel(CAPACITY).0,
            audience: None,
        }
    }
}

impl Notifier {
    /// A notifier of its own, for state that is made before its server; see [`ToolServer::with_notifier`].
    ///
    /// [`ToolServer::with_notifier`]: crate::ToolServer::with_notifier
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, but only for clients that this user has signed in. Changes of a user's own data need it.
    #[must_use]
    pub fn only(&self, audience: Scope) -> Self {
        Self {
            changes: self.changes.clone(),
            audience: Some(audience),
        }
    }

    /// The same, for the clients of all users.
    #[must_use]
    pub fn everyone(&self) -> Self {
        Self {
            changes: self.changes.clone(),
            audience: None,
        }
    }

    /// What is at this address has changed.
    pub fn resource_updated(&self, uri: &str) {
        self.tell(What::Resource(uri.into()));
    }

    /// There are other tools than before.
    pub fn tools_changed(&self) {
        self.tell(What::Tools);
    }

    /// There are other prompts than before.
    pub fn prompts_changed(&self) {
        self.tell(What::Prompts);
    }

    /// There are other resources than before.
    pub fn resources_changed(&self) {
        self.tell(What::Resources);
    }

    pub(crate) fn listen(&self) -> Receiver<Change> {
        self.changes.subscribe()
    }

    fn tell(&self, what: What) {
        let audience = self.audience.clone();
        // Without a listener there is nobody to tell.
        let _ = self.changes.send(Change { what, audience });
    }
}
