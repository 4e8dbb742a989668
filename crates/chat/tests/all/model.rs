//! A model that answers as it was told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_model::{
    Error, Event, EventStream, FunctionCall, Item, Model, Reasoning, Request, Usage,
};
use futures_util::{StreamExt, stream};

/// A model that answers as it was told, and remembers what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) answers: Mutex<VecDeque<Vec<Result<Event, Error>>>>,
    pub(crate) asked: Mutex<Vec<Request>>,
}

impl Told {
    pub(crate) fn new(answers: impl IntoIterator<Item = Vec<Result<Event, Error>>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    /// The input of a request, one short line per item.
    pub(crate) fn read(&self, request: usize) -> Vec<String> {
        self.asked.lock().unwrap()[request]
            .input
            .iter()
            .map(line)
            .collect()
    }
}

pub(crate) fn line(item: &Item) -> String {
    match item {
        Item::Message(message) => format!("{:?}: {}", message.role, message.text()),
        Item::FunctionCall(call) => format!("call {} {}", call.name, call.arguments),
        Item::FunctionCallOutput(output) => format!("result {}", output.output),
        Item::Reasoning(_) => "reasoning".to_owned(),
        Item::Other(_) => "other".to_owned(),
    }
}

#[async_trait]
impl Model for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        Ok(match answer {
            Some(events) => stream::iter(events).chain(stream::pending()).boxed(),
            None => stream::pending().boxed(),
        })
    }
}

pub(crate) fn says(text: &str) -> Vec<Result<Event, Error>> {
    let item = Item::assistant(text);
    let mut events = vec![Ok(Event::Started)];
    events.extend(text.split_inclusive(' ').map(|word| {
        Ok(Event::TextDelta {
            index: 0,
            part: 0,
            delta: word.to_owned(),
        })
    }));
    events.push(Ok(Event::ItemDone {
        index: 0,
        item: item.clone(),
    }));
    events.push(Ok(Event::Completed {
        usage: usage(),
        output: vec![item],
    }));
    events
}

pub(crate) fn calls(names: &[&str]) -> Vec<Result<Event, Error>> {
    let calls: Vec<_> = names.iter().map(|name| (*name, "{}")).collect();
    calls_with(&calls)
}

/// Calls with these arguments.
pub(crate) fn calls_with(calls: &[(&str, &str)]) -> Vec<Result<Event, Error>> {
    let thought = Item::Reasoning(Reasoning {
        id: Some("rs_1".to_owned()),
        summary: vec!["Let me look.".to_owned()],
        ..Reasoning::default()
    });
    let mut output = vec![thought];
    output.extend(calls.iter().enumerate().map(|(number, (name, arguments))| {
        Item::FunctionCall(FunctionCall::new(
            format!("call_{number}"),
            *name,
            *arguments,
        ))
    }));
    let mut events = vec![
        Ok(Event::Started),
        Ok(Event::ReasoningDelta {
            index: 0,
            part: 0,
            delta: "Let me look.".to_owned(),
        }),
    ];
    for (index, item) in output.iter().enumerate() {
        events.push(Ok(Event::ItemAdded {
            index,
            item: item.clone(),
        }));
        events.push(Ok(Event::ItemDone {
            index,
            item: item.clone(),
        }));
    }
    events.push(Ok(Event::Completed {
        usage: usage(),
        output,
    }));
    events
}

/// A text, and calls of these tools without arguments; no thoughts.
pub(crate) fn says_and_calls(text: &str, tools: &[&str]) -> Vec<Result<Event, Error>> {
    let mut output = vec![Item::assistant(text)];
    output.extend(tools.iter().enumerate().map(|(number, name)| {
        Item::FunctionCall(FunctionCall::new(format!("call_{number}"), *name, "{}"))
    }));
    whole(output)
}

/// Calls of these tools without arguments, and nothing else.
pub(crate) fn silently_calls(tools: &[&str]) -> Vec<Result<Event, Error>> {
    let calls = tools.iter().enumerate().map(|(number, name)| {
        Item::FunctionCall(FunctionCall::new(format!("call_{number}"), *name, "{}"))
    });
    whole(calls.collect())
}

/// A thought, and then a text.
pub(crate) fn thinks_and_says(text: &str) -> Vec<Result<Event, Error>> {
    let thought = Item::Reasoning(Reasoning {
        id: Some("rs_2".to_owned()),
        summary: vec!["That is all.".to_owned()],
        ..Reasoning::default()
    });
    let mut events = whole(vec![thought, Item::assistant(text)]);
    let thinking = Event::ReasoningDelta {
        index: 0,
        part: 0,
        delta: "That is all.".to_owned(),
    };
    events.insert(1, Ok(thinking));
    events
}

/// An answer that comes item by item.
fn whole(output: Vec<Item>) -> Vec<Result<Event, Error>> {
    let mut events = vec![Ok(Event::Started)];
    for (index, item) in output.iter().enumerate() {
        let item = item.clone();
        events.push(Ok(Event::ItemDone { index, item }));
    }
    let usage = usage();
    events.push(Ok(Event::Completed { usage, output }));
    events
}

/// What each whole answer used.
fn usage() -> Usage {
    Usage {
        input_tokens: 7,
        output_tokens: 3,
        ..Usage::default()
    }
}
