//! One output of a response while it grows: a text, a reasoning summary, a call or an image.
//!
//! Each is begun once and finished once, whatever the provider repeats.

mod image;

use std::collections::BTreeMap;
use std::mem;

use frontdesk_model::{ContentPart, Item, Message, Reasoning, Usage};
use serde_json::Value;

use crate::event::{AgentEvent, OutputKey};
use crate::tool::Outcome;

/// What is told of a call that was announced and isn't in the finished response.
const TAKEN_BACK: &str = "the call was not made, because the model took it back";

/// An output of a response.
pub(super) struct Output {
    key: OutputKey,
    kind: Kind,
    done: bool,
}

/// What an output is, as far as it was read.
pub(super) enum Kind {
    Text {
        text: String,
    },
    Reasoning {
        parts: BTreeMap<usize, String>,
    },
    Call {
        call_id: String,
        /// The provider's id, which may be anybody's.
        theirs: String,
        /// The tool, once it was told.
        name: Option<String>,
    },
    Image,
    Other,
}

/// What an item and an output can be alike in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Text,
    Reasoning,
    Call,
    Image,
    Other,
}

impl Sort {
    pub(super) fn of(item: &Item) -> Self {
        match item {
            Item::Message(_) => Self::Text,
            Item::Reasoning(_) => Self::Reasoning,
            Item::FunctionCall(_) => Self::Call,
            Item::Other(map) if image::is_image(map) => Self::Image,
            Item::FunctionCallOutput(_) | Item::Other(_) => Self::Other,
        }
    }
}

impl Kind {
    pub(super) fn text() -> Self {
        Self::Text {
            text: String::new(),
        }
    }

    pub(super) fn reasoning() -> Self {
        Self::Reasoning {
            parts: BTreeMap::new(),
        }
    }
}

impl Output {
    pub(super) fn new(key: OutputKey, kind: Kind) -> Self {
        Self {
            key,
            kind,
            done: false,
        }
    }

    pub(super) fn sort(&self) -> Sort {
        match self.kind {
            Kind::Text { .. } => Sort::Text,
            Kind::Reasoning { .. } => Sort::Reasoning,
            Kind::Call { .. } => Sort::Call,
            Kind::Image => Sort::Image,
            Kind::Other => Sort::Other,
        }
    }

    /// Whether it may still grow as an item of this sort.
    pub(super) fn grows_as(&self, sort: Sort) -> bool {
        !self.done && self.sort() == sort
    }

    /// Our id of the call that it is.
    pub(super) fn call_id(&self) -> Option<&str> {
        match &self.kind {
            Kind::Call { call_id, .. } => Some(call_id),
            Kind::Text { .. } | Kind::Reasoning { .. } | Kind::Image | Kind::Other => None,
        }
    }

    /// Whether it is the call that the provider gave the same id.
    pub(super) fn has_id_of(&self, item: &Item) -> bool {
        match (&self.kind, item) {
            (Kind::Call { theirs, .. }, Item::FunctionCall(call)) => *theirs == call.call_id,
            _ => false,
        }
    }

    pub(super) fn add_text(&mut self, part: usize, delta: String, told: &mut Vec<AgentEvent>) {
        if let Kind::Text { text } = &mut self.kind
            && !self.done
            && !delta.is_empty()
        {
            let key = self.key;
            if text.is_empty() {
                told.push(AgentEvent::TextStarted { key });
            }
            text.push_str(&delta);
            told.push(AgentEvent::TextDelta { key, part, delta });
        }
    }

    pub(super) fn add_reasoning(&mut self, part: usize, delta: String, told: &mut Vec<AgentEvent>) {
        if let Kind::Reasoning { parts } = &mut self.kind
            && !self.done
            && !delta.is_empty()
        {
            parts.entry(part).or_default().push_str(&delta);
            let key = self.key;
            told.push(AgentEvent::ReasoningDelta { key, part, delta });
        }
    }

    /// A citation in a text that has begun; in another one it comes with the whole text.
    pub(super) fn cite(&self, part: usize, annotation: Value, told: &mut Vec<AgentEvent>) {
        if let Kind::Text { text } = &self.kind
            && !self.done
            && !text.is_empty()
        {
            let key = self.key;
            told.push(AgentEvent::AnnotationAdded {
                key,
                part,
                annotation,
            });
        }
    }

    pub(super) fn draw(&self, number: usize, data: String, told: &mut Vec<AgentEvent>) {
        if matches!(self.kind, Kind::Image) && !self.done && !data.is_empty() {
            let key = self.key;
            told.push(AgentEvent::ImagePartial { key, number, data });
        }
    }

    /// More of the arguments of a call that was told of; of another one they come as a whole.
    pub(super) fn add_arguments(&self, delta: String, told: &mut Vec<AgentEvent>) {
        if let Kind::Call {
            call_id,
            name: Some(_),
            ..
        } = &self.kind
            && !self.done
            && !delta.is_empty()
        {
            let call_id = call_id.clone();
            told.push(AgentEvent::ToolArgumentsDelta { call_id, delta });
        }
    }

    /// Tells of a call as soon as the model has named it.
    pub(super) fn announce(&mut self, item: &Item, told: &mut Vec<AgentEvent>) {
        if let (Kind::Call { call_id, name, .. }, Item::FunctionCall(call)) = (&mut self.kind, item)
            && name.is_none()
            && !call.name.is_empty()
        {
            *name = Some(call.name.clone());
            told.push(called(call_id, &call.name));
        }
    }

    /// The output is finished, and this is the item that counts. Does nothing the second time.
    pub(super) fn complete(&mut self, item: &Item, told: &mut Vec<AgentEvent>) {
        if !self.grows_as(Sort::of(item)) {
            return;
        }
        self.done = true;
        match (&mut self.kind, item) {
            (Kind::Text { text }, Item::Message(message)) => {
                complete_text(self.key, text, message, told);
            }
            (Kind::Reasoning { parts }, Item::Reasoning(reasoning)) => {
                complete_reasoning(self.key, parts, reasoning, told);
            }
            (Kind::Call { call_id, name, .. }, Item::FunctionCall(call)) => {
                if name.replace(call.name.clone()).is_none() {
                    told.push(called(call_id, &call.name));
                }
                let (call_id, arguments) = (call_id.clone(), call.arguments.clone());
                told.push(AgentEvent::ToolArguments { call_id, arguments });
            }
            (Kind::Image, Item::Other(map)) => told.extend(image::done(self.key, map)),
            _ => {}
        }
    }

    /// Closes an output that the finished response doesn't have. A text is given back, since people have read it.
    pub(super) fn close(&mut self, told: &mut Vec<AgentEvent>) -> Option<Item> {
        let key = self.key;
        let done = mem::replace(&mut self.done, true);
        match &self.kind {
            Kind::Text { text } if !text.is_empty() => {
                if !done {
                    let (text, annotations) = (text.clone(), Vec::new());
                    told.push(AgentEvent::TextDone {
                        key,
                        text,
                        annotations,
                    });
                }
                Some(Item::assistant(text))
            }
            Kind::Reasoning { parts } if !parts.is_empty() && !done => {
                let summary = parts.values().cloned().collect();
                told.push(AgentEvent::ReasoningDone { key, summary });
                None
            }
            Kind::Call {
                call_id,
                name: Some(name),
                ..
            } => {
                told.push(AgentEvent::ToolFinished {
                    call_id: call_id.clone(),
                    name: name.clone(),
                    outcome: Outcome::Error,
                    text: TAKEN_BACK.to_owned(),
                    usage: Usage::default(),
                    user_message: None,
                });
                None
            }
            Kind::Text { .. }
            | Kind::Reasoning { .. }
            | Kind::Call { .. }
            | Kind::Image
            | Kind::Other => None,
        }
    }
}

fn called(call_id: &str, name: &str) -> AgentEvent {
    AgentEvent::ToolCalled {
        call_id: call_id.to_owned(),
        name: name.to_owned(),
        title: None,
    }
}

fn complete_text(
    key: OutputKey,
    streamed: &mut String,
    message: &Message,
    told: &mut Vec<AgentEvent>,
) {
    let started = !streamed.is_empty();
    let whole = message.text();
    if !whole.is_empty() {
        *streamed = whole;
    }
    if streamed.is_empty() {
        return;
    }
    if !started {
        told.push(AgentEvent::TextStarted { key });
    }
    let (text, annotations) = (streamed.clone(), annotations(message));
    told.push(AgentEvent::TextDone {
        key,
        text,
        annotations,
    });
}

fn complete_reasoning(
    key: OutputKey,
    streamed: &BTreeMap<usize, String>,
    reasoning: &Reasoning,
    told: &mut Vec<AgentEvent>,
) {
    let summary = if reasoning.summary.is_empty() {
        streamed.values().cloned().collect()
    } else {
        reasoning.summary.clone()
    };
    if !summary.is_empty() {
        told.push(AgentEvent::ReasoningDone { key, summary });
    }
}

fn annotations(message: &Message) -> Vec<Value> {
    let of_part = |part: &ContentPart| match part {
        ContentPart::OutputText { annotations, .. } => annotations.clone(),
        ContentPart::InputText { .. } | ContentPart::Refusal { .. } | ContentPart::Other(_) => {
            Vec::new()
        }
    };
    message.content.iter().flat_map(of_part).collect()
}
