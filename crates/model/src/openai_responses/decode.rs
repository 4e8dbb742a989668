//! The provider's events as ours.
//!
//! A frame is parsed once, into a struct that borrows from it; only what an event hands on is copied.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{KeptAnswers, custom, previous};
use crate::decode::{Decode, Progress};
use crate::failure::Failure;
use crate::sse::FrameRef;
use crate::surrogates::without_halves;
use crate::{Event, Item, Usage};

/// The most items that one answer may have.
const MAX_ITEMS: usize = 1_000;

/// How far the answer has come.
#[derive(Debug)]
pub(super) struct Decoder {
    progress: Progress,
    kept: KeptAnswers,
    /// The index of the newest item, for providers that leave indexes out.
    newest: usize,
    done: BTreeMap<usize, Item>,
    /// The calls of custom tools whose input has begun.
    inputs: BTreeSet<usize>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    output_index: Option<usize>,
    content_index: Option<usize>,
    summary_index: Option<usize>,
    partial_image_index: Option<usize>,
    #[serde(borrow)]
    partial_image_b64: Option<Cow<'a, str>>,
    delta: Option<String>,
    #[serde(borrow)]
    annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Response {
    id: Option<Value>,
    output: Option<Vec<Value>>,
    usage: Option<Value>,
    incomplete_details: Option<Value>,
    error: Option<Value>,
}

impl Decode for Decoder {
    fn progress(&self) -> Progress {
        self.progress
    }

    fn read(&mut self, frame: &FrameRef<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data.starts_with("[DONE]") {
            return Err(Failure::cut("[DONE] came before the end of the response"));
        }
        let repaired;
        let (data, wire) = if let Ok(wire) = serde_json::from_str::<Wire<'_>>(data) {
            (data, wire)
        } else {
            repaired = without_halves(data);
            match serde_json::from_str::<Wire<'_>>(&repaired) {
                Ok(wire) => (&*repaired, wire),
                Err(error) => return self.read_odd(&repaired, &error, events),
            }
        };
        let kind = match (&*wire.kind, &frame.event) {
            ("", Some(name)) => name,
            (kind, _) => kind,
        };
        match kind {
            "response.output_text.delta" => {
                let (index, part) = (self.index(&wire), wire.content_index.unwrap_or_default());
                self.add_delta(events, wire.delta, |delta| Event::TextDelta {
                    index,
                    part,
                    delta,
                });
            }
            "response.function_call_arguments.delta" => {
                let index = self.index(&wire);
                self.add_delta(events, wire.delta, |delta| Event::ArgumentsDelta {
                    index,
                    delta,
                });
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                let part = wire
                    .summary_index
                    .or(wire.content_index)
                    .unwrap_or_default();
                let index = self.index(&wire);
                self.add_delta(events, wire.delta, |delta| Event::ReasoningDelta {
                    index,
                    part,
                    delta,
                });
            }
            "response.refusal.delta" => {
                let (index, part) = (self.index(&wire), wire.content_index.unwrap_or_default());
                self.add_delta(events, wire.delta, |delta| Event::RefusalDelta {
                    index,
                    part,
                    delta,
                });
            }
            "response.custom_tool_call_input.delta" => self.add_input(&wire, events),
            "response.output_text.annotation.added" => self.add_annotation(&wire, events)?,
            "response.image_generation_call.partial_image" => self.add_image(wire, events),
            "response.created" => self.start(events),
            "response.output_item.added" => self.add_item(&wire, events)?,
            "response.output_item.done" => self.end_item(&wire, events)?,
            "response.completed" | "response.incomplete" => {
                self.end(kind, wire.response, events)?;
            }
            "response.failed" => {
                let error = response(wire.response)?.error.unwrap_or_default();
                return Err(Failure::of_event(&error));
            }
            "error" | "response.error" => {
                return Err(Failure::of_event(&error_of(data, wire.error)?));
            }
            "" if wire.error.is_some() => {
                return Err(Failure::of_event(&error_of(data, wire.error)?));
            }
            // These say nothing that a delta or a finished item doesn't say.
            "keepalive"
            | "response.queued"
            | "response.in_progress"
            | "response.content_part.added"
            | "response.content_part.done"
            | "response.output_text.done"
            | "response.refusal.done"
            | "response.function_call_arguments.done"
            | "response.custom_tool_call_input.done"
            | "response.reasoning_summary_part.added"
            | "response.reasoning_summary_part.done"
            | "response.reasoning_summary_text.done"
            | "response.reasoning_text.done" => {}
            _ => self.add_unknown(value(data)?, events),
        }
        Ok(())
    }

    /// The API always says it itself.
    fn end(&mut self, _: &mut VecDeque<Event>) {}

    fn again(&self) -> Box<dyn Decode> {
        Box::new(Self {
            progress: self.progress,
            ..Self::new(self.kept)
        })
    }
}

impl Decoder {
    pub(super) fn new(kept: KeptAnswers) -> Self {
        Self {
            progress: Progress::Silent,
            kept,
            newest: 0,
            done: BTreeMap::new(),
            inputs: BTreeSet::new(),
        }
    }

    /// A frame that isn't as expected: fatal where it isn't even JSON or is an event that we need.
    fn read_odd(
        &mut self,
        data: &str,
        why: &serde_json::Error,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let value = value(data)?;
        match value.get("type").and_then(Value::as_str) {
            Some("error" | "response.error") => {
                Err(Failure::of_event(value.get("error").unwrap_or(&value)))
            }
            Some(
                kind @ ("response.output_text.delta"
                | "response.function_call_arguments.delta"
                | "response.output_item.added"
                | "response.output_item.done"
                | "response.completed"
                | "response.incomplete"
                | "response.failed"),
            ) => Err(Failure::malformed(format!("{kind}: {why}"))),
            Some(_) | None => {
                self.add_unknown(value, events);
                Ok(())
            }
        }
    }

    fn index(&self, wire: &Wire<'_>) -> usize {
        wire.output_index.unwrap_or(self.newest)
    }

    fn start(&mut self, events: &mut VecDeque<Event>) {
        if self.progress == Progress::Silent {
            self.progress = Progress::Started;
            events.push_back(Event::Started);
        }
    }

    /// Something that isn't part of the answer as far as this crate knows. It may be a tool of the provider's at work,
    /// so another try may do harm.
    fn add_unknown(&mut self, value: Value, events: &mut VecDeque<Event>) {
        self.start(events);
        self.add(events, Event::Unknown(value));
    }

    fn add(&mut self, events: &mut VecDeque<Event>, event: Event) {
        self.progress = self.progress.max(Progress::Content);
        events.push_back(event);
    }

    fn add_delta(
        &mut self,
        events: &mut VecDeque<Event>,
        delta: Option<String>,
        event: impl FnOnce(String) -> Event,
    ) {
        if let Some(delta) = delta.filter(|delta| !delta.is_empty()) {
            self.add(events, event(delta));
        }
    }

    /// More of a custom tool's input, as more of the arguments that it is for an agent.
    fn add_input(&mut self, wire: &Wire<'_>, events: &mut VecDeque<Event>) {
        let index = self.index(wire);
        if let Some(input) = wire.delta.as_deref().filter(|input| !input.is_empty()) {
            let mut delta = custom::escaped(input);
            if self.inputs.insert(index) {
                delta.insert_str(0, &custom::around_input().0);
            }
            self.add(events, Event::ArgumentsDelta { index, delta });
        }
    }

    fn add_annotation(
        &mut self,
        wire: &Wire<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let (index, part) = (self.index(wire), wire.content_index.unwrap_or_default());
        if let Some(raw) = wire.annotation {
            let annotation = value(raw.get())?;
            self.add(
                events,
                Event::AnnotationAdded {
                    index,
                    part,
                    annotation,
                },
            );
        }
        Ok(())
    }

    fn add_image(&mut self, wire: Wire<'_>, events: &mut VecDeque<Event>) {
        let index = self.index(&wire);
        if let Some(data) = wire.partial_image_b64 {
            let event = Event::ImagePartial {
                index,
                number: wire.partial_image_index.unwrap_or_default(),
                data: data.into_owned(),
            };
            self.add(events, event);
        }
    }

    fn add_item(&mut self, wire: &Wire<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let index = wire.output_index.unwrap_or(self.done.len());
        self.newest = index;
        let mut item = item(wire)?;
        if let Item::FunctionCall(call) = &mut item {
            call.arguments.clear();
        }
        self.add(events, Event::ItemAdded { index, item });
        Ok(())
    }

    fn end_item(&mut self, wire: &Wire<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let (index, item) = (self.index(wire), item(wire)?);
        if self.done.len() >= MAX_ITEMS {
            return Err(Failure::malformed(format!(
                "the answer has more items than allowed: {MAX_ITEMS}"
            )));
        }
        if self.inputs.remove(&index) {
            let delta = custom::around_input().1.to_owned();
            self.add(events, Event::ArgumentsDelta { index, delta });
        }
        self.done.insert(index, item.clone());
        self.add(events, Event::ItemDone { index, item });
        Ok(())
    }

    fn end(
        &mut self,
        kind: &str,
        raw: Option<&RawValue>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let response = response(raw)?;
        let mut output: Vec<Item> = response
            .output
            .unwrap_or_default()
            .into_iter()
            .filter_map(Item::from_value)
            .map(custom::read)
            .collect();
        let done = std::mem::take(&mut self.done);
        if output.is_empty() {
            output = done.into_values().collect();
        } else if done.is_empty() {
            for (index, item) in output.iter().cloned().enumerate() {
                events.push_back(Event::ItemDone { index, item });
            }
        }
        let id = response.id.as_ref().and_then(Value::as_str);
        if let (KeptAnswers::GoOnFrom, "response.completed", Some(id)) = (self.kept, kind, id) {
            for item in &mut output {
                previous::note(item, id);
            }
        }
        let usage = usage(&response.usage.unwrap_or_default());
        let reason = response.incomplete_details.unwrap_or_default();
        self.progress = Progress::Ended;
        events.push_back(if kind == "response.completed" {
            Event::Completed { usage, output }
        } else {
            Event::Incomplete {
                reason: reason
                    .get("reason")
                    .and_then(Value::as_str)
                    .unwrap_or("unknown")
                    .to_owned(),
                usage,
                output,
            }
        });
        Ok(())
    }
}

fn item(wire: &Wire<'_>) -> Result<Item, Failure> {
    let raw = wire
        .item
        .ok_or_else(|| Failure::malformed(format!("{}: no item", wire.kind)))?;
    frontdesk_json::read_as(raw.get().as_bytes())
        .map(custom::read)
        .map_err(|error| Failure::malformed(format!("{}: {error}", wire.kind)))
}

fn response(raw: Option<&RawValue>) -> Result<Response, Failure> {
    raw.map_or_else(
        || Ok(Response::default()),
        |raw| {
            frontdesk_json::read_as(raw.get().as_bytes())
                .map_err(|error| Failure::malformed(format!("response: {error}")))
        },
    )
}

fn value(data: &str) -> Result<Value, Failure> {
    frontdesk_json::read(data.as_bytes())
        .map_err(|error| Failure::malformed(format!("an event is not JSON: {error}")))
}

/// The object with `code` and `message`: the event itself, or its `error`.
fn error_of(data: &str, nested: Option<&RawValue>) -> Result<Value, Failure> {
    value(nested.map_or(data, RawValue::get))
}

fn usage(usage: &Value) -> Usage {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let input_tokens = count("/input_tokens").unwrap_or_default();
    let output_tokens = count("/output_tokens").unwrap_or_default();
    Usage {
        input_tokens,
        cached_input_tokens: count("/input_tokens_details/cached_tokens").unwrap_or_default(),
        output_tokens,
        reasoning_tokens: count("/output_tokens_details/reasoning_tokens").unwrap_or_default(),
        total_tokens: count("/total_tokens")
            .unwrap_or_else(|| input_tokens.saturating_add(output_tokens)),
    }
}
