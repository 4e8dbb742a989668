//! The provider's events as ours.
//!
//! Blocks of text that follow each other are one message. Blocks and events that aren't known are handed on as they
//! came.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use frontdesk_clock::Ids;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{DIALECT, REDACTED, SIGNATURE, block};
use crate::answer::{Answer, Ending};
use crate::decode::{Decode, Progress};
use crate::failure::Failure;
use crate::raw::{number, text, value};
use crate::sse::FrameRef;
use crate::surrogates::without_halves;
use crate::{Event, Usage};

/// The reason to stop that is none: the provider wants to be asked to go on.
pub(super) const PAUSED: &str = "pause_turn";

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Decoder {
    ids: Arc<dyn Ids>,
    answer: Answer,
    calls: BTreeMap<u64, Call>,
    /// The index of the newest block, for gateways that leave indexes out.
    newest: u64,
    /// The calls of the provider's own tools.
    own_calls: BTreeMap<u64, OwnCall>,
    cited: Cited,
    ending: Option<Ending>,
    counts: Counts,
}

#[derive(Debug)]
struct OwnCall {
    /// Its place in the answer.
    place: usize,
    /// The JSON of its input, as far as it came.
    input: String,
}

/// What the block of text that grows cites.
#[derive(Debug, Default)]
struct Cited {
    /// Where the block begins in its message, in characters.
    start: usize,
    citations: Vec<Value>,
}

#[derive(Debug)]
struct Call {
    /// Its place in the answer.
    place: usize,
    /// The arguments that came with its beginning.
    whole: Option<String>,
}

/// What the provider counted; later counts replace earlier ones.
#[derive(Debug, Default)]
struct Counts {
    input: u64,
    cache_read: u64,
    cache_written: u64,
    output: u64,
    thinking: u64,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_json: Option<&'a RawValue>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
}

impl Decoder {
    pub(super) fn new(ids: Arc<dyn Ids>) -> Self {
        Self::of(ids, Answer::new(DIALECT))
    }

    fn of(ids: Arc<dyn Ids>, answer: Answer) -> Self {
        Self {
            ids,
            answer,
            calls: BTreeMap::new(),
            newest: 0,
            own_calls: BTreeMap::new(),
            cited: Cited::default(),
            ending: None,
            counts: Counts::default(),
        }
    }
}

impl Decode for Decoder {
    fn progress(&self) -> Progress {
        self.answer.progress()
    }

    fn read(&mut self, frame: &FrameRef<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let data = frame.data.trim();
        if data.is_empty() || data.starts_with("[DONE]") {
            return Ok(());
        }
        let data = without_halves(data);
        let Ok(wire) = serde_json::from_str::<Wire<'_>>(&data) else {
            self.answer.add_unknown(value(&data)?, events);
            return Ok(());
        };
        let kind = text(wire.kind)
            .or_else(|| frame.event.as_deref().map(str::to_owned))
            .unwrap_or_default();
        match &*kind {
            "content_block_delta" => self.read_delta(&data, &wire, events),
            "content_block_start" => self.begin_block(&data, &wire, events),
            "content_block_stop" => {
                self.end_block(&wire, events);
                Ok(())
            }
            "message_start" => {
                self.answer.start(events);
                if let Some(message) = wire.message {
                    let message = value(message.get())?;
                    self.counts.read(message.get("usage"));
                }
                Ok(())
            }
            "message_delta" => self.read_message_delta(&wire, events),
            "message_stop" => self.stop(events),
            "ping" => Ok(()),
            "error" => {
                let value = value(&data)?;
                Err(Failure::of_event(value.get("error").unwrap_or(&value)))
            }
            _ => {
                let value = value(&data)?;
                match value.get("error") {
                    Some(error) if kind.is_empty() => Err(Failure::of_event(error)),
                    Some(_) | None => {
                        self.answer.add_unknown(value, events);
                        Ok(())
                    }
                }
            }
        }
    }

    fn end(&mut self, events: &mut VecDeque<Event>) {
        if let Some(ending) = self.ending.take() {
            self.fill_calls(events);
            self.cite(events);
            self.answer.end(ending, self.counts.usage(), events);
        }
    }

    fn again(&self) -> Box<dyn Decode> {
        Box::new(Self::of(Arc::clone(&self.ids), self.answer.again()))
    }
}

impl Decoder {
    fn begin_block(
        &mut self,
        data: &str,
        wire: &Wire<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        self.answer.start(events);
        self.cite(events);
        let index = number(wire.index).unwrap_or_else(|| self.newest.saturating_add(1));
        self.newest = index;
        let block = match wire.content_block {
            Some(raw) => value(raw.get())?,
            None => Value::Null,
        };
        let field = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        match (field("type"), field("name")) {
            ("text", _) => {
                self.cited.start = self.answer.text_length();
                let citations = block.get("citations").and_then(Value::as_array);
                self.cited.citations = citations.cloned().unwrap_or_default();
                self.answer.add_text(field("text").to_owned(), events)
            }
            ("thinking", _) => {
                self.answer.close_current(events);
                let thinking = field("thinking").to_owned();
                self.answer.add_reasoning(thinking, events)?;
                self.keep(SIGNATURE, field("signature"), events)
            }
            ("redacted_thinking", _) => {
                self.answer.close_current(events);
                self.keep(REDACTED, field("data"), events)?;
                self.answer.close_current(events);
                Ok(())
            }
            ("tool_use", name) if !name.is_empty() => {
                let place = self
                    .answer
                    .begin_call(self.ids.next("call"), name, events)?;
                let input = block.get("input").and_then(Value::as_object);
                let whole = input.filter(|input| !input.is_empty());
                let whole = whole.map(|input| Value::Object(input.clone()).to_string());
                self.calls.insert(index, Call { place, whole });
                Ok(())
            }
            (kind, _) if block::is_call(kind) || block::is_result(kind) => {
                self.begin_own(index, block, events)
            }
            _ => {
                self.answer.add_unknown(value(data)?, events);
                Ok(())
            }
        }
    }

    /// Begins what a tool of the provider's was asked or gave.
    fn begin_own(
        &mut self,
        index: u64,
        block: Value,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let Value::Object(block) = block else {
            return Ok(());
        };
        let place = self.answer.begin_own(block, events)?;
        let input = String::new();
        self.own_calls.insert(index, OwnCall { place, input });
        Ok(())
    }

    fn read_delta(
        &mut self,
        data: &str,
        wire: &Wire<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        self.answer.start(events);
        let delta = delta(wire)?;
        let some = |raw| text(raw).unwrap_or_default();
        match &*some(delta.kind) {
            "text_delta" => self.answer.add_text(some(delta.text), events),
            "thinking_delta" => self.answer.add_reasoning(some(delta.thinking), events),
            "signature_delta" => self.keep(SIGNATURE, &some(delta.signature), events),
            "input_json_delta" => {
                let index = number(wire.index).unwrap_or(self.newest);
                let json = some(delta.partial_json);
                if let Some(call) = self.calls.get(&index) {
                    self.answer.add_arguments(call.place, json, events);
                } else if let Some(call) = self.own_calls.get_mut(&index) {
                    call.input.push_str(&json);
                }
                Ok(())
            }
            "citations_delta" => {
                if let Some(raw) = delta.citation {
                    self.cited.citations.push(value(raw.get())?);
                }
                Ok(())
            }
            _ => {
                self.answer.add_unknown(value(data)?, events);
                Ok(())
            }
        }
    }

    fn end_block(&mut self, wire: &Wire<'_>, events: &mut VecDeque<Event>) {
        let index = number(wire.index).unwrap_or(self.newest);
        if let Some(call) = self.calls.remove(&index) {
            self.fill(&call, events);
            self.answer.close(call.place, events);
        } else if let Some(call) = self.own_calls.remove(&index) {
            self.end_own(&call, events);
        } else {
            self.cite(events);
            self.answer.close_reasoning(events);
        }
    }

    fn end_own(&mut self, call: &OwnCall, events: &mut VecDeque<Event>) {
        if let Ok(input @ Value::Object(_)) = frontdesk_json::read(call.input.as_bytes()) {
            self.answer.set_own(call.place, "input", input);
        }
        self.answer.close(call.place, events);
    }

    /// Adds what the block of text has cited, all of it for the whole block.
    fn cite(&mut self, events: &mut VecDeque<Event>) {
        let Cited { start, citations } = std::mem::take(&mut self.cited);
        let end = if citations.is_empty() {
            start
        } else {
            self.answer.text_length()
        };
        for citation in citations {
            self.answer
                .annotate(block::citation(citation, start, end), events);
        }
    }

    fn read_message_delta(
        &mut self,
        wire: &Wire<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        self.answer.start(events);
        if let Some(usage) = wire.usage {
            self.counts.read(Some(&value(usage.get())?));
        }
        if let Some(reason) = text(delta(wire)?.stop_reason) {
            self.ending = Some(ending(&reason));
            self.answer.set_whole();
        }
        Ok(())
    }

    fn stop(&mut self, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        if self.ending.is_none() && self.answer.is_empty() {
            return Err(Failure::cut("the message stopped before any answer"));
        }
        self.ending.get_or_insert(Ending::Complete);
        self.end(events);
        Ok(())
    }

    /// Keeps what has to go back with the thinking.
    fn keep(
        &mut self,
        name: &str,
        data: &str,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        if data.is_empty() {
            return Ok(());
        }
        self.answer.keep_with_reasoning(name, data, events)
    }

    fn fill_calls(&mut self, events: &mut VecDeque<Event>) {
        for call in std::mem::take(&mut self.calls).into_values() {
            self.fill(&call, events);
        }
        for call in std::mem::take(&mut self.own_calls).into_values() {
            self.end_own(&call, events);
        }
    }

    /// Gives a call the arguments that it began with, where no others came.
    fn fill(&mut self, call: &Call, events: &mut VecDeque<Event>) {
        if let (Some(whole), true) = (&call.whole, self.answer.arguments(call.place).is_empty()) {
            self.answer.add_arguments(call.place, whole.clone(), events);
        }
    }
}

impl Counts {
    fn read(&mut self, usage: Option<&Value>) {
        let count = |path: &str| usage?.pointer(path)?.as_u64();
        for (kept, path) in [
            (&mut self.input, "/input_tokens"),
            (&mut self.cache_read, "/cache_read_input_tokens"),
            (&mut self.cache_written, "/cache_creation_input_tokens"),
            (&mut self.output, "/output_tokens"),
            (&mut self.thinking, "/output_tokens_details/thinking_tokens"),
        ] {
            if let Some(count) = count(path) {
                *kept = count;
            }
        }
    }

    /// The provider counts what was read from its cache or written there apart from the rest of the input.
    fn usage(&self) -> Usage {
        let input_tokens = self
            .input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_written);
        Usage {
            input_tokens,
            cached_input_tokens: self.cache_read,
            output_tokens: self.output,
            reasoning_tokens: self.thinking,
            total_tokens: input_tokens.saturating_add(self.output),
        }
    }
}

fn delta<'a>(wire: &Wire<'a>) -> Result<Delta<'a>, Failure> {
    match wire.delta {
        Some(raw) => serde_json::from_str(raw.get())
            .map_err(|error| Failure::malformed(format!("delta: {error}"))),
        None => Ok(Delta::default()),
    }
}

/// What the provider's reason to stop means. A reason that nobody knows is as good as any.
fn ending(reason: &str) -> Ending {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => {
            Ending::Incomplete("max_output_tokens".to_owned())
        }
        "refusal" => Ending::Incomplete("content_filter".to_owned()),
        PAUSED => Ending::Incomplete(PAUSED.to_owned()),
        _ => Ending::Complete,
    }
}
