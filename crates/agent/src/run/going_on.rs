//! Goes on with a run whose process died: which calls it may have made, and what becomes of them.

use std::collections::BTreeSet;

use frontdesk_model::{FunctionCall, Item, Usage};

use super::driver::Driver;
use super::{Attended, LeftOff, RunError};
use crate::approval::{AskedCall, Decision};
use crate::call_ids::{INTERRUPTED, answered_ids, since_the_user};
use crate::catalog::Offered;
use crate::event::AgentEvent;
use crate::state::{Bounds, CallResult, Ended, Mark, OpenCall, Record, SoFar, State, ToolCall};

/// What is left of a run, read.
pub(super) struct Left {
    pub(super) record: Record,
    /// The calls that it began with.
    opening: Vec<ToolCall>,
}

impl Left {
    pub(super) fn read(begun_by: &str, input: &[Item], left: &LeftOff) -> Self {
        let decided = left.decided.iter();
        let mut opening: Vec<ToolCall> = decided.map(|(asked, _)| asked.call.clone()).collect();
        if !opening.is_empty() {
            let answered = answered_ids(input);
            let decided = opening.len();
            let is_open = |call: &&FunctionCall| !answered.contains(&call.call_id);
            for call in since_the_user(input).filter(is_open) {
                let mut known = opening.iter().take(decided);
                if !known.any(|decided| decided.call_id == call.call_id) {
                    opening.push(ToolCall::from(call));
                }
            }
        }
        let record = Record::read(begun_by, opening.clone(), left.record.clone());
        Self { record, opening }
    }
}

impl<C: Send + Sync + 'static> Driver<'_, C> {
    /// Keeps in mind what these decisions are bound to.
    pub(super) fn know(&mut self, decided: &[(AskedCall, Decision)]) {
        let asked = decided.iter().map(|(asked, _)| asked.clone());
        let by_id = asked.map(|asked| (asked.call.call_id.clone(), asked));
        self.decided = by_id.collect();
    }

    /// The state in which the run goes on, and the calls that it goes on with.
    pub(super) fn left_off(
        &mut self,
        begun_by: &str,
        input: Vec<Item>,
        left: Left,
        decided: &[(AskedCall, Decision)],
        bounds: Bounds,
    ) -> (State, Vec<OpenCall>) {
        let Left { record, opening } = left;
        let mut batch = Vec::new();
        for call in &record.batch {
            let is_of = |(asked, _): &&(AskedCall, Decision)| asked.call.call_id == call.call_id;
            let decision = decided.iter().find(is_of);
            let open = self.open_call(call, record.results.get(&call.call_id), decision);
            // Of an earlier run's calls, those go on that the user decided about, and those that waited for them.
            if record.has_replied() || decision.is_some() || goes_last(&open.marks) {
                batch.push(open);
            }
        }
        let opening = if record.has_replied() {
            let opened = |call| OpenCall {
                call,
                marks: BTreeSet::new(),
                so_far: SoFar::Nothing,
            };
            opening.into_iter().map(opened).collect()
        } else {
            batch.clone()
        };
        let left = batch.clone();
        let state = State::left_off(begun_by, input, opening, batch, record, bounds);
        (state, left)
    }

    fn open_call(
        &mut self,
        call: &ToolCall,
        result: Option<&CallResult>,
        decision: Option<&(AskedCall, Decision)>,
    ) -> OpenCall {
        let mut marks = self.marks_of(&call.name, &call.arguments);
        let so_far = match (result, decision) {
            (Some(result), _) => SoFar::Done(result.clone()),
            (None, Some((_, declined @ Decision::Declined { .. }))) => {
                SoFar::Decided(declined.clone())
            }
            (None, Some((asked, Decision::Approved))) => {
                marks = self.marks_if_made(asked);
                if self.may_be_made(call) {
                    // It was approved once, and not twice.
                    marks.extend(self.marks_of_interrupted(call));
                    self.decided.remove(&call.call_id);
                    SoFar::Nothing
                } else {
                    SoFar::Decided(Decision::Approved)
                }
            }
            (None, None) => {
                // Even what asks by now: the release before may not have asked for it.
                if self.may_be_made(call) {
                    marks.extend(self.marks_of_interrupted(call));
                }
                SoFar::Nothing
            }
        };
        OpenCall {
            call: call.clone(),
            marks,
            so_far,
        }
    }

    /// Whether the call may have been made, and making it again may change something.
    fn may_be_made(&self, call: &ToolCall) -> bool {
        match self.catalog.offered(&call.name) {
            Some(Offered::Handoff { .. } | Offered::Client(_)) => false,
            Some(Offered::Tool(entry)) => {
                let max_bytes = self.agent.limits.max_arguments_bytes;
                let was_made = entry.arguments.read(&call.arguments, max_bytes).is_ok();
                was_made && !entry.annotations.is_repeatable()
            }
            // Its tool server may be away.
            None => true,
        }
    }

    /// A call that may have been made asks, where its tool is there and somebody can be asked.
    fn marks_of_interrupted(&mut self, call: &ToolCall) -> [Mark; 2] {
        self.interrupted.insert(call.call_id.clone());
        let can_ask = self.options.attended == Attended::ByUser;
        let asks = match self.tool_of(call) {
            Ok(_) if can_ask => Mark::Asks,
            _ => Mark::Refused {
                text: INTERRUPTED.to_owned(),
            },
        };
        [Mark::Interrupted, asks]
    }

    /// Tells again of calls that an earlier process has told of, whose telling was lost with it.
    pub(super) async fn tell_left(&mut self, left: Vec<OpenCall>) -> Result<(), RunError> {
        for OpenCall { call, so_far, .. } in left {
            if matches!(so_far, SoFar::Decided(Decision::Declined { .. })) {
                continue;
            }
            let title = self.catalog.title(&call.name);
            self.tell(called(&call, title)).await?;
            let ToolCall {
                call_id,
                name,
                arguments,
            } = call;
            let arguments = AgentEvent::ToolArguments {
                call_id: call_id.clone(),
                arguments,
            };
            self.tell(arguments).await?;
            if let SoFar::Done(CallResult { text, outcome }) = so_far {
                self.tell(AgentEvent::ToolFinished {
                    call_id,
                    name,
                    outcome,
                    text,
                    usage: Usage::default(),
                    user_message: None,
                })
                .await?;
            }
        }
        Ok(())
    }

    /// How a run ends that had come to its end: an answer that hasn't its form is none.
    pub(super) fn ended_before(&self, state: &State, how: Ended) -> Ended {
        let schema = self.agent.output.as_ref();
        let schema = schema.filter(|_| how == Ended::Answered);
        match schema.map(|schema| schema.read(&state.new_items)) {
            Some(Err(detail)) => Ended::InvalidOutput { detail },
            Some(Ok(_)) | None => how,
        }
    }
}

/// What tells that a call is made.
pub(super) fn called(call: &ToolCall, title: Option<String>) -> AgentEvent {
    AgentEvent::ToolCalled {
        call_id: call.call_id.clone(),
        name: call.name.clone(),
        title,
    }
}

fn goes_last(marks: &BTreeSet<Mark>) -> bool {
    let is_held = |mark: &Mark| matches!(mark, Mark::HandsOver { .. } | Mark::Client);
    marks.iter().any(is_held)
}
