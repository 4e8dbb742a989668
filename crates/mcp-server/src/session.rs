//! What one connection of the `initialize` era, or one request of the stateless era, remembers.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frontdesk_identity::Principal;
use rmcp::RoleServer;
use rmcp::service::{Peer, SubscriptionContext};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::catalogue::Subject;
use crate::core::Core;
use crate::line::Line;
use crate::log::SessionLevel;
use crate::notify::{Change, What};

/// How many addresses one session may follow.
const MAX_FOLLOWED: usize = 1_000;

/// How long the addresses that one session follows may be, together.
const MAX_FOLLOWED_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) level: Arc<SessionLevel>,
    followed: Arc<Mutex<BTreeSet<String>>>,
    /// Whether the session is told of changes already; a client may say as often as it likes that it is ready.
    forwards: AtomicBool,
    /// What changes while a `subscriptions/listen` is on its way to being acknowledged.
    early: Mutex<Option<Receiver<Change>>>,
    ended: CancellationToken,
    _end: DropGuard,
}

impl Default for Session {
    fn default() -> Self {
        let ended = CancellationToken::new();
        Self {
            level: Arc::default(),
            followed: Arc::default(),
            forwards: AtomicBool::new(false),
            early: Mutex::default(),
            _end: ended.clone().drop_guard(),
            ended,
        }
    }
}

impl Session {
    /// Follows an address; `None` where the session follows too many.
    pub(crate) fn follow(&self, uri: String) -> Option<()> {
        let mut followed = locked(&self.followed);
        if !followed.contains(&uri) {
            let addresses = followed.iter().chain([&uri]);
            if fitting(addresses.map(String::as_str)) <= followed.len() {
                return None;
            }
            followed.insert(uri);
        }
        Some(())
    }

    pub(crate) fn unfollow(&self, uri: &str) {
        let mut followed = locked(&self.followed);
        followed.remove(uri);
    }

    /// Hears changes from now on, for the subscription that is about to begin.
    pub(crate) fn hear(&self, changes: Receiver<Change>) {
        *self.early.lock().unwrap_or_else(PoisonError::into_inner) = Some(changes);
    }

    fn heard(&self) -> Option<Receiver<Change>> {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.take()
    }

    /// Tells a session of the `initialize` era what changed, until it ends.
    pub(crate) fn forward<S>(
        &self,
        core: &Arc<Core<S>>,
        caller: Arc<Principal>,
        peer: Peer<RoleServer>,
    ) where
        S: Clone + Send + Sync + 'static,
    {
        if self.forwards.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut changes = core.notifier.listen();
        let followed = Arc::clone(&self.followed);
        let ended = self.ended.clone();
        let core_of_task = Arc::clone(core);
        let _forwarding = core.tasks.spawn(async move {
            let core = core_of_task;
            let line = Line::Peer(peer);
            loop {
                let next = tokio::select! {
                    () = ended.cancelled() => return,
                    () = core.shutdown.cancelled() => return,
                    next = changes.recv() => next,
                };
                let all = match next {
                    Ok(change) if !change.concerns(&caller.scope()) => continue,
                    Ok(change) => vec![change.what],
                    Err(RecvError::Lagged(_)) => everything(&locked(&followed)),
                    Err(RecvError::Closed) => return,
                };
                for what in all {
                    if let What::Resource(uri) = &what {
                        let follows = locked(&followed).contains(uri.as_ref());
                        if !follows || core.hides(uri, &caller) {
                            continue;
                        }
                    }
                    tell(&line, &what).await;
                }
            }
        });
    }
}

fn locked(followed: &Mutex<BTreeSet<String>>) -> MutexGuard<'_, BTreeSet<String>> {
    followed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many of these addresses, from the first on, one session may follow.
pub(crate) fn fitting<'a>(addresses: impl Iterator<Item = &'a str>) -> usize {
    let mut bytes = 0_usize;
    addresses
        .take(MAX_FOLLOWED)
        .take_while(|address| {
            bytes = bytes.saturating_add(address.len());
            bytes <= MAX_FOLLOWED_BYTES
        })
        .count()
}

/// What a listener that was too slow is told.
fn everything(followed: &BTreeSet<String>) -> Vec<What> {
    let lists = [What::Tools, What::Prompts, What::Resources];
    let resources = followed
        .iter()
        .map(|uri| What::Resource(uri.as_str().into()));
    lists.into_iter().chain(resources).collect()
}

async fn tell(line: &Line, what: &What) {
    let (method, params) = match what {
        What::Tools => ("notifications/tools/list_changed", json!({})),
        What::Prompts => ("notifications/prompts/list_changed", json!({})),
        What::Resources => ("notifications/resources/list_changed", json!({})),
        What::Resource(uri) => (
            "notifications/resources/updated",
            json!({"uri": uri.as_ref()}),
        ),
    };
    line.notify(method, params).await;
}

impl<S: Clone + Send + Sync + 'static> Core<S> {
    fn hides(&self, uri: &str, caller: &Principal) -> bool {
        self.catalogue
            .lacking(Subject::Resource(uri), caller)
            .is_some()
    }

    /// Tells one `subscriptions/listen` what changed, until it or the server ends.
    pub(crate) async fn listen(
        &self,
        session: &Session,
        caller: &Principal,
        subscription: &SubscriptionContext,
    ) {
        let mut changes = session.heard().unwrap_or_else(|| self.notifier.listen());
        let sink = subscription.sink();
        let followed: BTreeSet<String> = subscription
            .accepted()
            .resource_subscriptions
            .iter()
            .flatten()
            .cloned()
            .collect();
        loop {
            let next = tokio::select! {
                () = subscription.cancelled() => return,
                () = self.shutdown.cancelled() => return,
                next = changes.recv() => next,
            };
            let all = match next {
                Ok(change) if !change.concerns(&caller.scope()) => continue,
                Ok(change) => vec![change.what],
                Err(RecvError::Lagged(_)) => everything(&followed),
                Err(RecvError::Closed) => return,
            };
            for what in all {
                // The sink refuses what the client didn't ask for.
                let sent = match what {
                    What::Tools => sink.notify_tool_list_changed().await,
                    What::Prompts => sink.notify_prompt_list_changed().await,
                    What::Resources => sink.notify_resource_list_changed().await,
                    What::Resource(uri) if self.hides(&uri, caller) => Ok(()),
                    What::Resource(uri) => sink.notify_resource_updated(uri.as_ref()).await,
                };
                if let Err(error) = sent {
                    tracing::trace!(%error, "a change was not sent");
                }
            }
        }
    }
}
