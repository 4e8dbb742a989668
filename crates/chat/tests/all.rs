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
#[path = "all/choice.rs"]
mod choice;
#[path = "all/credentials.rs"]
mod credentials;
#[path = "all/cuts.rs"]
mod cuts;
#[path = "all/desk.rs"]
mod desk;
#[path = "all/elsewhere.rs"]
mod elsewhere;
#[path = "all/endings.rs"]
mod endings;
#[path = "all/faulty.rs"]
mod faulty;
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
#[path = "all/model.rs"]
mod model;
#[path = "all/named.rs"]
mod named;
#[path = "all/notices.rs"]
mod notices;
#[path = "all/once.rs"]
mod once;
#[path = "all/outcomes.rs"]
mod outcomes;
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
#[path = "all/several.rs"]
mod several;
#[path = "all/shown.rs"]
mod shown;
#[path = "all/stopping.rs"]
mod stopping;
#[path = "all/takeover.rs"]
mod takeover;
#[path = "all/turns.rs"]
mod turns;
#[path = "all/upkeep.rs"]
mod upkeep;
#[path = "all/usage.rs"]
mod usage;
