//! What the calls of a reply are: tools, handoffs, or calls of the user's page; and which of them ask first.

use std::collections::BTreeSet;

use frontdesk_model::{FunctionCall, Item};
use serde_json::{Map, Value};

use super::driver::Driver;
use super::{Attended, RunError};
use crate::approval::{AskedCall, Because, Considered, Decision, asking};
use crate::call_ids::{answered_ids, since_the_user};
use crate::catalog::{Entry, Offered};
use crate::event::AgentEvent;
use crate::invoke::ResultIs;
use crate::state::{Mark, OpenCall, Phase, SoFar, State, ToolCall};
use crate::validate::read_object;

/// What the model reads when the name of an approved call has come to stand for another tool, or for none.
const NOT_THE_APPROVED_TOOL: &str =
    "the call was not made: the tool that the user approved is not available any more";

/// What the model reads of a call that would ask the user, where nobody can be asked.
const NOBODY_TO_ASK: &str =
    "the call was not made: it needs the user's approval, and the user can't be asked here";

/// What the model reads of a call that the user's page would make, where there is none.
const NO_PAGE: &str = "the call was not made: the user's page can't make it here";

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// What is special about the calls of a reply, by their positions. A call that would fail anyway is as any other.
    pub(super) fn marks(&self, output: &[Item]) -> BTreeSet<(usize, Mark)> {
        let mut marks = BTreeSet::new();
        for (position, item) in output.iter().enumerate() {
            if let Item::FunctionCall(call) = item {
                let of_call = self.marks_of(&call.name, &call.arguments);
                marks.extend(of_call.into_iter().map(|mark| (position, mark)));
            }
        }
        marks
    }

    pub(super) fn marks_of(&self, name: &str, arguments: &str) -> BTreeSet<Mark> {
        let mut marks = BTreeSet::new();
        let max_bytes = self.agent.limits.max_arguments_bytes;
        match self.catalog.offered(name) {
            Some(Offered::Handoff { to }) => {
                marks.insert(Mark::HandsOver { to: to.clone() });
            }
            Some(Offered::Client(entry)) => {
                let is_fit = entry.arguments.read(arguments, max_bytes).is_ok();
                if is_fit && self.options.attended == Attended::ByUser {
                    marks.insert(Mark::Client);
                }
            }
            Some(Offered::Tool(entry)) => {
                if self.is_answer(entry, name) {
                    marks.insert(Mark::Answers);
                }
                if self.options.attended == Attended::ByUser
                    && let Ok(arguments) = entry.arguments.read(arguments, max_bytes)
                    && self.asking(entry, name, &arguments).is_some()
                {
                    marks.insert(Mark::Asks);
                }
            }
            None => {}
        }
        marks
    }

    /// The marks of a call that the user has approved: it is made as a tool, whatever its name stands for by now.
    pub(super) fn marks_if_made(&self, asked: &AskedCall) -> BTreeSet<Mark> {
        let mut marks = self.marks_of(&asked.call.name, &asked.call.arguments);
        marks.retain(|mark| *mark == Mark::Answers);
        marks
    }

    /// The calls that a run begins with: those that the user decided about, and those of the same reply that had to wait
    /// for them.
    pub(super) fn open_calls(
        &self,
        input: &[Item],
        decided: Vec<(AskedCall, Decision)>,
    ) -> Vec<OpenCall> {
        let ids: BTreeSet<String> = decided
            .iter()
            .map(|(asked, _)| asked.call.call_id.clone())
            .collect();
        let decided = decided.into_iter().map(|(asked, decision)| OpenCall {
            marks: self.marks_if_made(&asked),
            call: asked.call,
            so_far: SoFar::Decided(decision),
        });
        let answered = answered_ids(input);
        let is_open = |call: &&FunctionCall| {
            !answered.contains(&call.call_id) && !ids.contains(&call.call_id)
        };
        let held = since_the_user(input).filter(is_open).filter_map(|call| {
            let marks = self.marks_of(&call.name, &call.arguments);
            let is_held = |mark: &Mark| matches!(mark, Mark::HandsOver { .. } | Mark::Client);
            marks.iter().any(is_held).then(|| OpenCall {
                call: ToolCall::from(call),
                marks,
                so_far: SoFar::Nothing,
            })
        });
        decided.chain(held).collect()
    }

    fn asking(
        &self,
        entry: &Entry<C>,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Option<Because> {
        let considered = Considered {
            toolset: entry.toolset.name(),
            tool: &entry.own_name,
            arguments,
            annotations: &entry.annotations,
            context: &self.context,
        };
        let names = entry.names(name);
        asking(&self.agent, &names, &considered, &self.options.approved)
    }

    /// The tool of a call, or what the model is told instead.
    pub(super) fn tool_of(&self, call: &ToolCall) -> Result<Entry<C>, String> {
        if let Some(Offered::Client(entry)) = self.catalog.offered(&call.name) {
            let max_bytes = self.agent.limits.max_arguments_bytes;
            entry.arguments.read(&call.arguments, max_bytes)?;
            return Err(NO_PAGE.to_owned());
        }
        let entry = self.catalog.find(&call.name);
        if let Some(asked) = self.decided.get(&call.call_id) {
            let is_approved = |entry: &&Entry<C>| {
                entry.toolset.name() == asked.toolset && entry.own_name == asked.tool
            };
            let approved = entry.ok().filter(is_approved).cloned();
            return approved.ok_or_else(|| NOT_THE_APPROVED_TOOL.to_owned());
        }
        if let Ok(entry) = &entry
            && self.options.attended == Attended::ByNobody
            && let Ok(arguments) = read_object(&call.arguments)
            && self.asking(entry, &call.name, &arguments).is_some()
        {
            return Err(NOBODY_TO_ASK.to_owned());
        }
        entry.cloned()
    }

    /// Who reads what the call gives.
    pub(super) fn reader_of(&self, entry: &Result<Entry<C>, String>, call: &ToolCall) -> ResultIs {
        let entry = entry.as_ref();
        if entry.is_ok_and(|entry| self.is_answer(entry, &call.name)) {
            ResultIs::TheAnswer
        } else {
            ResultIs::ForTheModel
        }
    }

    fn is_answer(&self, entry: &Entry<C>, name: &str) -> bool {
        let mut names = entry.names(name).into_iter();
        names.any(|name| self.agent.stop_at_tools.contains(&name))
    }

    /// Tells what a run that is over waits for.
    pub(super) async fn tell_waiting(&mut self, state: &State) -> Result<(), RunError> {
        match &state.phase {
            Phase::Approval { calls, .. } => {
                let calls = calls.iter().filter_map(|call| self.asked(call)).collect();
                self.tell(AgentEvent::ApprovalAsked { calls }).await
            }
            Phase::Client { call } => {
                let mut call = call.clone();
                let title = self.catalog.title(&call.name);
                if let Some(Offered::Client(entry)) = self.catalog.offered(&call.name) {
                    call.name.clone_from(&entry.own_name);
                }
                let agent = self.agent.name.clone();
                self.tell(AgentEvent::ClientToolCalled { call, agent, title })
                    .await
            }
            _ => Ok(()),
        }
    }

    fn asked(&self, call: &ToolCall) -> Option<AskedCall> {
        let entry = self.catalog.find(&call.name).ok()?;
        let arguments = read_object(&call.arguments).ok()?;
        Some(AskedCall {
            call: call.clone(),
            toolset: entry.toolset.name().to_owned(),
            tool: entry.own_name.clone(),
            title: entry.annotations.title.clone(),
            known: entry.arguments.known(&call.arguments),
            destructive: entry.annotations.destroys(),
            because: if self.interrupted.contains(&call.call_id) {
                Because::Interrupted
            } else {
                self.asking(entry, &call.name, &arguments)
                    .unwrap_or_default()
            },
        })
    }
}
