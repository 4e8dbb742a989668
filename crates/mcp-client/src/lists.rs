//! The tool lists that are known: one for everybody where the server says so, else one for each user.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use rmcp::model::Tool;
use tokio::time::Instant;

use crate::McpServerConfig;
use crate::listing::{Listing, ordered};

/// How long a list is good for where the server doesn't say.
const FRESH: Duration = Duration::from_mins(5);
/// How long it is at most.
const MAX_FRESH: Duration = Duration::from_hours(1);
/// How many users' lists are kept.
const MAX_USERS: usize = 1_024;

/// What a server gave, and for whom and how long it is good.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) tools: Vec<Tool>,
    pub(crate) audience: Audience,
    pub(crate) fresh: Option<Duration>,
}

/// For whom a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Everybody,
    TheCaller,
}

/// The lists of one server.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    generation: AtomicU64,
    known: Mutex<Known>,
    /// Held while a list is fetched that may be everybody's.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    shared: Option<Kept>,
    users: HashMap<Scope, Kept>,
    last: Option<Arc<Listing>>,
}

#[derive(Debug, Clone)]
struct Kept {
    listing: Arc<Listing>,
    until: Instant,
    generation: u64,
}

impl Lists {
    /// What changes when the server says that its tools have changed; to be asked before they are fetched.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The right to fetch a list: of one at a time where it may be everybody's, so that many users fetch it once. Who has
    /// waited this long goes ahead without.
    pub(crate) async fn turn(&self, limit: Duration) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let is_each_ones = {
            let known = self.lock();
            known.shared.is_none() && !known.users.is_empty()
        };
        if is_each_ones {
            return None;
        }
        tokio::time::timeout(limit, self.fetching.lock()).await.ok()
    }

    /// All lists are out of date.
    pub(crate) fn changed(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// This user's list is out of date.
    pub(crate) fn forget(&self, owner: &Scope) {
        self.lock().users.remove(owner);
    }

    /// The list that is good for this user now.
    pub(crate) fn fresh(&self, owner: &Scope) -> Option<Arc<Listing>> {
        let (now, generation) = (Instant::now(), self.generation());
        let known = self.lock();
        let is_fresh = |kept: &&Kept| kept.until > now && kept.generation == generation;
        let own = known.users.get(owner).filter(is_fresh);
        own.or_else(|| known.shared.as_ref().filter(is_fresh))
            .map(|kept| Arc::clone(&kept.listing))
    }

    /// The list that this user had last, however old.
    pub(crate) fn latest(&self, owner: &Scope) -> Option<Arc<Listing>> {
        let known = self.lock();
        let kept = known.users.get(owner).or(known.shared.as_ref());
        kept.map(|kept| Arc::clone(&kept.listing))
    }

    pub(crate) fn keep(
        &self,
        owner: &Scope,
        fetched: Fetched,
        generation: u64,
        config: &McpServerConfig,
    ) -> Arc<Listing> {
        let now = Instant::now();
        let tools = ordered(fetched.tools);
        // Lists that are equal share their compiled schemas.
        let last = self.lock().last.clone();
        let same = last.filter(|last| last.has(&tools));
        let listing = same.unwrap_or_else(|| Arc::new(Listing::new(tools, config)));
        let mut known = self.lock();
        known.last = Some(Arc::clone(&listing));
        let kept = Kept {
            listing: Arc::clone(&listing),
            until: now + fetched.fresh.unwrap_or(FRESH).min(MAX_FRESH),
            generation,
        };
        match fetched.audience {
            Audience::Everybody => {
                known.users.remove(owner);
                known.shared = Some(kept);
            }
            Audience::TheCaller => {
                if known.users.len() >= MAX_USERS && !known.users.contains_key(owner) {
                    known.users.retain(|_, kept| kept.until > now);
                    let oldest = known.users.iter().min_by_key(|(_, kept)| kept.until);
                    let oldest = oldest.map(|(owner, _)| owner.clone());
                    if let Some(oldest) = oldest.filter(|_| known.users.len() >= MAX_USERS) {
                        known.users.remove(&oldest);
                    }
                }
                known.users.insert(owner.clone(), kept);
            }
        }
        listing
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
