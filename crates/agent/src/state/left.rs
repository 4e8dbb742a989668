//! What is left of a run whose process died, as the next one goes on with it: nothing that was recorded is done again.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::{Item, Role};

use super::call::{CallResult, OpenCall, ToolCall};
use super::input::Ended;
use super::step::{is_refusal, tells_of_stop};
use super::{Bounds, Handover, Phase, Repair, State};
use crate::call_ids::{pair_calls_but, used_ids};
use crate::guardrail::WITHHELD_ANSWER;
use crate::tool::Outcome;

/// What the user reads when a guardrail had stopped the run, and what it had to say is lost.
const BLOCKED: &str = "The answer was withheld, because a check did not let it through.";

/// Something that a run recorded, as it was told: a model call ([`Effect::RecordStep`](super::Effect::RecordStep)), the
/// result of a call ([`Effect::RecordResult`](super::Effect::RecordResult)), or, without any items, that an agent took
/// over ([`Effect::HandOver`](super::Effect::HandOver)).
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The agent that was at work from then on; the one before, where that isn't known.
    pub agent: Option<String>,
    /// The items.
    pub items: Vec<Item>,
    /// Of a result, whether the tool did what it was asked to.
    pub outcome: Outcome,
}

/// All that a run recorded, read in order.
#[derive(Debug)]
pub(crate) struct Record {
    /// The agent on duty.
    pub(crate) agent: String,
    /// The calls that were being made: those that the run began with, or those of the last reply.
    pub(crate) batch: Vec<ToolCall>,
    /// The results that were recorded of them.
    pub(crate) results: BTreeMap<String, CallResult>,
    new_items: Vec<Item>,
    handovers: Vec<Handover>,
    tool_users: BTreeSet<String>,
    repair: Repair,
    turns: u32,
    last: Last,
}

/// What was recorded last, but for results.
#[derive(Debug)]
enum Last {
    /// Nothing but results.
    Nothing,
    /// A reply after which the run goes on.
    Reply,
    /// A reply that is the end of the run.
    End(Ended),
}

impl Record {
    /// Reads the record of a run of this agent that began with these calls.
    pub(crate) fn read(agent: &str, opening: Vec<ToolCall>, recorded: Vec<Recorded>) -> Self {
        let mut record = Self {
            agent: agent.to_owned(),
            batch: opening,
            results: BTreeMap::new(),
            new_items: Vec::new(),
            handovers: Vec::new(),
            tool_users: BTreeSet::new(),
            repair: Repair::NotYet,
            turns: 0,
            last: Last::Nothing,
        };
        for Recorded {
            agent,
            items,
            outcome,
        } in recorded
        {
            if is_results(&items) {
                record.take_results(items, outcome);
                continue;
            }
            record.close_batch();
            if let Some(agent) = agent {
                record.take_over(agent);
            }
            if !items.is_empty() {
                record.take_reply(items);
            }
        }
        record
    }

    /// Whether a model has replied, or another agent has taken over.
    pub(crate) fn has_replied(&self) -> bool {
        self.turns > 0 || !self.handovers.is_empty()
    }

    fn take_results(&mut self, items: Vec<Item>, outcome: Outcome) {
        for item in items {
            if let Item::FunctionCallOutput(output) = item {
                let text = output.text();
                let result = CallResult { text, outcome };
                if tells_of_stop(&result) {
                    self.last = Last::End(blocked());
                }
                self.results.entry(output.call_id).or_insert(result);
            }
        }
    }

    /// The results of the calls, in their order.
    fn close_batch(&mut self) {
        for call in std::mem::take(&mut self.batch) {
            if let Some(result) = self.results.remove(&call.call_id) {
                let item = Item::function_call_output(call.call_id, result.text);
                self.new_items.push(item);
            }
        }
        self.results.clear();
    }

    fn take_over(&mut self, agent: String) {
        if agent == self.agent {
            return;
        }
        let from = std::mem::replace(&mut self.agent, agent.clone());
        self.handovers.push(Handover {
            from,
            to: agent,
            after: self.new_items.len(),
        });
        self.last = Last::Reply;
    }

    fn take_reply(&mut self, items: Vec<Item>) {
        self.turns += 1;
        self.batch = items.iter().filter_map(called).collect();
        if !self.batch.is_empty() {
            self.tool_users.insert(self.agent.clone());
        }
        let is_repaired = items.last().is_some_and(is_of_developer);
        if is_repaired {
            self.repair = Repair::Asked;
        }
        let is_withheld = items.first() == Some(&Item::assistant(WITHHELD_ANSWER));
        self.last = if is_withheld {
            Last::End(blocked())
        } else if is_repaired || !self.batch.is_empty() {
            Last::Reply
        } else if items.iter().any(is_refusal) {
            Last::End(Ended::Refused)
        } else {
            Last::End(Ended::Answered)
        };
        self.new_items.extend(items);
    }
}

impl State {
    /// A run that goes on from its record. `opening` are the calls that it began with, `batch` those of the record, with
    /// what has become of them; they are the same where no model has replied yet. The input is the conversation before
    /// the run.
    pub(crate) fn left_off(
        begun_by: &str,
        input: Vec<Item>,
        opening: Vec<OpenCall>,
        batch: Vec<OpenCall>,
        mut record: Record,
        bounds: Bounds,
    ) -> Self {
        let mut state = if opening.is_empty() {
            Self::new(begun_by, input, bounds)
        } else {
            Self::resume(begun_by, input, opening, bounds)
        };
        if let Last::End(_) = record.last {
            record.close_batch();
        }
        if !record.has_replied() {
            if let Last::End(how) = record.last {
                state.new_items = record.new_items;
                state.phase = Phase::Ended { how };
            }
            return state;
        }
        // Calls of the input may have their results in the record.
        let answered = used_ids(record.new_items.iter());
        state.input = pair_calls_but(&answered, state.input);
        state.agent = record.agent;
        state.new_items = record.new_items;
        state.handovers = record.handovers;
        state.tool_users.extend(record.tool_users);
        state.repair = record.repair;
        state.turns = record.turns;
        state.phase = match record.last {
            Last::End(how) => Phase::Ended { how },
            Last::Nothing | Last::Reply => Phase::Decided { calls: batch },
        };
        state
    }
}

fn blocked() -> Ended {
    Ended::Blocked {
        message: BLOCKED.to_owned(),
    }
}

fn is_results(items: &[Item]) -> bool {
    let is_result = |item: &Item| matches!(item, Item::FunctionCallOutput(_));
    !items.is_empty() && items.iter().all(is_result)
}

fn called(item: &Item) -> Option<ToolCall> {
    match item {
        Item::FunctionCall(call) => Some(ToolCall::from(call)),
        _ => None,
    }
}

fn is_of_developer(item: &Item) -> bool {
    matches!(item, Item::Message(message) if message.role == Role::Developer)
}
