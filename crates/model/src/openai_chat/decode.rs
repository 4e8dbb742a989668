//! The server's chunks as our events.
//!
//! Only the shape of a chunk is fixed; each of its values is read for what it turns out to be.

use std::collections::VecDeque;
use std::sync::Arc;

use frontdesk_clock::Ids;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::{Calls, Fragment};
use super::details::{DETAILS, Details};
use super::think::{Piece, Splitter};
use super::{DIALECT, extras};
use crate::answer::{Answer, Ending};
use crate::decode::{Decode, Progress};
use crate::failure::{Again, Failure};
use crate::raw::{number, text, value};
use crate::sse::FrameRef;
use crate::surrogates::without_halves;
use crate::{ErrorKind, Event, Usage};

/// Reads one answer.
#[derive(Debug)]
pub(super) struct Decoder {
    ids: Arc<dyn Ids>,
    answer: Answer,
    calls: Calls,
    splitter: Splitter,
    details: Details,
    ending: Option<Ending>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    /// The whole message, where a server sends it in one piece.
    #[serde(borrow)]
    message: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallDelta<'a>>>,
}

#[derive(Deserialize)]
struct CallDelta<'a> {
    #[serde(borrow)]
    index: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    extra_content: Option<&'a RawValue>,
    #[serde(borrow)]
    function: Option<FunctionDelta<'a>>,
}

#[derive(Deserialize)]
struct FunctionDelta<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl Decoder {
    pub(super) fn new(ids: Arc<dyn Ids>) -> Self {
        Self::of(ids, Answer::new(DIALECT))
    }

    fn of(ids: Arc<dyn Ids>, answer: Answer) -> Self {
        Self {
            ids,
            answer,
            calls: Calls::default(),
            splitter: Splitter::default(),
            details: Details::default(),
            ending: None,
            usage: Usage::default(),
        }
    }
}

impl Decode for Decoder {
    fn progress(&self) -> Progress {
        self.answer.progress()
    }

    fn read(&mut self, frame: &FrameRef<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(());
        }
        if data.starts_with("[DONE]") {
            return self.read_done(events);
        }
        if frame.event.as_deref() == Some("error") {
            return Err(failure_of(data)?);
        }
        let data = without_halves(data);
        match serde_json::from_str::<Chunk<'_>>(&data) {
            Ok(chunk) => self.read_chunk(&data, chunk, events),
            Err(error) => self.read_odd(&data, &error, events),
        }
    }

    fn end(&mut self, events: &mut VecDeque<Event>) {
        if let Some(ending) = self.ending.take() {
            self.keep_details();
            self.answer.end(ending, self.usage, events);
        }
    }

    fn again(&self) -> Box<dyn Decode> {
        Box::new(Self::of(Arc::clone(&self.ids), self.answer.again()))
    }
}

impl Decoder {
    /// The server's last word. Some leave the reason out before it.
    fn read_done(&mut self, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        if self.ending.is_none() {
            self.flush(events)?;
            if self.answer.is_empty() {
                return Err(Failure::cut("[DONE] came before any answer"));
            }
            self.ending = Some(Ending::Complete);
        }
        self.end(events);
        Ok(())
    }

    /// A frame that isn't as expected: fatal where it isn't even JSON or has a part of the answer.
    fn read_odd(
        &mut self,
        data: &str,
        why: &serde_json::Error,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let value = value(data)?;
        if is_error(&value) {
            return Err(failure_of(data)?);
        }
        if value.get("choices").is_some() {
            return Err(Failure::malformed(format!("chunk: {why}")));
        }
        self.answer.add_unknown(value, events);
        Ok(())
    }

    fn read_chunk(
        &mut self,
        data: &str,
        chunk: Chunk<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let says_error = text(chunk.object).is_some_and(|object| object == "error");
        if says_error || chunk.error.is_some() {
            return Err(failure_of(data)?);
        }
        if chunk.choices.is_none() && chunk.usage.is_none() {
            self.answer.add_unknown(value(data)?, events);
            return Ok(());
        }
        self.answer.start(events);
        if let Some(raw) = chunk.usage {
            self.usage = usage(&value(raw.get())?);
        }
        // Only one answer is asked for.
        let first = chunk
            .choices
            .into_iter()
            .flatten()
            .find(|choice| number(choice.index).is_none_or(|index| index == 0));
        match first {
            Some(choice) => self.read_choice(choice, events),
            None => Ok(()),
        }
    }

    fn read_choice(
        &mut self,
        choice: Choice<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        let message = choice.message.filter(|_| self.answer.is_empty());
        if let Some(delta) = choice.delta.or(message) {
            self.read_delta(delta, events)?;
        }
        if let Some(reason) = text(choice.finish_reason).filter(|reason| !reason.is_empty()) {
            self.flush(events)?;
            self.keep_details();
            self.answer.close_current(events);
            self.ending = Some(ending(&reason)?);
            self.answer.set_whole();
        }
        Ok(())
    }

    fn read_delta(
        &mut self,
        delta: Delta<'_>,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        // Some servers send the same thinking under both names.
        let reasoning = text(delta.reasoning_content)
            .filter(|text| !text.is_empty())
            .or_else(|| text(delta.reasoning).filter(|text| !text.is_empty()));
        let detailed = match delta.reasoning_details {
            Some(raw) => Some(self.details.take(value(raw.get())?)),
            None => None,
        };
        let reasoning = reasoning.or(detailed);
        if let Some(reasoning) = reasoning {
            self.answer.add_reasoning(reasoning, events)?;
        }
        if let Some(raw) = delta.content {
            self.read_content(raw, events)?;
        }
        if let Some(refusal) = text(delta.refusal) {
            self.answer.add_refusal(refusal, events)?;
        }
        if let Some(raw) = delta.annotations {
            self.flush(events)?;
            for citation in extras::citations(value(raw.get())?) {
                self.answer.annotate(citation, events);
            }
        }
        if let Some(raw) = delta.images {
            self.flush(events)?;
            for image in extras::images(&value(raw.get())?) {
                let place = self.answer.begin_own(image, events)?;
                self.answer.close(place, events);
            }
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.flush(events)?;
            let fragment = fragment(call)?;
            self.calls
                .take(fragment, &*self.ids, &mut self.answer, events)?;
        }
        Ok(())
    }

    fn keep_details(&mut self) {
        if let Some(details) = self.details.finish() {
            self.answer.keep_with_newest(DETAILS, details);
        }
    }

    /// The content: a text, or a list of parts of which some may be thinking.
    fn read_content(
        &mut self,
        raw: &RawValue,
        events: &mut VecDeque<Event>,
    ) -> Result<(), Failure> {
        if let Some(delta) = text(Some(raw)) {
            return self.read_text(&delta, events);
        }
        let Value::Array(parts) = value(raw.get())? else {
            return Ok(());
        };
        for part in &parts {
            let kind = part.get("type").and_then(Value::as_str);
            match (kind, part.get("text").and_then(Value::as_str)) {
                (Some("text") | None, Some(text)) => self.read_text(text, events)?,
                (Some("thinking"), _) => {
                    let thoughts = part.get("thinking").and_then(Value::as_array);
                    for thought in thoughts.into_iter().flatten() {
                        let text = thought.get("text").and_then(Value::as_str);
                        let text = text.unwrap_or_default().to_owned();
                        self.answer.add_reasoning(text, events)?;
                    }
                }
                (Some(_) | None, _) => {}
            }
        }
        Ok(())
    }

    fn read_text(&mut self, delta: &str, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        for piece in self.splitter.take(delta) {
            self.add_piece(piece, events)?;
        }
        Ok(())
    }

    /// Adds the text that was held back.
    fn flush(&mut self, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        match self.splitter.finish() {
            Some(piece) => self.add_piece(piece, events),
            None => Ok(()),
        }
    }

    fn add_piece(&mut self, piece: Piece, events: &mut VecDeque<Event>) -> Result<(), Failure> {
        match piece {
            Piece::Text(text) => self.answer.add_text(text, events),
            Piece::Thinking(text) => self.answer.add_reasoning(text, events),
        }
    }
}

fn fragment(call: CallDelta<'_>) -> Result<Fragment, Failure> {
    let some = |raw| text(raw).filter(|text: &String| !text.is_empty());
    let function = call.function;
    let arguments = function.as_ref().and_then(|function| function.arguments);
    Ok(Fragment {
        index: number(call.index),
        id: some(call.id),
        extra_content: match call.extra_content {
            Some(raw) => Some(value(raw.get())?).filter(Value::is_object),
            None => None,
        },
        name: function.and_then(|function| some(function.name)),
        arguments: match (text(arguments), arguments) {
            (Some(text), _) => text,
            // Some servers send the arguments as the object itself.
            (None, Some(raw)) => value(raw.get())?.to_string(),
            (None, None) => String::new(),
        },
    })
}

/// What a server's reason to stop means. A reason that nobody knows is as good as any.
fn ending(reason: &str) -> Result<Ending, Failure> {
    match reason {
        "length" | "max_tokens" | "model_length" | "MAX_TOKENS" => {
            Ok(Ending::Incomplete("max_output_tokens".to_owned()))
        }
        "content_filter" | "SAFETY" => Ok(Ending::Incomplete("content_filter".to_owned())),
        "insufficient_system_resource" => Err(Failure::new(
            ErrorKind::Overloaded,
            Again::MayHelp,
            format!("the server stopped: {reason}"),
        )),
        "error" | "abort" => Err(Failure::new(
            ErrorKind::Failed,
            Again::MayHelp,
            format!("the server stopped: {reason}"),
        )),
        _ => Ok(Ending::Complete),
    }
}

fn usage(usage: &Value) -> Usage {
    let count = |path: &str| usage.pointer(path).and_then(Value::as_u64);
    let input_tokens = count("/prompt_tokens").unwrap_or_default();
    let output_tokens = count("/completion_tokens").unwrap_or_default();
    Usage {
        input_tokens,
        cached_input_tokens: count("/prompt_tokens_details/cached_tokens")
            .or_else(|| count("/prompt_cache_hit_tokens"))
            .unwrap_or_default(),
        output_tokens,
        reasoning_tokens: count("/completion_tokens_details/reasoning_tokens").unwrap_or_default(),
        total_tokens: count("/total_tokens")
            .unwrap_or_else(|| input_tokens.saturating_add(output_tokens)),
    }
}

fn is_error(value: &Value) -> bool {
    value.get("error").is_some_and(|error| !error.is_null())
        || value.get("object").and_then(Value::as_str) == Some("error")
}

/// The failure that a frame tells of, in `error` or all by itself.
fn failure_of(data: &str) -> Result<Failure, Failure> {
    let value = value(data)?;
    let nested = value.get("error").filter(|error| !error.is_null());
    Ok(Failure::of_event(nested.unwrap_or(&value)))
}
