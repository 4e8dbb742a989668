//! Reads one model call's events and tells what they mean, leniently: events may be missing, repeated or out of place.
//!
//! Outputs are counted in the order in which they appear, and calls get ids of ours; nothing is keyed by a provider's id.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk_model::{
    ContentPart, Error, ErrorKind, Event, FunctionCall, Item, Message, Reasoning,
};
use serde_json::Value;

use crate::call_ids::take_id;
use crate::event::{AgentEvent, OutputKey};
use crate::tool::Outcome;

/// How many outputs one response may have.
const MAX_OUTPUTS: usize = 1_024;

/// What the observer is told of a call that was announced and isn't in the finished response.
const TAKEN_BACK: &str = "the call was not made, because the model took it back";

/// One model call as far as it was read.
pub(crate) struct StepReader {
    step: u32,
    used_ids: BTreeSet<String>,
    outputs: Vec<Output>,
    /// The provider's index of each output that may still grow.
    by_index: BTreeMap<usize, usize>,
    max_bytes: usize,
    bytes: usize,
}

struct Output {
    kind: Kind,
    done: bool,
}

enum Kind {
    Text { text: String },
    Reasoning { parts: BTreeMap<usize, String> },
    Call { call_id: String, name: String },
    Other,
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Text,
    Reasoning,
    Call,
    Other,
}

impl StepReader {
    /// A reader of this model call. `used_ids` are the call ids of the conversation so far.
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
                self.begin(index, &item, &mut told)?;
            }
            Event::TextDelta { index, part, delta }
            | Event::RefusalDelta { index, part, delta } => {
                self.count(&delta)?;
                if let Some(number) = self.growing(index, Kind::text())? {
                    self.add_text(number, part, delta, &mut told);
                }
            }
            Event::ReasoningDelta { index, part, delta } => {
                self.count(&delta)?;
                if let Some(number) = self.growing(index, Kind::reasoning())? {
                    self.add_reasoning(number, part, delta, &mut told);
                }
            }
            Event::ArgumentsDelta { delta, .. } => self.count(&delta)?,
            Event::ItemDone { index, item } => {
                let number = match self.by_index.get(&index) {
                    Some(number) => *number,
                    None => self.begin(index, &item, &mut told)?,
                };
                self.complete(number, &item, &mut told);
            }
            Event::Started
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
            let sort = sort_of(item);
            if sort == Sort::Other {
                continue;
            }
            let unmatched = |(number, output): &(usize, &Output)| {
                output.kind.sort() == sort && !matched.contains(number)
            };
            let number = match self.outputs.iter().enumerate().find(unmatched) {
                Some((number, _)) => number,
                None => self.push(item, &mut told)?,
            };
            matched.insert(number);
            self.complete(number, item, &mut told);
            if let (Item::FunctionCall(call), Some(Kind::Call { call_id, .. })) =
                (item, self.kind(number))
            {
                call.call_id.clone_from(call_id);
            }
        }
        for number in (0..self.outputs.len()).filter(|number| !matched.contains(number)) {
            self.close(number, &mut items, &mut told);
        }
        Ok((told, items))
    }

    fn begin(
        &mut self,
        index: usize,
        item: &Item,
        told: &mut Vec<AgentEvent>,
    ) -> Result<usize, Error> {
        let open = self.by_index.get(&index).copied();
        let same = |number: &usize| {
            self.outputs
                .get(*number)
                .is_some_and(|output| !output.done && output.kind.sort() == sort_of(item))
        };
        if let Some(number) = open.filter(same) {
            return Ok(number);
        }
        let number = self.push(item, told)?;
        self.by_index.insert(index, number);
        Ok(number)
    }

    fn push(&mut self, item: &Item, told: &mut Vec<AgentEvent>) -> Result<usize, Error> {
        let kind = match item {
            Item::Message(_) => Kind::text(),
            Item::Reasoning(_) => Kind::reasoning(),
            Item::FunctionCall(call) => Kind::Call {
                call_id: take_id(&call.call_id, &mut self.used_ids),
                name: String::new(),
            },
            Item::FunctionCallOutput(_) | Item::Other(_) => Kind::Other,
        };
        let number = self.push_kind(kind)?;
        if let Item::FunctionCall(call) = item {
            self.announce(number, call, told);
        }
        Ok(number)
    }

    fn push_kind(&mut self, kind: Kind) -> Result<usize, Error> {
        if self.outputs.len() >= MAX_OUTPUTS {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("more than {MAX_OUTPUTS} outputs in one response"),
            ));
        }
        self.outputs.push(Output { kind, done: false });
        Ok(self.outputs.len() - 1)
    }

    /// The output that a delta adds to, begun with `fresh` where there is none; `None` where it is finished or of another sort.
    fn growing(&mut self, index: usize, fresh: Kind) -> Result<Option<usize>, Error> {
        let sort = fresh.sort();
        let number = if let Some(number) = self.by_index.get(&index) {
            *number
        } else {
            let number = self.push_kind(fresh)?;
            self.by_index.insert(index, number);
            number
        };
        let grows = |output: &Output| !output.done && output.kind.sort() == sort;
        Ok(self
            .outputs
            .get(number)
            .is_some_and(grows)
            .then_some(number))
    }

    fn count(&mut self, delta: &str) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(delta.len());
        if self.bytes > self.max_bytes {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("a response longer than {} bytes", self.max_bytes),
            ));
        }
        Ok(())
    }

    fn add_text(&mut self, number: usize, part: usize, delta: String, told: &mut Vec<AgentEvent>) {
        let key = self.key(number);
        if let Some(Kind::Text { text }) = self.kind_mut(number)
            && !delta.is_empty()
        {
            if text.is_empty() {
                told.push(AgentEvent::TextStarted { key });
            }
            text.push_str(&delta);
            told.push(AgentEvent::TextDelta { key, part, delta });
        }
    }

    fn add_reasoning(
        &mut self,
        number: usize,
        part: usize,
        delta: String,
        told: &mut Vec<AgentEvent>,
    ) {
        let key = self.key(number);
        if let Some(Kind::Reasoning { parts }) = self.kind_mut(number)
            && !delta.is_empty()
        {
            parts.entry(part).or_default().push_str(&delta);
            told.push(AgentEvent::ReasoningDelta { key, part, delta });
        }
    }

    /// An output is finished, and this is the item that counts. Does nothing the second time.
    fn complete(&mut self, number: usize, item: &Item, told: &mut Vec<AgentEvent>) {
        let fits = |output: &&mut Output| !output.done && output.kind.sort() == sort_of(item);
        let Some(output) = self.outputs.get_mut(number).filter(fits) else {
            return;
        };
        output.done = true;
        match item {
            Item::Message(message) => self.complete_text(number, message, told),
            Item::Reasoning(reasoning) => self.complete_reasoning(number, reasoning, told),
            Item::FunctionCall(call) => {
                self.announce(number, call, told);
                if let Some(Kind::Call { call_id, .. }) = self.kind(number) {
                    let (call_id, arguments) = (call_id.clone(), call.arguments.clone());
                    told.push(AgentEvent::ToolArguments { call_id, arguments });
                }
            }
            Item::FunctionCallOutput(_) | Item::Other(_) => {}
        }
    }

    fn complete_text(&mut self, number: usize, message: &Message, told: &mut Vec<AgentEvent>) {
        let key = self.key(number);
        let Some(Kind::Text { text: streamed }) = self.kind_mut(number) else {
            return;
        };
        let whole = message.text();
        let text = if whole.is_empty() {
            streamed.clone()
        } else {
            whole
        };
        if text.is_empty() {
            return;
        }
        if streamed.is_empty() {
            told.push(AgentEvent::TextStarted { key });
        }
        streamed.clone_from(&text);
        told.push(AgentEvent::TextDone {
            key,
            text,
            annotations: annotations(message),
        });
    }

    fn complete_reasoning(
        &mut self,
        number: usize,
        reasoning: &Reasoning,
        told: &mut Vec<AgentEvent>,
    ) {
        let key = self.key(number);
        let Some(Kind::Reasoning { parts }) = self.kind_mut(number) else {
            return;
        };
        let summary = if reasoning.summary.is_empty() {
            parts.values().cloned().collect()
        } else {
            reasoning.summary.clone()
        };
        if !summary.is_empty() {
            told.push(AgentEvent::ReasoningDone { key, summary });
        }
    }

    fn announce(&mut self, number: usize, call: &FunctionCall, told: &mut Vec<AgentEvent>) {
        if let Some(Kind::Call { call_id, name }) = self.kind_mut(number)
            && name.is_empty()
            && !call.name.is_empty()
        {
            name.clone_from(&call.name);
            told.push(AgentEvent::ToolCalled {
                call_id: call_id.clone(),
                name: call.name.clone(),
                title: None,
            });
        }
    }

    /// Closes an output that the finished response doesn't have; a text is kept, since people have read it.
    fn close(&mut self, number: usize, items: &mut Vec<Item>, told: &mut Vec<AgentEvent>) {
        let key = self.key(number);
        let Some(output) = self.outputs.get_mut(number) else {
            return;
        };
        let done = std::mem::replace(&mut output.done, true);
        match &output.kind {
            Kind::Text { text } if !text.is_empty() => {
                items.push(Item::assistant(text));
                if !done {
                    told.push(AgentEvent::TextDone {
                        key,
                        text: text.clone(),
                        annotations: Vec::new(),
                    });
                }
            }
            Kind::Reasoning { parts } if !parts.is_empty() && !done => {
                told.push(AgentEvent::ReasoningDone {
                    key,
                    summary: parts.values().cloned().collect(),
                });
            }
            Kind::Call { call_id, name } if !name.is_empty() => {
                told.push(AgentEvent::ToolFinished {
                    call_id: call_id.clone(),
                    name: name.clone(),
                    outcome: Outcome::Error,
                    text: TAKEN_BACK.to_owned(),
                });
            }
            Kind::Text { .. } | Kind::Reasoning { .. } | Kind::Call { .. } | Kind::Other => {}
        }
    }

    fn key(&self, number: usize) -> OutputKey {
        OutputKey {
            step: self.step,
            index: u32::try_from(number).unwrap_or(u32::MAX),
        }
    }

    fn kind(&self, number: usize) -> Option<&Kind> {
        self.outputs.get(number).map(|output| &output.kind)
    }

    fn kind_mut(&mut self, number: usize) -> Option<&mut Kind> {
        self.outputs.get_mut(number).map(|output| &mut output.kind)
    }
}

impl Kind {
    fn text() -> Self {
        Self::Text {
            text: String::new(),
        }
    }

    fn reasoning() -> Self {
        Self::Reasoning {
            parts: BTreeMap::new(),
        }
    }

    fn sort(&self) -> Sort {
        match self {
            Self::Text { .. } => Sort::Text,
            Self::Reasoning { .. } => Sort::Reasoning,
            Self::Call { .. } => Sort::Call,
            Self::Other => Sort::Other,
        }
    }
}

fn sort_of(item: &Item) -> Sort {
    match item {
        Item::Message(_) => Sort::Text,
        Item::Reasoning(_) => Sort::Reasoning,
        Item::FunctionCall(_) => Sort::Call,
        Item::FunctionCallOutput(_) | Item::Other(_) => Sort::Other,
    }
}

fn annotations(message: &Message) -> Vec<Value> {
    message
        .content
        .iter()
        .filter_map(|part| match part {
            ContentPart::OutputText { annotations, .. } => Some(annotations),
            ContentPart::InputText { .. } | ContentPart::Refusal { .. } | ContentPart::Other(_) => {
                None
            }
        })
        .flatten()
        .cloned()
        .collect()
}
