//! The chat through its public door: turns, readers, limits, owners and the built-in assistant.

#![cfg(test)]

#[path = "all/always.rs"]
mod always;
#[path = "all/answers.rs"]
mod answers;
#[path = "all/approval.rs"]
mod approval;
#[path = "all/asking.rs"]
mod asking;
#[path = "all/assistant.rs"]
mod assistant;
#[path = "all/attached.rs"]
mod attached;
#[path = "all/beside.rs"]
mod beside;
#[path = "all/busy.rs"]
mod busy;
#[cfg(test)]
#[path = "all/calls.rs"]
mod calls;
#[path = "all/choice.rs"]
mod choice;
#[cfg(test)]
#[path = "all/clocks.rs"]
mod clocks;
#[path = "all/credentials.rs"]
mod credentials;
#[path = "all/cuts.rs"]
mod cuts;
#[cfg(test)]
#[path = "all/deaf.rs"]
mod deaf;
#[path = "all/desk.rs"]
mod desk;
#[path = "all/elsewhere.rs"]
mod elsewhere;
#[path = "all/endings.rs"]
mod endings;
#[path = "all/faulty.rs"]
mod faulty;
#[cfg(test)]
#[path = "all/flushing.rs"]
mod flushing;
#[path = "all/going_on.rs"]
mod going_on;
#[path = "all/guardrails.rs"]
mod guardrails;
#[path = "all/handing_over.rs"]
mod handing_over;
#[path = "all/history.rs"]
mod history;
#[path = "all/isolation.rs"]
mod isolation;
#[path = "all/leases.rs"]
mod leases;
#[path = "all/limits.rs"]
mod limits;
#[path = "all/live.rs"]
mod live;
#[cfg(test)]
#[path = "all/logged.rs"]
mod logged;
#[path = "all/long_logs.rs"]
mod long_logs;
#[path = "all/model.rs"]
mod model;
#[cfg(test)]
#[path = "all/moments.rs"]
mod moments;
#[path = "all/named.rs"]
mod named;
#[path = "all/notices.rs"]
mod notices;
#[path = "all/once.rs"]
mod once;
#[path = "all/outcomes.rs"]
mod outcomes;
#[cfg(test)]
#[path = "all/overtaken.rs"]
mod overtaken;
#[path = "all/page.rs"]
mod page;
#[path = "all/process.rs"]
mod process;
#[path = "all/readers.rs"]
mod readers;
#[path = "all/reciting.rs"]
mod reciting;
#[path = "all/refused.rs"]
mod refused;
#[path = "all/retention.rs"]
mod retention;
#[cfg(test)]
#[path = "all/retrying.rs"]
mod retrying;
#[path = "all/several.rs"]
mod several;
#[path = "all/shown.rs"]
mod shown;
#[path = "all/small_history.rs"]
mod small_history;
#[path = "all/stopping.rs"]
mod stopping;
#[path = "all/takeover.rs"]
mod takeover;
#[path = "all/turns.rs"]
mod turns;
#[path = "all/unanswered.rs"]
mod unanswered;
#[path = "all/unkept.rs"]
mod unkept;
#[path = "all/upkeep.rs"]
mod upkeep;
#[path = "all/usage.rs"]
mod usage;
