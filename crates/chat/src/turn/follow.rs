//! Turns that other processes run, as this one reads them: one follower per turn, however many read it here.
//!
//! A follower reads the stored log. It looks when it is woken and, to be safe, from time to time by itself.

mod followed;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, Store, TurnId, Wakeups};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hub::Hub;
use super::stored::{StoredLog, StoredPage};
use crate::ChatError;

pub(super) use followed::{Followed, Found, Standing};

/// For how long it holds that somebody reads a turn here.
pub(crate) const NOTED_FOR: Duration = Duration::from_secs(6);

/// How often it is noted again.
const NOTE_EVERY: Duration = Duration::from_secs(2);

/// The wait before the next look, unless woken: the shortest, after something new, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long what is missing in the log is waited for before what comes after it is shown: longer than the store can take
/// for what is under way.
const GAP_PATIENCE: Duration = Duration::from_secs(20);

/// What reading the turns of other processes needs, and who is read here.
pub(crate) struct Followers {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) wakeups: Arc<dyn Wakeups>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tasks: TaskTracker,
    /// Cancelled when this process shuts down: its readers go elsewhere.
    pub(crate) closing: CancellationToken,
    read_here: Mutex<HashMap<(Scope, TurnId), ReadHere>>,
}

struct ReadHere {
    followed: Arc<Followed>,
    readers: usize,
}

/// One reader's share in a follower.
pub(super) struct Following {
    followers: Arc<Followers>,
    pub(super) followed: Arc<Followed>,
}

impl Followers {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        wakeups: Arc<dyn Wakeups>,
        hub: Arc<Hub>,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        let closing = CancellationToken::new();
        let passing = Arc::clone(&hub.bells).pass_on(wakeups.listen(), closing.clone());
        tasks.spawn(passing);
        Arc::new(Self {
            store,
            wakeups,
            hub,
            tasks,
            closing,
            read_here: Mutex::default(),
        })
    }

    fn read_here(&self) -> MutexGuard<'_, HashMap<(Scope, TurnId), ReadHere>> {
        self.read_here
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the turn with all others who read it here. The first one makes the follower.
    pub(super) fn join(self: &Arc<Self>, scope: &Scope, turn: &TurnId) -> Following {
        let mut read_here = self.read_here();
        let followed = match read_here.entry((scope.clone(), turn.clone())) {
            Entry::Occupied(mut entry) => {
                entry.get_mut().readers += 1;
                Arc::clone(&entry.get().followed)
            }
            Entry::Vacant(entry) => {
                let followed = Arc::new(Followed::new(scope.clone(), turn.clone()));
                entry.insert(ReadHere {
                    followed: Arc::clone(&followed),
                    readers: 1,
                });
                let following = Arc::clone(self).follow(Arc::clone(&followed));
                self.tasks.spawn(following);
                followed
            }
        };
        Following {
            followers: Arc::clone(self),
            followed,
        }
    }

    /// Follows a turn until it has ended, runs here, or nobody reads it here any more.
    async fn follow(self: Arc<Self>, followed: Arc<Followed>) {
        let standing = tokio::select! {
            () = followed.left.cancelled() => Standing::Ended,
            () = self.closing.cancelled() => Standing::Ended,
            standing = self.watch(&followed) => standing,
        };
        let key = (followed.scope.clone(), followed.turn.clone());
        if let Entry::Occupied(entry) = self.read_here().entry(key)
            && Arc::ptr_eq(&entry.get().followed, &followed)
        {
            entry.remove();
        }
        followed.settle(standing);
    }

    async fn watch(&self, followed: &Followed) -> Standing {
        let mut bell = self.hub.bells.of(&followed.turn);
        let mut round = Round::new();
        loop {
            match self.look(followed, &mut round).await {
                Ok(Standing::Running) => {}
                Ok(standing) => return standing,
                Err(error) => {
                    tracing::warn!(turn = %followed.turn, ?error, "a turn can't be read now");
                }
            }
            bell.wait(round.pause).await;
        }
    }

    /// One look at the store. Whether the turn still runs is asked only when its log has nothing new.
    async fn look(&self, followed: &Followed, round: &mut Round) -> Result<Standing, ChatError> {
        let (store, scope, turn) = (self.store.as_ref(), &followed.scope, &followed.turn);
        if self.hub.find(scope, turn).is_some() {
            return Ok(Standing::Here);
        }
        self.note(followed, round).await;
        let log = StoredLog { store, scope, turn };
        let mut has_grown = false;
        loop {
            let page = next_page(log, round, followed.last()).await?;
            let is_last = page.is_last;
            has_grown |= followed.extend(page.frames);
            if is_last {
                break;
            }
        }
        if has_grown {
            round.pause = FIRST_PAUSE;
            return Ok(Standing::Running);
        }
        round.pause = (round.pause * 2).min(LONGEST_PAUSE);
        match store.turn(scope, turn).await? {
            None => Ok(Standing::Gone),
            Some(record) if record.ended_at.is_none() => Ok(Standing::Running),
            Some(_) => loop {
                let page = log.page(followed.last()).await?;
                let is_last = page.is_last;
                followed.extend(page.frames);
                if is_last {
                    return Ok(Standing::Ended);
                }
            },
        }
    }

    /// Tells the process that runs the turn that it is read here, and the first time at once.
    async fn note(&self, followed: &Followed, round: &mut Round) {
        let is_due = |noted: Instant| noted.elapsed() >= NOTE_EVERY;
        if !round.noted.is_none_or(is_due) {
            return;
        }
        let (scope, turn) = (&followed.scope, &followed.turn);
        let mut noted = self.store.read_elsewhere(scope, turn, NOTED_FOR).await;
        if round.noted.is_none() && matches!(noted, Ok(true)) {
            noted = self
                .wakeups
                .wake(std::slice::from_ref(turn))
                .await
                .map(|()| true);
        }
        match noted {
            Ok(_) => round.noted = Some(Instant::now()),
            Err(error) => {
                tracing::debug!(%turn, ?error, "nobody was told that a turn is read here");
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let mut read_here = self.followers.read_here();
        let key = (self.followed.scope.clone(), self.followed.turn.clone());
        if let Entry::Occupied(mut entry) = read_here.entry(key)
            && Arc::ptr_eq(&entry.get().followed, &self.followed)
        {
            entry.get_mut().readers -= 1;
            if entry.get().readers == 0 {
                entry.remove();
                self.followed.left.cancel();
            }
        }
    }
}

/// The next events for readers. What comes after a gap is waited for.
async fn next_page(
    log: StoredLog<'_>,
    round: &mut Round,
    after: Option<EventId>,
) -> Result<StoredPage, ChatError> {
    let page = log.page(after).await?;
    if round.has_waited_for_gap(!page.frames.is_empty(), after) {
        return Ok(page);
    }
    log.without_gap(page, after).await
}

/// What a follower remembers from one look to the next.
struct Round {
    pause: Duration,
    noted: Option<Instant>,
    /// Since when something is there beyond this place, and nothing right after it.
    gap: Option<(Option<EventId>, Instant)>,
}

impl Round {
    fn new() -> Self {
        Self {
            pause: FIRST_PAUSE,
            noted: None,
            gap: None,
        }
    }

    /// Whether what is there has been waited for long enough, gap or not.
    fn has_waited_for_gap(&mut self, has_more: bool, after: Option<EventId>) -> bool {
        match self.gap {
            _ if !has_more => self.gap = None,
            Some((place, since)) if place == after => return since.elapsed() >= GAP_PATIENCE,
            _ => self.gap = Some((after, Instant::now())),
        }
        false
    }
}
