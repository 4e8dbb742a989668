//! How long users waited, and why: for the end of what they stopped, and for news of what goes on.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::kept::KeptTurn;
use super::trouble::{Cause, Moment, Trouble};

const SECOND: Moment = 1_000_000;
/// Within this time a turn that is stopped has ended, from any tab and at any replica, where nothing is wrong.
const STOPPED: Moment = SECOND;
/// Within this time a turn whose process died is another one's: its lease, and as long as others look for it at most.
const TAKEN_OVER: Moment = 15 * SECOND + 2 * SECOND;
/// Within this time a client has found another way to a turn that goes on: what it asks is asked again.
const FOUND: Moment = 3 * SECOND;
/// What a busy machine may add to that, and the longest that anybody waits for news where nothing is wrong.
const LEEWAY: Moment = 5 * SECOND;
/// A gap that is shorter is no gap: a tool takes its time.
const GAP: Moment = SECOND;

/// A stop.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub(super) turn: String,
    /// When the request was sent that was answered, so before it was accepted.
    pub(super) sent: Moment,
    /// The attempt that the user read when stopping.
    pub(super) attempt: u64,
}

/// Time without news in a turn that goes on, as its client sees it.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) turn: String,
    pub(super) from: Moment,
    pub(super) until: Moment,
    pub(super) attempts: (u64, u64),
    /// What the client did meanwhile.
    pub(super) trail: String,
}

/// A wait, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    took: Moment,
    story: String,
}

/// All waits of one run.
#[derive(Debug, Default)]
pub(super) struct Delays {
    stops: Mutex<Vec<Stop>>,
    gaps: Mutex<Vec<Gap>>,
}

/// What the waits say.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Lines for whoever reads figures.
    pub(super) figures: String,
    /// What must not have been.
    pub(super) complaints: Vec<String>,
}

impl Delays {
    pub(super) fn stop(&self, stop: Stop) {
        lock(&self.stops).push(stop);
    }

    pub(super) fn gap(&self, gap: Gap) {
        if gap.until - gap.from >= GAP {
            lock(&self.gaps).push(gap);
        }
    }

    /// Looks at all of them, now that it is known when turns ended.
    pub(super) fn judge(&self, trouble: &Trouble, kept: &BTreeMap<String, KeptTurn>) -> Judged {
        let mut judged = Judged::default();
        // Longer than what went wrong explains: a busy machine, or a defect.
        let mut unexplained = 0;
        let mut stops = BTreeMap::new();
        for stop in lock(&self.stops).iter() {
            let Some(turn) = kept.get(&stop.turn) else {
                continue;
            };
            let Some(ended) = turn.ended_at else { continue };
            let taken_over = turn.attempt > stop.attempt;
            let cause = cause(trouble, stop.sent, ended, taken_over);
            let took = (ended - stop.sent).max(0);
            let story = format!(
                "attempt {} of {} was stopped, {} ended as {}; {}",
                stop.attempt,
                stop.turn,
                turn.attempt,
                turn.status,
                trouble.story(TAKEN_OVER, stop.sent, ended)
            );
            let away = trouble.database_away(stop.sent, ended);
            if took > most(cause, STOPPED) + away {
                match cause {
                    Cause::Calm => judged.complaints.push(format!(
                        "a turn ended {} after it was stopped: {}: {story}",
                        seconds(took),
                        named(cause),
                    )),
                    Cause::While(_) | Cause::Lease => unexplained += 1,
                }
            }
            let waits = stops.entry(cause).or_insert_with(Vec::new);
            waits.push(Wait { took, story });
        }
        let mut gaps = BTreeMap::new();
        for gap in lock(&self.gaps).iter() {
            let taken_over = gap.attempts.1 > gap.attempts.0;
            let cause = cause(trouble, gap.from, gap.until, taken_over);
            let took = gap.until - gap.from;
            let story = format!(
                "attempts {:?} of {}; {}; {}",
                gap.attempts,
                gap.turn,
                gap.trail,
                trouble.story(TAKEN_OVER, gap.from, gap.until)
            );
            let away = trouble.database_away(gap.from, gap.until);
            unexplained += usize::from(took > most(cause, LEEWAY) + away);
            let waits = gaps.entry(cause).or_insert_with(Vec::new);
            waits.push(Wait { took, story });
        }
        tell(&mut judged.figures, "from a stop to the stored end", stops);
        tell(&mut judged.figures, "gaps of more than a second", gaps);
        let _ = writeln!(
            judged.figures,
            "{:<36} {unexplained:>7}",
            "longer than their causes explain"
        );
        judged
    }
}

/// Why something took from one moment to the other. A turn that was taken over meanwhile had lost its process, at most
/// a lease before.
fn cause(trouble: &Trouble, from: Moment, until: Moment, taken_over: bool) -> Cause {
    if taken_over && trouble.takes_turns_between(from - TAKEN_OVER, until) {
        return Cause::Lease;
    }
    match trouble.between(from, until) {
        Some(fault) => Cause::While(fault),
        None => Cause::Calm,
    }
}

/// How long something may take for this cause, beside the time in which the database is away.
fn most(cause: Cause, calm: Moment) -> Moment {
    match cause {
        Cause::Calm => calm,
        Cause::While(_) => FOUND + LEEWAY,
        Cause::Lease => TAKEN_OVER + LEEWAY,
    }
}

fn named(cause: Cause) -> String {
    match cause {
        Cause::Calm => "nothing wrong".to_owned(),
        Cause::While(fault) => fault.name().to_owned(),
        Cause::Lease => "taken over from another process".to_owned(),
    }
}

/// A line for each cause: how often, and how long.
fn tell(figures: &mut String, what: &str, waits: BTreeMap<Cause, Vec<Wait>>) {
    // Writing to a growing text can't fail.
    let _ = writeln!(figures, "{what}:");
    for (cause, mut waits) in waits {
        waits.sort_unstable();
        let part = |percent: usize| {
            let at = (waits.len() * percent).div_ceil(100).saturating_sub(1);
            seconds(waits.get(at).map_or(0, |wait| wait.took))
        };
        let _ = writeln!(
            figures,
            "  {:<34} {:>6}, p50 {}, p99 {}, longest {}",
            named(cause),
            waits.len(),
            part(50),
            part(99),
            part(100),
        );
        if let Some(longest) = waits.last()
            && longest.took > LEEWAY
        {
            let _ = writeln!(figures, "    {}", longest.story);
        }
    }
}

/// A length as people read it.
fn seconds(length: Moment) -> String {
    format!("{}.{:02} s", length / SECOND, length % SECOND / 10_000)
}

fn lock<T>(all: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::trouble::{Fault, now};
    use super::*;

    fn ended(attempt: u64, ended_at: Moment) -> KeptTurn {
        KeptTurn {
            status: "stopped".to_owned(),
            attempt,
            ended_at: Some(ended_at),
        }
    }

    #[test]
    fn a_stop_in_calm_takes_a_second_and_a_takeover_its_lease() {
        let now = now();
        // Long before anything goes wrong, and while something does.
        let (calm, trouble) = (now - 100 * SECOND, now + 10 * SECOND);
        let wrong = Arc::new(Trouble::default());
        let _killed = wrong.begins(Fault::Killed);
        let cases = [
            (calm, 1, 1, 900_000, None),
            (
                calm,
                1,
                1,
                1_100_000,
                Some("1.10 s after it was stopped: nothing wrong"),
            ),
            (
                calm,
                1,
                2,
                1_100_000,
                Some("1.10 s after it was stopped: nothing wrong"),
            ),
            (trouble, 1, 1, 1_100_000, None),
            (trouble, 1, 2, 19 * SECOND, None),
            (trouble, 1, 2, 23 * SECOND, None),
        ];
        for (sent, stopped, last, took, expected) in cases {
            let delays = Delays::default();
            delays.stop(Stop {
                turn: "turn".to_owned(),
                sent,
                attempt: stopped,
            });
            let kept = BTreeMap::from([("turn".to_owned(), ended(last, sent + took))]);
            let judged = delays.judge(&wrong, &kept);
            let complaint = judged.complaints.first().map_or("", String::as_str);
            assert!(
                complaint.contains(expected.unwrap_or_default())
                    && complaint.is_empty() == expected.is_none(),
                "{took}: {complaint}"
            );
        }
    }

    #[test]
    fn waits_are_told_by_their_causes() {
        let delays = Delays::default();
        for took in [1, 2, 3, 6] {
            delays.gap(Gap {
                turn: "turn".to_owned(),
                from: SECOND,
                until: SECOND + took * SECOND,
                attempts: (1, 1),
                trail: "broke +0.1".to_owned(),
            });
        }
        let judged = delays.judge(&Trouble::default(), &BTreeMap::new());
        assert_eq!(
            judged.figures,
            "from a stop to the stored end:\ngaps of more than a second:\n  \
             nothing wrong                           4, p50 2.00 s, p99 6.00 s, longest 6.00 s\n    \
             attempts (1, 1) of turn; broke +0.1; \n\
             longer than their causes explain           1\n"
        );
        assert_eq!(judged.complaints, Vec::<String>::new());
    }
}
