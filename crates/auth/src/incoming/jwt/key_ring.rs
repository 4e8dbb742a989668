//! The issuer's keys as they are held here: fetched when needed, renewed while requests go on, used for a bounded time
//! while the issuer is down. However many requests ask, one fetch is under way at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_clock::Clock;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::key_set::KeySet;
use super::source::{Fetched, Source};
use crate::AuthError;

/// How long after a fetch for an unknown key the next one may be made, in seconds. Whoever sends tokens can make up key
/// ids.
const UNKNOWN_KEY_SECONDS: i64 = 30;
/// How long after a failed fetch the next one is made, in seconds.
const RETRY_SECONDS: i64 = 5;

/// Holds the keys of one issuer.
pub(super) struct KeyRing(Ring);

enum Ring {
    Fixed(Arc<KeySet>),
    Fetched(Fetching),
}

struct Fetching {
    shared: Arc<Shared>,
    /// Fetches end with the ring.
    tasks: Mutex<JoinSet<()>>,
}

struct Shared {
    source: Source,
    clock: Arc<dyn Clock>,
    /// How long keys are used after they should have been renewed, in seconds.
    stale: i64,
    state: Mutex<State>,
    /// Changes with each fetch that ends.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// What the last fetch failed with.
    failure: Option<String>,
    under_way: bool,
    tried: Option<i64>,
    tried_for_unknown: Option<i64>,
}

struct Held {
    keys: Arc<KeySet>,
    since: i64,
    fresh_until: i64,
}

/// A fetch that is under way; however it ends, those who wait for it go on.
struct Flight(Arc<Shared>);

impl KeyRing {
    pub(super) fn fixed(keys: KeySet) -> Self {
        Self(Ring::Fixed(Arc::new(keys)))
    }

    pub(super) fn fetching(source: Source, stale: Duration, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            source,
            clock,
            stale: i64::try_from(stale.as_secs()).unwrap_or(i64::MAX),
            state: Mutex::default(),
            ended: watch::Sender::new(0),
        };
        Self(Ring::Fetched(Fetching {
            shared: Arc::new(shared),
            tasks: Mutex::default(),
        }))
    }

    /// The keys to check tokens with. Where they should be renewed, that is begun, and these are used meanwhile.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`]: there are none, or too old ones, and the issuer doesn't give any.
    pub(super) async fn current(&self) -> Result<Arc<KeySet>, AuthError> {
        match &self.0 {
            Ring::Fixed(keys) => Ok(Arc::clone(keys)),
            Ring::Fetched(fetching) => fetching.current().await,
        }
    }

    /// The keys, fetched anew because a token names a key that these don't have; the same ones where that was done a
    /// moment ago.
    ///
    /// # Errors
    /// [`AuthError::Unavailable`]: the issuer is down, so nobody can tell whether it has such a key.
    pub(super) async fn renewed(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, AuthError> {
        match &self.0 {
            Ring::Fixed(keys) => Ok(Arc::clone(keys)),
            Ring::Fetched(fetching) => fetching.renewed(known).await,
        }
    }
}

impl Fetching {
    async fn current(&self) -> Result<Arc<KeySet>, AuthError> {
        let now = self.shared.now();
        let (ended, flight, usable) = {
            let mut state = self.shared.lock();
            let ended = self.shared.ended.subscribe();
            let (usable, fresh) = (state.usable(now, self.shared.stale), state.is_fresh(now));
            let due = !fresh && !state.under_way && !is_recent(state.tried, RETRY_SECONDS, now);
            let flight = due.then(|| self.flight(&mut state, now));
            if usable.is_none() && !state.under_way {
                return Err(state.unavailable());
            }
            (ended, flight, usable)
        };
        self.begin(flight, now);
        if let Some(keys) = usable {
            return Ok(keys);
        }
        wait(ended).await;
        let state = self.shared.lock();
        state
            .usable(self.shared.now(), self.shared.stale)
            .ok_or_else(|| state.unavailable())
    }

    async fn renewed(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, AuthError> {
        let now = self.shared.now();
        let (ended, flight) = {
            let mut state = self.shared.lock();
            let ended = self.shared.ended.subscribe();
            match &state.held {
                Some(held) if held.keys.version != known.version => {
                    return Ok(Arc::clone(&held.keys));
                }
                _ => {}
            }
            if state.under_way {
                (ended, None)
            } else if is_recent(state.tried_for_unknown, UNKNOWN_KEY_SECONDS, now) {
                return state.known_or_unavailable(known);
            } else {
                state.tried_for_unknown = Some(now);
                (ended, Some(self.flight(&mut state, now)))
            }
        };
        self.begin(flight, now);
        wait(ended).await;
        let state = self.shared.lock();
        let newest = state.held.as_ref().map_or(known, |held| &held.keys);
        state.known_or_unavailable(newest)
    }

    /// Marks a fetch as under way, which it is until the flight is dropped.
    fn flight(&self, state: &mut State, now: i64) -> Flight {
        state.under_way = true;
        state.tried = Some(now);
        Flight(Arc::clone(&self.shared))
    }

    /// Begins a fetch. It goes on when the request that began it goes away. The state mustn't be locked: a runtime that
    /// shuts down drops what it is given at once, and the flight locks the state when it is dropped.
    fn begin(&self, flight: Option<Flight>, now: i64) {
        let Some(flight) = flight else {
            return;
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let fetched = flight.0.source.fetch().await;
            flight.0.lock().take(fetched, now);
        });
    }
}

async fn wait(mut ended: watch::Receiver<u64>) {
    // The fetch has a deadline, and tells its end however it ends.
    let _gone = ended.changed().await;
}

impl Shared {
    fn now(&self) -> i64 {
        self.clock.now().as_second()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_fresh(&self, now: i64) -> bool {
        self.held
            .as_ref()
            .is_some_and(|held| (held.since..held.fresh_until).contains(&now))
    }

    fn usable(&self, now: i64, stale: i64) -> Option<Arc<KeySet>> {
        let held = self.held.as_ref()?;
        (now < held.fresh_until.saturating_add(stale)).then(|| Arc::clone(&held.keys))
    }

    fn known_or_unavailable(&self, known: &Arc<KeySet>) -> Result<Arc<KeySet>, AuthError> {
        match self.failure {
            None => Ok(Arc::clone(known)),
            Some(_) => Err(self.unavailable()),
        }
    }

    fn unavailable(&self) -> AuthError {
        let detail = self.failure.as_deref().unwrap_or("no answer");
        AuthError::Unavailable {
            detail: format!("the issuer's keys: {detail}"),
        }
    }

    fn take(&mut self, fetched: Result<Fetched, String>, now: i64) {
        match fetched {
            Ok(Fetched { keys, fresh }) => {
                let fresh = i64::try_from(fresh.as_secs()).unwrap_or_default();
                self.failure = None;
                self.held = Some(Held {
                    keys: Arc::new(keys),
                    since: now,
                    fresh_until: now.saturating_add(fresh),
                });
            }
            Err(detail) => {
                tracing::warn!(detail, "the issuer's keys can't be fetched");
                self.failure = Some(detail);
            }
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        // One step for all who look: whoever begins the next fetch is not woken by the end of this one.
        let mut state = self.0.lock();
        state.under_way = false;
        self.0.ended.send_modify(|ended| *ended += 1);
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ring::Fixed(_) => f.write_str("KeyRing(a secret)"),
            Ring::Fetched(fetching) => f
                .debug_tuple("KeyRing")
                .field(&fetching.shared.source.place)
                .finish(),
        }
    }
}

/// Whether something was done less than so many seconds ago. A clock that was set back makes nothing recent.
fn is_recent(since: Option<i64>, seconds: i64, now: i64) -> bool {
    since.is_some_and(|since| (0..seconds).contains(&now.saturating_sub(since)))
}
