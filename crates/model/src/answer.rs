//! An answer that a provider sends in fragments, put together as our items and events.
//!
//! Text and thinking grow one at a time and end where the other begins; calls stay open, because their fragments may
//! come in any order. Items get no id of the provider's, and calls get ids of ours.

use std::collections::VecDeque;
use std::mem;

use serde_json::{Map, Value};

use crate::decode::Progress;
use crate::failure::Failure;
use crate::{ContentPart, Event, FunctionCall, Item, Message, Reasoning, Role, Usage};

/// The most items that one answer may have.
const MAX_ITEMS: usize = 1_000;
/// The field of a reasoning item that names the dialect which can read it again.
pub(crate) const DIALECT: &str = "dialect";

/// An answer as far as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    dialect: &'static str,
    progress: Progress,
    items: Vec<Growing>,
    /// The text or the thinking that grows.
    current: Option<usize>,
}

#[derive(Debug)]
struct Growing {
    item: Item,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

/// How an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With all that the model had to say.
    Complete,
    /// Cut short, for this reason.
    Incomplete(String),
}

/// The sorts of what grows one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Message,
    Reasoning,
}

impl Answer {
    pub(crate) fn new(dialect: &'static str) -> Self {
        Self {
            dialect,
            progress: Progress::Silent,
            items: Vec::new(),
            current: None,
        }
    }

    /// An answer for the next try, which doesn't say again what was said.
    pub(crate) fn again(&self) -> Self {
        Self {
            progress: self.progress,
            ..Self::new(self.dialect)
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The provider took the request.
    pub(crate) fn start(&mut self, events: &mut VecDeque<Event>) {
        if self.progress == Progress::Silent {
            self.progress = Progress::Started;
            events.push_back(Event::Started);
        }
    }

    /// All that counts has come.
    pub(crate) fn set_whole(&mut self) {
        self.progress = self.progress.max(Progress::Whole);
    }

    /// Something that isn't part of the answer as far as this crate knows. It may be a tool of the provider's at work,
    /// so another try may do harm.
    pub(crate) fn add_unknown(&mut self, value: Value, events: &mut VecDeque<Event>) {
        self.start(events);
        self.add(Event::Unknown(value), events);
    }

    pub(crate) fn add_text(
        &mut self,
        delta: String,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        if delta.is_empty() {
            return Ok(());
        }
        let index = self.grow(Sort::Message, events)?;
        let part = self.content(index, |parts| {
            if let Some(ContentPart::OutputText { text, .. }) = parts.last_mut() {
                text.push_str(&delta);
            } else {
                parts.push(ContentPart::OutputText {
                    text: delta.clone(),
                    annotations: Vec::new(),
                });
            }
        });
        self.add(Event::TextDelta { index, part, delta }, events);
        Ok(())
    }

    pub(crate) fn add_refusal(
        &mut self,
        delta: String,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        if delta.is_empty() {
            return Ok(());
        }
        let index = self.grow(Sort::Message, events)?;
        let part = self.content(index, |parts| {
            if let Some(ContentPart::Refusal { refusal }) = parts.last_mut() {
                refusal.push_str(&delta);
            } else {
                parts.push(ContentPart::Refusal {
                    refusal: delta.clone(),
                });
            }
        });
        self.add(Event::RefusalDelta { index, part, delta }, events);
        Ok(())
    }

    pub(crate) fn add_reasoning(
        &mut self,
        delta: String,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        if delta.is_empty() {
            return Ok(());
        }
        let index = self.grow(Sort::Reasoning, events)?;
        if let Some(Item::Reasoning(reasoning)) = self.item(index) {
            match reasoning.summary.last_mut() {
                Some(text) => text.push_str(&delta),
                None => reasoning.summary.push(delta.clone()),
            }
        }
        let part = 0;
        self.add(Event::ReasoningDelta { index, part, delta }, events);
        Ok(())
    }

    /// Keeps what the provider wants back with its thinking, beside the thinking that grows or without any.
    pub(crate) fn keep_with_reasoning(
        &mut self,
        name: &str,
        value: &str,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let index = self.grow(Sort::Reasoning, events)?;
        if let Some(Item::Reasoning(reasoning)) = self.item(index) {
            let kept = reasoning
                .extra
                .entry(name)
                .or_insert_with(|| Value::from(""));
            if let Value::String(kept) = kept {
                kept.push_str(value);
            }
        }
        Ok(())
    }

    /// How many characters the part of text that grows has.
    pub(crate) fn text_length(&self) -> usize {
        let item = self.current.and_then(|index| self.items.get(index));
        match item.map(|growing| &growing.item) {
            Some(Item::Message(message)) => match message.content.last() {
                Some(ContentPart::OutputText { text, .. }) => text.chars().count(),
                _ => 0,
            },
            _ => 0,
        }
    }

    /// Adds a citation to the text that grows. Where none does, it is left out.
    pub(crate) fn annotate(&mut self, annotation: Value, events: &mut VecDeque<Event>) {
        let Some(index) = self.current else { return };
        let Some(Item::Message(message)) = self.item(index) else {
            return;
        };
        let part = message.content.len().saturating_sub(1);
        if let Some(ContentPart::OutputText { annotations, .. }) = message.content.last_mut() {
            annotations.push(annotation.clone());
            self.add(
                Event::AnnotationAdded {
                    index,
                    part,
                    annotation,
                },
                events,
            );
        }
    }

    /// Keeps something of the provider's with the newest item, if that is still open, to go back with it.
    pub(crate) fn keep_with_newest(&mut self, name: &str, value: Value) {
        self.keep_with(self.items.len().saturating_sub(1), name, value);
    }

    /// The same with this item.
    pub(crate) fn keep_with(&mut self, index: usize, name: &str, value: Value) {
        let dialect = self.dialect;
        let open = self.items.get_mut(index);
        let extra = match open
            .filter(|it| it.state == State::Open)
            .map(|it| &mut it.item)
        {
            Some(Item::Message(message)) => &mut message.extra,
            Some(Item::FunctionCall(call)) => &mut call.extra,
            Some(Item::Reasoning(reasoning)) => &mut reasoning.extra,
            Some(Item::FunctionCallOutput(_) | Item::Other(_)) | None => return,
        };
        extra.insert(DIALECT.to_owned(), Value::from(dialect));
        extra.insert(name.to_owned(), value);
    }

    /// Begins an item of the provider's own, which only this dialect can read again, and gives its index.
    pub(crate) fn begin_own(
        &mut self,
        mut fields: Map<String, Value>,
        events: &mut VecDeque<Event>,
    ) -> Result<usize, Failure> {
        self.close_current(events);
        fields.insert(DIALECT.to_owned(), Value::from(self.dialect));
        self.begin(Item::Other(fields), events)
    }

    /// Changes a field of such an item.
    pub(crate) fn set_own(&mut self, index: usize, name: &str, value: Value) {
        if let Some(Item::Other(fields)) = self.item(index) {
            fields.insert(name.to_owned(), value);
        }
    }

    /// Begins a call and gives its index.
    pub(crate) fn begin_call(
        &mut self,
        call_id: String,
        name: &str,
        events: &mut VecDeque<Event>,
    ) -> Result<usize, Failure> {
        self.close_current(events);
        self.begin(
            Item::FunctionCall(FunctionCall::new(call_id, name, "")),
            events,
        )
    }

    pub(crate) fn add_arguments(
        &mut self,
        index: usize,
        delta: String,
        events: &mut VecDeque<Event>,
    ) {
        if delta.is_empty() {
            return;
        }
        if let Some(Item::FunctionCall(call)) = self.item(index) {
            call.arguments.push_str(&delta);
            self.add(Event::ArgumentsDelta { index, delta }, events);
        }
    }

    /// The arguments of a call as far as they came.
    pub(crate) fn arguments(&self, index: usize) -> &str {
        match self.items.get(index).map(|growing| &growing.item) {
            Some(Item::FunctionCall(call)) => &call.arguments,
            _ => "",
        }
    }

    /// Ends the text or the thinking that grows.
    pub(crate) fn close_current(&mut self, events: &mut VecDeque<Event>) {
        if let Some(index) = self.current.take() {
            self.close(index, events);
        }
    }

    /// Ends the thinking that grows, and leaves a text open.
    pub(crate) fn close_reasoning(&mut self, events: &mut VecDeque<Event>) {
        let item = self.current.and_then(|index| self.items.get(index));
        if let Some(Item::Reasoning(_)) = item.map(|growing| &growing.item) {
            self.close_current(events);
        }
    }

    /// Ends an item. Does nothing the second time.
    pub(crate) fn close(&mut self, index: usize, events: &mut VecDeque<Event>) {
        let Some(growing) = self.items.get_mut(index) else {
            return;
        };
        if mem::replace(&mut growing.state, State::Done) == State::Done {
            return;
        }
        if let Item::FunctionCall(call) = &mut growing.item
            && call.arguments.trim().is_empty()
        {
            "{}".clone_into(&mut call.arguments);
        }
        let item = growing.item.clone();
        self.add(Event::ItemDone { index, item }, events);
    }

    /// Ends the answer and all its items.
    pub(crate) fn end(&mut self, ending: Ending, usage: Usage, events: &mut VecDeque<Event>) {
        self.current = None;
        for index in 0..self.items.len() {
            self.close(index, events);
        }
        self.progress = Progress::Ended;
        let items = mem::take(&mut self.items).into_iter();
        let output = items.map(|growing| growing.item).collect();
        events.push_back(match ending {
            Ending::Complete => Event::Completed { usage, output },
            Ending::Incomplete(reason) => Event::Incomplete {
                reason,
                usage,
                output,
            },
        });
    }

    fn add(&mut self, event: Event, events: &mut VecDeque<Event>) {
        self.progress = self.progress.max(Progress::Content);
        events.push_back(event);
    }

    /// The index of what grows, begun where something else grew or nothing.
    fn grow(&mut self, sort: Sort, events: &mut VecDeque<Event>) -> Result<usize, Failure> {
        let grows = |index: &usize| {
            let item = self.items.get(*index).map(|growing| &growing.item);
            match sort {
                Sort::Message => matches!(item, Some(Item::Message(_))),
                Sort::Reasoning => matches!(item, Some(Item::Reasoning(_))),
            }
        };
        if let Some(index) = self.current.filter(grows) {
            return Ok(index);
        }
        self.close_current(events);
        let item = match sort {
            Sort::Message => Item::Message(Message {
                id: None,
                role: Role::Assistant,
                content: Vec::new(),
                extra: Map::new(),
            }),
            Sort::Reasoning => Item::Reasoning(Reasoning {
                extra: Map::from_iter([(DIALECT.to_owned(), Value::from(self.dialect))]),
                ..Reasoning::default()
            }),
        };
        let index = self.begin(item, events)?;
        self.current = Some(index);
        Ok(index)
    }

    fn begin(&mut self, item: Item, events: &mut VecDeque<Event>) -> Result<usize, Failure> {
        let index = self.items.len();
        if index >= MAX_ITEMS {
            return Err(Failure::malformed(format!(
                "the answer has more items than allowed: {MAX_ITEMS}"
            )));
        }
        self.items.push(Growing {
            item: item.clone(),
            state: State::Open,
        });
        self.add(Event::ItemAdded { index, item }, events);
        Ok(index)
    }

    fn item(&mut self, index: usize) -> Option<&mut Item> {
        self.items.get_mut(index).map(|growing| &mut growing.item)
    }

    /// Changes the parts of a message; gives the index of the last one.
    fn content(&mut self, index: usize, change: impl FnOnce(&mut Vec<ContentPart>)) -> usize {
        let Some(Item::Message(message)) = self.item(index) else {
            return 0;
        };
        change(&mut message.content);
        message.content.len().saturating_sub(1)
    }
}
