//! What was wrong when: what users saw is explained by it, or is a defect.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frontdesk_clock::{Clock, SystemClock};

/// A moment, in microseconds since 1970, by the clock of the machine that all processes of chaos share.
pub(super) type Moment = i64;

const SECOND: Moment = 1_000_000;
/// For how long something is felt after it was mended: connections are made anew, what queued is worked off.
const FELT: Moment = 2 * SECOND;

/// Something that goes wrong. In this order they count where several did: the last one explains the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    ClientsDelayed,
    ClientsCut,
    Terminated,
    Killed,
    DatabaseDelayed,
    DatabaseCut,
    FastRestart,
    ImmediateRestart,
}

impl Fault {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::ClientsDelayed,
        Self::ClientsCut,
        Self::Terminated,
        Self::Killed,
        Self::DatabaseDelayed,
        Self::DatabaseCut,
        Self::FastRestart,
        Self::ImmediateRestart,
    ];

    /// As figures call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ClientsDelayed => "clients delayed",
            Self::ClientsCut => "clients cut off",
            Self::Terminated => "replica ended (SIGTERM)",
            Self::Killed => "replica killed (SIGKILL)",
            Self::DatabaseDelayed => "database delayed",
            Self::DatabaseCut => "database cut off",
            Self::FastRestart => "PostgreSQL restarted (fast)",
            Self::ImmediateRestart => "PostgreSQL restarted (immediate)",
        }
    }
}

/// Why something took as long as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Nothing was wrong.
    Calm,
    /// This was.
    While(Fault),
    /// The turn's process had been killed or cut off, and its lease had to run out.
    Lease,
}

/// All that was wrong in one run.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Vec<Wrong>>);

#[derive(Debug, Clone, Copy)]
struct Wrong {
    fault: Fault,
    from: Moment,
    until: Moment,
}

/// Something that is wrong until this is dropped.
pub(super) struct UnderWay {
    trouble: Arc<Trouble>,
    at: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(wrong) = self.trouble.lock().get_mut(self.at) {
            wrong.until = now();
        }
    }
}

impl Trouble {
    fn lock(&self) -> MutexGuard<'_, Vec<Wrong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something goes wrong now.
    pub(super) fn begins(self: &Arc<Self>, fault: Fault) -> UnderWay {
        let mut all = self.lock();
        all.push(Wrong {
            fault,
            from: now(),
            until: Moment::MAX,
        });
        UnderWay {
            trouble: Arc::clone(self),
            at: all.len() - 1,
        }
    }

    /// The worst that was wrong at any moment between these two, or was still felt.
    pub(super) fn between(&self, from: Moment, until: Moment) -> Option<Fault> {
        let all = self.lock();
        let felt = all
            .iter()
            .filter(|wrong| wrong.from <= until && wrong.until.saturating_add(FELT) >= from);
        felt.map(|wrong| wrong.fault).max()
    }

    /// For how long between these two the database was away or slow, the time included until it is found again.
    pub(super) fn database_away(&self, from: Moment, until: Moment) -> Moment {
        let all = self.lock();
        let of_database = all
            .iter()
            .filter(|wrong| wrong.fault >= Fault::DatabaseDelayed);
        let away = of_database.map(|wrong| {
            let found = wrong.until.saturating_add(FELT);
            (found.min(until) - wrong.from.max(from)).max(0)
        });
        away.sum()
    }

    /// What was wrong from so long before these two moments on, in seconds from the first of them.
    pub(super) fn story(&self, before: Moment, from: Moment, until: Moment) -> String {
        let all = self.lock();
        let felt = all
            .iter()
            .filter(|wrong| wrong.from <= until && wrong.until >= from - before);
        let told = felt.map(|wrong| {
            let name = wrong.fault.name();
            format!(
                "{name} at {}..{}",
                since(from, wrong.from),
                since(from, wrong.until)
            )
        });
        told.collect::<Vec<_>>().join(", ")
    }

    /// Whether a process was taken from its turns in this time.
    pub(super) fn takes_turns_between(&self, from: Moment, until: Moment) -> bool {
        let takes = |fault| !matches!(fault, Fault::ClientsDelayed | Fault::ClientsCut);
        let all = self.lock();
        all.iter()
            .any(|wrong| takes(wrong.fault) && wrong.from <= until && wrong.until >= from)
    }
}

/// How many seconds the second moment is after the first one.
pub(super) fn since(first: Moment, second: Moment) -> String {
    let length = second.saturating_sub(first);
    let sign = if length < 0 { "-" } else { "+" };
    let (whole, part) = (length.abs() / SECOND, length.abs() % SECOND / 100_000);
    format!("{sign}{whole}.{part}")
}

/// This moment.
pub(super) fn now() -> Moment {
    SystemClock.now().as_microsecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_says_what_was_wrong_and_when() {
        let wrong = Wrong {
            fault: Fault::ClientsDelayed,
            from: 9 * SECOND + 500_000,
            until: 12 * SECOND,
        };
        let trouble = Trouble(Mutex::new(vec![wrong]));
        for (from, before, expected) in [
            (10, 0, "clients delayed at -0.5..+2.0"),
            (13, 0, ""),
            (13, 1, "clients delayed at -3.5..-1.0"),
        ] {
            let story = trouble.story(before * SECOND, from * SECOND, 20 * SECOND);
            assert_eq!(story, expected, "{from} {before}");
        }
    }

    #[test]
    fn what_was_wrong_is_felt_a_while_longer() {
        let wrong = |fault, from, until| Wrong {
            fault,
            from: from * SECOND,
            until: until * SECOND,
        };
        let all = vec![
            wrong(Fault::Killed, 10, 12),
            wrong(Fault::ClientsCut, 11, 11),
            wrong(Fault::DatabaseCut, 30, 31),
        ];
        let trouble = Trouble(Mutex::new(all));
        let cases = [
            (1, 9, None, false),
            (9, 10, Some(Fault::Killed), true),
            (13, 13, Some(Fault::Killed), false),
            (14, 20, Some(Fault::Killed), false),
            (15, 29, None, false),
            (12, 40, Some(Fault::DatabaseCut), true),
        ];
        for (from, until, worst, takes) in cases {
            let (from, until) = (from * SECOND, until * SECOND);
            assert_eq!(trouble.between(from, until), worst, "{from} {until}");
            let away = if worst == Some(Fault::DatabaseCut) {
                3 * SECOND
            } else {
                0
            };
            assert_eq!(trouble.database_away(from, until), away, "{from} {until}");
            let taken = trouble.takes_turns_between(from, until);
            assert_eq!(taken, takes, "{from} {until}");
        }
    }
}
