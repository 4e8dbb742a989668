//! Reads one model call's events and tells what they mean, leniently: events may be missing, repeated or out of place.
//!
//! Outputs are counted in the order in which they appear, and calls get ids of ours; nothing is keyed by a provider's id.

mod output;

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::{Error, ErrorKind, Event, Item};

use self::output::{Kind, Output, Sort};
use crate::call_ids::take_id;
use crate::event::{AgentEvent, OutputKey};

/// How many outputs one response may have.
const MAX_OUTPUTS: usize = 1_024;

/// How many partial images of one image are told; further ones, and those longer than a response, are left out.
const MAX_PARTIAL_IMAGES: usize = 16;

/// One model call as far as it was read.
pub(crate) struct StepReader {
    step: u32,
    used_ids: BTreeSet<String>,
    outputs: Vec<Output>,
    /// The latest output that has this index of the provider.
    by_index: BTreeMap<usize, usize>,
    max_bytes: usize,
    bytes: usize,
}

impl StepReader {
    /// A reader of this model call. `used_ids` are the call ids of the conversation so far, and those of void calls.
    pub(crate) fn new(step: u32, used_ids: BTreeSet<String>, max_bytes: usize) -> Self {
        Self {
            step,
            used_ids,
            outputs: Vec::new(),
            by_index: BTreeMap::new(),
            max_bytes,
            bytes: 0,
        }
    }

    /// Reads an event that isn't the last one.
    pub(crate) fn read(&mut self, event: Event) -> Result<Vec<AgentEvent>, Error> {
        let mut told = Vec::new();
        match event {
            Event::ItemAdded { index, item } => {
                let number = self.begin(index, &item)?;
                self.with(number, |output| output.announce(&item, &mut told));
            }
            Event::TextDelta { index, part, delta }
            | Event::RefusalDelta { index, part, delta } => {
                self.count(&delta)?;
                let number = self.growing(index, Kind::text())?;
                self.with(number, |output| output.add_text(part, delta, &mut told));
            }
            Event::ReasoningDelta { index, part, delta } => {
                self.count(&delta)?;
                let number = self.growing(index, Kind::reasoning())?;
                self.with(number, |output| {
                    output.add_reasoning(part, delta, &mut told);
                });
            }
            Event::ArgumentsDelta { index, delta } => {
                self.count(&delta)?;
                if let Some(number) = self.by_index.get(&index).copied() {
                    self.with(number, |output| output.add_arguments(delta, &mut told));
                }
            }
            Event::AnnotationAdded {
                index,
                part,
                annotation,
            } => {
                self.count(&annotation.to_string())?;
                if let Some(number) = self.by_index.get(&index).copied() {
                    self.with(number, |output| output.cite(part, annotation, &mut told));
                }
            }
            Event::ImagePartial {
                index,
                number: of_image,
                data,
            } if of_image < MAX_PARTIAL_IMAGES && data.len() <= self.max_bytes => {
                let number = self.growing(index, Kind::Image)?;
                self.with(number, |output| output.draw(of_image, data, &mut told));
            }
            Event::ItemDone { index, item } => {
                let number = match self.by_index.get(&index) {
                    Some(number) => *number,
                    None => self.begin(index, &item)?,
                };
                self.with(number, |output| output.complete(&item, &mut told));
            }
            Event::Started
            | Event::AnsweredBy { .. }
            | Event::ImagePartial { .. }
            | Event::Unknown(_)
            | Event::Completed { .. }
            | Event::Incomplete { .. } => {}
        }
        Ok(told)
    }

    /// Closes what is open, with the finished response's items. Gives them back with our call ids.
    pub(crate) fn finish(
        &mut self,
        mut items: Vec<Item>,
    ) -> Result<(Vec<AgentEvent>, Vec<Item>), Error> {
        let mut told = Vec::new();
        let mut matched = BTreeSet::new();
        for item in &mut items {
            if Sort::of(item) == Sort::Other {
                continue;
            }
            let number = match self.output_of(item, &matched) {
                Some(number) => number,
                None => self.push_item(item)?,
            };
            matched.insert(number);
            self.with(number, |output| {
                output.complete(item, &mut told);
                if let (Item::FunctionCall(call), Some(call_id)) = (item, output.call_id()) {
                    call_id.clone_into(&mut call.call_id);
                }
            });
        }
        for (number, output) in self.outputs.iter_mut().enumerate() {
            if !matched.contains(&number) {
                items.extend(output.close(&mut told));
            }
        }
        Ok((told, items))
    }

    /// The output that begins with this item: a new one, unless it was begun already.
    fn begin(&mut self, index: usize, item: &Item) -> Result<usize, Error> {
        let open = self.by_index.get(&index).copied();
        let same = |number: &usize| {
            self.outputs
                .get(*number)
                .is_some_and(|output| output.grows_as(Sort::of(item)))
        };
        if let Some(number) = open.filter(same) {
            return Ok(number);
        }
        let number = self.push_item(item)?;
        self.by_index.insert(index, number);
        Ok(number)
    }

    /// The output that a delta adds to: a new one where the item's beginning was never told.
    fn growing(&mut self, index: usize, fresh: Kind) -> Result<usize, Error> {
        if let Some(number) = self.by_index.get(&index) {
            return Ok(*number);
        }
        let number = self.push(fresh)?;
        self.by_index.insert(index, number);
        Ok(number)
    }

    /// The output that became this item: the call with the same id, else the first of its sort.
    fn output_of(&self, item: &Item, matched: &BTreeSet<usize>) -> Option<usize> {
        let free = || {
            let sort = Sort::of(item);
            self.outputs
                .iter()
                .enumerate()
                .filter(move |(number, output)| output.sort() == sort && !matched.contains(number))
        };
        let same = free().find(|(_, output)| output.has_id_of(item));
        same.or_else(|| free().next()).map(|(number, _)| number)
    }

    fn push_item(&mut self, item: &Item) -> Result<usize, Error> {
        let kind = match item {
            Item::Message(_) => Kind::text(),
            Item::Reasoning(_) => Kind::reasoning(),
            Item::FunctionCall(call) => Kind::Call {
                call_id: take_id(&call.call_id, &mut self.used_ids),
                theirs: call.call_id.clone(),
                name: None,
            },
            Item::Other(_) if Sort::of(item) == Sort::Image => Kind::Image,
            Item::FunctionCallOutput(_) | Item::Other(_) => Kind::Other,
        };
        self.push(kind)
    }

    fn push(&mut self, kind: Kind) -> Result<usize, Error> {
        let number = self.outputs.len();
        if number >= MAX_OUTPUTS {
            let detail = format!("more than {MAX_OUTPUTS} outputs in one response");
            return Err(Error::new(ErrorKind::Protocol, detail));
        }
        let key = OutputKey {
            step: self.step,
            index: u32::try_from(number).unwrap_or(u32::MAX),
        };
        self.outputs.push(Output::new(key, kind));
        Ok(number)
    }

    fn with(&mut self, number: usize, change: impl FnOnce(&mut Output)) {
        if let Some(output) = self.outputs.get_mut(number) {
            change(output);
        }
    }

    fn count(&mut self, delta: &str) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(delta.len());
        if self.bytes > self.max_bytes {
            let detail = format!("a response longer than {} bytes", self.max_bytes);
            return Err(Error::new(ErrorKind::Protocol, detail));
        }
        Ok(())
    }
}
