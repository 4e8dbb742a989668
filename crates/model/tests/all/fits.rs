//! How the events of an answer fit together, in every dialect.

use frontdesk_model::{Error, Event, Item, Usage};
use serde_json::Value;

/// What a recorded answer gives.
pub(crate) type Answer = (Vec<Event>, Option<Error>);

/// The items of a complete answer, after a look at how its events fit together; events that are unknown are passed over.
pub(crate) fn complete(name: &str, (mut events, error): Answer) -> (Vec<Value>, Usage) {
    assert_eq!(error, None, "{name}");
    let Some(Event::Completed { usage, output }) = events.pop() else {
        panic!("{name}: no end");
    };
    let mut done = vec![None; output.len()];
    let mut grown = vec![String::new(); output.len()];
    for (position, event) in events.into_iter().enumerate() {
        match event {
            Event::Started => assert_eq!(position, 0, "{name}"),
            Event::TextDelta { index, delta, .. }
            | Event::RefusalDelta { index, delta, .. }
            | Event::ReasoningDelta { index, delta, .. }
            | Event::ArgumentsDelta { index, delta } => {
                assert_eq!(done[index], None, "{name}");
                grown[index].push_str(&delta);
            }
            Event::ItemDone { index, item } => {
                assert_eq!(done[index].replace(item), None, "{name}");
            }
            Event::ItemAdded { .. } | Event::Unknown(_) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
    let done: Vec<Item> = done.into_iter().flatten().collect();
    assert_eq!(done, output, "{name}");
    for (item, grown) in output.iter().zip(grown) {
        let whole = match item {
            Item::Message(message) => message.text(),
            Item::Reasoning(reasoning) => reasoning.summary.concat(),
            Item::FunctionCall(call) if grown.is_empty() => {
                assert_eq!(call.arguments, "{}", "{name}");
                continue;
            }
            Item::FunctionCall(call) => call.arguments.clone(),
            Item::Other(_) => String::new(),
            other @ Item::FunctionCallOutput(_) => panic!("{name}: {other:?}"),
        };
        assert_eq!(grown, whole, "{name}");
    }
    let output = output
        .iter()
        .map(|item| serde_json::to_value(item).unwrap());
    (output.collect(), usage)
}

/// How an answer ended, in a word.
pub(crate) fn ended((mut events, error): Answer) -> String {
    match (error, events.pop()) {
        (Some(error), _) => format!("{:?}", error.kind),
        (None, Some(Event::Completed { .. })) => "complete".to_owned(),
        (None, Some(Event::Incomplete { reason, .. })) => reason,
        (None, other) => panic!("no end: {other:?}"),
    }
}
