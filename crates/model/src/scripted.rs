//! A model that plays a script: fixed rules in place of a mind, for trying everything else without a key.
//!
//! It says plainly what it is, streams like a real model, and keeps nothing between two requests:
//! where it stands in a rule is read from the tool results after the newest user message. It knows no tool by name.
//!
//! A script is TOML:
//! ```toml
//! name = "demonstration"                      # the model's name; by default `scripted`
//! intro = "I am a script, not an AI. Try: {{ examples | join(', ') }}."
//! otherwise = "I didn't get that. {{ intro }}" # when no rule fits; by default the intro
//! on_error = "“{{ error.tool }}” failed: {{ error.message }}"  # the default says about the same
//! tool_results = "json"                       # a result that isn't JSON is a failure; by default `any`
//! pace_ms = 30                                # the pause before each word; by default none
//!
//! [[rule]]                                    # the first rule whose pattern fits the newest user message is played
//! when = '(?i)^add (?:a )?task:? *(?<title>.+)$'
//! example = "Add a task: buy milk"
//! [[rule.step]]                               # a step says something or calls tools
//! call = { tool = "add_task", arguments = { title = "{{ match.title }}" } }
//! [[rule.step]]
//! say = "Added “{{ results.add_task.title }}”."
//!
//! [[rule]]
//! name = "complete the first"
//! when = '(?i)^complete the first one$'
//! [[rule.step]]
//! if = "not earlier.list_tasks.tasks"         # missing things are false here
//! call = { tool = "list_tasks" }
//! [[rule.step]]
//! call = { tool = "complete_task", arguments = { id = "{{ (results.list_tasks or earlier.list_tasks).tasks[0].id }}" } }
//! ```
//! `calls = […]` calls several tools at once, and `each = "results.list_tasks.tasks"` in a call makes one call per
//! element, `item` in its arguments. Templates (minijinja) see `message`, `match` (named groups), `results` and
//! `earlier` (the newest result of each tool, after and before the newest user message), `outputs` (all results after
//! it, in order), `intro` and `examples`; `on_error` also sees `error` (`tool`, `message`).
//! An argument that is a single `{{ … }}` keeps the type of its value, and stays out where that is undefined.

mod conversation;
mod play;
mod script;
mod template;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};

use self::play::Reply;
pub use self::script::{Script, ScriptError};
use crate::{
    ContentPart, Error, ErrorKind, Event, EventStream, FunctionCall, Item, Message, Model, Request,
    Usage,
};

/// A model that plays a script.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    pace: Duration,
}

impl Scripted {
    /// A model at the script's own pace.
    pub fn new(script: Script) -> Self {
        let pace = script.pace;
        Self { script, pace }
    }

    /// The same with another pause before each word.
    #[must_use]
    pub fn with_pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }
}

#[async_trait]
impl Model for Scripted {
    fn name(&self) -> &str {
        &self.script.name
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        let reply = play::play(&self.script, &request)
            .map_err(|problem| Error::new(ErrorKind::Failed, format!("the script: {problem}")))?;
        let pace = self.pace;
        let events = stream::iter(events(reply, &request)).then(move |event| async move {
            if !pace.is_zero() && matches!(event, Event::TextDelta { .. }) {
                tokio::time::sleep(pace).await;
            }
            Ok(event)
        });
        Ok(Box::pin(events))
    }
}

/// The events by which a reply is streamed.
fn events(reply: Reply, request: &Request) -> Vec<Event> {
    let mut events = vec![Event::Started];
    let mut output = Vec::new();
    if let Some(text) = reply.say {
        say(&text, &mut events, &mut output);
    }
    let first = next_call_number(&request.input);
    for (position, call) in reply.calls.into_iter().enumerate() {
        let call_id = format!("call_{}", first + position);
        call_tool(
            FunctionCall::new(call_id, call.tool, call.arguments),
            &mut events,
            &mut output,
        );
    }
    let usage = usage(request, &output);
    events.push(Event::Completed { usage, output });
    events
}

fn say(text: &str, events: &mut Vec<Event>, output: &mut Vec<Item>) {
    let index = output.len();
    let whole = Message::assistant(text);
    events.push(Event::ItemAdded {
        index,
        item: Item::Message(Message {
            content: Vec::new(),
            ..whole.clone()
        }),
    });
    events.extend(
        text.split_inclusive(char::is_whitespace)
            .map(|word| Event::TextDelta {
                index,
                part: 0,
                delta: word.to_owned(),
            }),
    );
    finish(Item::Message(whole), events, output);
}

fn call_tool(call: FunctionCall, events: &mut Vec<Event>, output: &mut Vec<Item>) {
    let index = output.len();
    events.push(Event::ItemAdded {
        index,
        item: Item::FunctionCall(FunctionCall {
            arguments: String::new(),
            ..call.clone()
        }),
    });
    events.push(Event::ArgumentsDelta {
        index,
        delta: call.arguments.clone(),
    });
    finish(Item::FunctionCall(call), events, output);
}

fn finish(item: Item, events: &mut Vec<Event>, output: &mut Vec<Item>) {
    events.push(Event::ItemDone {
        index: output.len(),
        item: item.clone(),
    });
    output.push(item);
}

/// A number above those of all calls in the history, also where its beginning was left out.
fn next_call_number(input: &[Item]) -> usize {
    let used = input.iter().filter_map(|item| match item {
        Item::FunctionCall(call) => call.call_id.strip_prefix("call_")?.parse::<usize>().ok(),
        _ => None,
    });
    used.max()
        .unwrap_or_default()
        .max(input.len())
        .saturating_add(1)
}

/// What the call used, counted in words.
fn usage(request: &Request, output: &[Item]) -> Usage {
    let instructions = request.instructions.as_deref().map_or(0, count_words);
    let input_tokens = instructions.saturating_add(request.input.iter().map(words).sum());
    let output_tokens = output.iter().map(words).sum();
    Usage {
        input_tokens,
        output_tokens,
        total_tokens: input_tokens.saturating_add(output_tokens),
        ..Usage::default()
    }
}

fn words(item: &Item) -> u64 {
    match item {
        Item::Message(message) => message
            .content
            .iter()
            .filter_map(ContentPart::as_text)
            .map(count_words)
            .sum(),
        Item::FunctionCall(call) => count_words(&call.arguments),
        Item::FunctionCallOutput(output) => count_words(&output.text()),
        Item::Reasoning(_) | Item::Other(_) => 0,
    }
}

fn count_words(text: &str) -> u64 {
    text.split_whitespace().map(|_| 1).sum()
}
