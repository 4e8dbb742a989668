//! What is stored of a turn whose process died: what it recorded, what it showed, and what of that was lost.

use std::collections::BTreeSet;

use frontdesk_agent::{Outcome, Recorded, WITHHELD_INPUT};
use frontdesk_model::{Item, Role};
use frontdesk_protocol::{ItemId, ThreadItem, WorkflowKind};
use frontdesk_store::limit::MAX_PAGE;

use super::super::events::Speech;
use super::super::step::{ReadAs, StepData};
use super::super::{HistoryLimits, UNCHECKED};
use super::summary::Summary;
use super::{Past, load_with};
use crate::{Turn, TurnError};

/// What an earlier process has stored of this turn.
#[derive(Debug)]
pub(in super::super) struct Left {
    steps: Vec<StepData>,
    /// The items that it wrote.
    items: Vec<ThreadItem>,
}

/// What came before the turn, and what the turn itself has stored. A step that this release doesn't understand ends the
/// turn.
pub(in super::super) async fn load_left(
    turn: &Turn,
    limits: HistoryLimits,
) -> Result<(Past, Left), TurnError> {
    let stored = turn.steps(std::slice::from_ref(turn.id())).await?;
    let steps: Option<Vec<StepData>> = stored.iter().map(StepData::read).collect();
    let Some(steps) = steps else {
        return Err(TurnError::Interrupted);
    };
    let mut items = Vec::new();
    let mut before = Vec::new();
    // What the turn has written takes no place of what came before it.
    let (recent, mut past_steps) = turn.recent_with_steps(MAX_PAGE).await?;
    for stored in recent {
        let is_own = stored.turn.as_ref() == Some(turn.id());
        if is_own && !is_begun_with(&stored.item) {
            items.push(stored.item);
        } else {
            before.push(stored);
        }
    }
    before.sort_by_key(|stored| stored.turn.as_ref() == Some(turn.id()));
    let most = usize::try_from(limits.items.max(1)).unwrap_or(usize::MAX);
    let before = before.split_off(before.len().saturating_sub(most));
    past_steps.retain(|step| {
        before
            .iter()
            .any(|item| item.turn.as_ref() == Some(&step.turn))
    });
    let mut past = load_with(turn, before, past_steps, limits).await?;
    let left = Left { steps, items };
    let read_as = left.read_as().cloned().map(StepData::reading);
    past.steps
        .extend(read_as.map(|step| (turn.id().clone(), step)));
    Ok((past, left))
}

impl Left {
    /// What the run recorded, in order.
    pub(in super::super) fn record(&self) -> Vec<Recorded> {
        let steps = self.steps.iter().filter(|step| is_of_run(step));
        let recorded = steps.map(|step| Recorded {
            agent: step.agent.clone(),
            items: step.items.clone(),
            outcome: step.failure.unwrap_or(Outcome::Ok),
        });
        recorded.collect()
    }

    /// Whether a model has replied.
    pub(in super::super) fn has_reply(&self) -> bool {
        self.last_reply().is_some()
    }

    /// What a guardrail put in place of what the user said.
    pub(in super::super) fn replaced(&self) -> Option<&str> {
        self.read_as()
            .filter_map(|read| read.text.as_deref())
            .last()
    }

    /// The agent of the reply that was recorded last.
    pub(in super::super) fn agent(&self) -> Option<&str> {
        self.last_reply()?.agent.as_deref()
    }

    /// Whether guardrails haven't let through what the user said.
    pub(in super::super) fn is_withheld(&self) -> bool {
        self.replaced() == Some(WITHHELD_INPUT)
    }

    /// Whether the note about the user's decision is stored.
    pub(in super::super) fn has_note(&self) -> bool {
        let is_note = |item: &ThreadItem| matches!(item, ThreadItem::SdkHiddenContext(_));
        self.items.iter().any(is_note)
    }

    /// Whether anything is stored of the turn.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.items.is_empty()
    }

    /// Whether the reply that was recorded last said anything.
    pub(in super::super) fn speech(&self) -> Speech {
        let has_image = |step: &&StepData| {
            let mut images = self.items.iter().filter(|item| is_image(item));
            images.any(|image| step.shows.contains(image.id()))
        };
        match self.last_reply() {
            Some(step) if !step.covers.is_empty() || has_image(&step) => Speech::Spoke,
            _ => Speech::Silent,
        }
    }

    /// Messages of the last reply that were recorded and never stored as items: their ids and texts.
    pub(in super::super) fn lost_texts(&self) -> Vec<(ItemId, String)> {
        let Some(step) = self.last_reply() else {
            return Vec::new();
        };
        let texts = step.items.iter().filter_map(|item| match item {
            Item::Message(message) if message.role == Role::Assistant => Some(message.text()),
            _ => None,
        });
        let texts = texts.filter(|text| !text.is_empty());
        let shown = step.covers.iter().cloned().zip(texts);
        shown.filter(|(id, _)| !self.has(id)).collect()
    }

    /// Images of a reply that was never recorded: the model is asked anew.
    pub(in super::super) fn stray_images(&self) -> Vec<ItemId> {
        let images = self.items.iter().filter(|item| is_image(item));
        let is_stray = |id: &&ItemId| !self.steps.iter().any(|step| step.shows.contains(id));
        images
            .map(ThreadItem::id)
            .filter(is_stray)
            .cloned()
            .collect()
    }

    /// The calls of the last reply, or those that the run began with, where the workflow that shows them is stored.
    pub(in super::super) fn shown_calls(&self) -> BTreeSet<String> {
        let mut shown = BTreeSet::new();
        match self.last_reply() {
            Some(step) if self.workflow_of(step).is_some_and(|id| self.has(id)) => {
                let calls = step.items.iter().filter_map(|item| match item {
                    Item::FunctionCall(call) => Some(call.call_id.clone()),
                    _ => None,
                });
                shown.extend(calls);
            }
            None if self.items.iter().any(shows_calls) => {
                let results = self.steps.iter().flat_map(|step| &step.items);
                let results = results.filter_map(|item| match item {
                    Item::FunctionCallOutput(result) => Some(result.call_id.clone()),
                    _ => None,
                });
                shown.extend(results);
            }
            _ => {}
        }
        shown
    }

    /// The workflow of the last reply's calls, where it was never stored.
    pub(in super::super) fn lost_workflow(&self) -> Option<ItemId> {
        let workflow = self.workflow_of(self.last_reply()?)?;
        (!self.has(workflow)).then(|| workflow.clone())
    }

    /// A step's items that aren't its images.
    fn workflow_of<'s>(&self, step: &'s StepData) -> Option<&'s ItemId> {
        let images: Vec<&ItemId> = self
            .items
            .iter()
            .filter(|item| is_image(item))
            .map(ThreadItem::id)
            .collect();
        step.shows.iter().find(|id| !images.contains(id))
    }

    fn last_reply(&self) -> Option<&StepData> {
        let mut newest_first = self.steps.iter().rev();
        newest_first.find(|step| {
            let is_result = |item: &Item| matches!(item, Item::FunctionCallOutput(_));
            !step.items.is_empty() && !step.items.iter().all(is_result)
        })
    }

    fn read_as(&self) -> impl Iterator<Item = &ReadAs> {
        let read_as = self.steps.iter().filter_map(|step| step.read_as.as_ref());
        read_as.filter(|read| read.text.as_deref() != Some(UNCHECKED))
    }

    fn has(&self, id: &ItemId) -> bool {
        self.items.iter().any(|item| item.id() == id)
    }
}

/// Whether a turn begins with such an item, or has it from before its run. All others are what its run has made.
fn is_begun_with(item: &ThreadItem) -> bool {
    matches!(
        item,
        ThreadItem::UserMessage(_) | ThreadItem::StructuredInput(_) | ThreadItem::ClientToolCall(_)
    ) || Summary::of(item).is_some()
}

/// Whether the step is one of the run: a reply, results, or another agent that took over.
fn is_of_run(step: &StepData) -> bool {
    let says_agent_alone = step.covers.is_empty() && step.read_as.is_none() && step.asks.is_none();
    !step.items.is_empty() || (says_agent_alone && step.agent.is_some())
}

fn is_image(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::GeneratedImage(_))
}

fn shows_calls(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::Workflow(workflow) if workflow.workflow.kind == WorkflowKind::Custom)
}
