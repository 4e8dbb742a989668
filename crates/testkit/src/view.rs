//! A thread as a client has it: built from the events that came, and compared with what the store has.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::clients::Event;

/// Tells a client that resumes to load the thread anew.
const RELOAD: &str = "frontdesk.reload";

/// The items of one thread, and what was wrong with the events that brought them.
#[derive(Debug, Default, Clone)]
pub struct View {
    /// The thread, once it is known.
    pub thread: Option<String>,
    items: BTreeMap<String, Item>,
}

/// Where in a turn's log a client is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Place(Option<(u64, u64)>);

/// What a client has to do after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Read on.
    Read,
    /// Load the thread anew.
    Reload,
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    /// It is being written; the text of a message as far as it was seen from its beginning.
    Open(String),
    Done(Value),
}

impl View {
    /// Takes what the store has in place of what was known.
    pub fn load(&mut self, items: &[Value]) -> Result<()> {
        self.items = stored(items)?;
        Ok(())
    }

    /// Takes an event. An event that doesn't fit what came before is an error.
    pub fn apply(&mut self, event: &Event) -> Result<Next> {
        match event.kind() {
            "thread.created" => self.thread = Some(id(&event.data, "/thread/id")?),
            "thread.item.added" => {
                let id = id(&event.data, "/item/id")?;
                self.items.insert(id, Item::Open(String::new()));
            }
            "thread.item.updated" => self.update(event)?,
            "thread.item.done" | "thread.item.replaced" => self.finish(event)?,
            "thread.item.removed" => {
                self.items.remove(&id(&event.data, "/item_id")?);
            }
            RELOAD => return Ok(Next::Reload),
            _ => {}
        }
        Ok(Next::Read)
    }

    /// The finished items, by id.
    pub fn done(&self) -> impl Iterator<Item = &Value> {
        self.items.values().filter_map(|item| match item {
            Item::Done(item) => Some(item),
            Item::Open(_) => None,
        })
    }

    /// The items that another view hasn't as they are here.
    pub fn beyond(&self, other: &Self) -> Vec<&str> {
        let items = self.items.iter();
        let differing = items.filter(|(id, item)| other.items.get(*id) != Some(*item));
        differing.map(|(id, _)| id.as_str()).collect()
    }

    /// How this differs from what the store has; `None` where it doesn't.
    pub fn difference(&self, items: &[Value]) -> Result<Option<String>> {
        let theirs = stored(items)?;
        if self.items == theirs {
            return Ok(None);
        }
        let ids = self.items.keys().chain(theirs.keys());
        let differing = ids.filter(|id| self.items.get(*id) != theirs.get(*id));
        let told: BTreeMap<_, _> = differing
            .map(|id| {
                (
                    id,
                    format!("seen {:?}, stored {:?}", self.items.get(id), theirs.get(id)),
                )
            })
            .collect();
        Ok(Some(format!("{told:?}")))
    }

    fn update(&mut self, event: &Event) -> Result<()> {
        let id = id(&event.data, "/item_id")?;
        let kind = event.data.pointer("/update/type").and_then(Value::as_str);
        let delta = event.data.pointer("/update/delta").and_then(Value::as_str);
        if let (Some(Item::Open(text)), Some("assistant_message.content_part.text_delta")) =
            (self.items.get_mut(&id), kind)
        {
            text.push_str(delta.context("a delta without text")?);
        }
        Ok(())
    }

    fn finish(&mut self, event: &Event) -> Result<()> {
        let id = id(&event.data, "/item/id")?;
        let item = event
            .data
            .get("item")
            .context("an event without its item")?;
        if let Some(Item::Open(seen)) = self.items.get(&id) {
            let said = text(item);
            // Where a guardrail or a stop has changed it, the item is replaced.
            if event.kind() == "thread.item.done" && !seen.is_empty() && *seen != said {
                bail!("the deltas of {id} say {seen:?}, the message {said:?}");
            }
        }
        self.items.insert(id, Item::Done(item.clone()));
        Ok(())
    }
}

impl Place {
    /// Goes on to the event of this id. One that is not the next of its attempt, or the first of a later attempt, is an
    /// error: events were lost, came twice or in another order. Zero stands before the first one.
    pub fn advance(&mut self, event: &str) -> Result<()> {
        let next = parse(event).with_context(|| format!("not the id of an event: {event}"))?;
        let fits = match self.0 {
            None => next.1 == 1,
            Some((attempt, number)) if attempt == next.0 => next.1 == number + 1,
            Some((attempt, _)) => next.0 > attempt && next.1 <= 1,
        };
        if !fits {
            bail!("after {self} came {event}");
        }
        self.0 = Some(next);
        Ok(())
    }

    /// The attempt that is being read; 0 where nothing was read yet.
    pub fn attempt(self) -> u64 {
        self.0.map_or(0, |(attempt, _)| attempt)
    }

    /// Whether nothing was read yet.
    pub fn is_start(self) -> bool {
        self.0.is_none()
    }
}

impl std::fmt::Display for Place {
    /// As `Last-Event-ID` says it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("the start"),
            Some((attempt, number)) => write!(f, "{attempt}-{number}"),
        }
    }
}

/// The texts of an item, one after the other.
pub fn text(item: &Value) -> String {
    let parts = item.get("content").and_then(Value::as_array);
    let texts = parts.into_iter().flatten();
    texts
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect()
}

fn parse(event: &str) -> Option<(u64, u64)> {
    let (attempt, number) = event.split_once('-')?;
    Some((attempt.parse().ok()?, number.parse().ok()?))
}

fn stored(items: &[Value]) -> Result<BTreeMap<String, Item>> {
    let with_id = |item: &Value| Ok((id(item, "/id")?, Item::Done(item.clone())));
    items.iter().map(with_id).collect()
}

fn id(value: &Value, pointer: &str) -> Result<String> {
    let id = value.pointer(pointer).and_then(Value::as_str);
    Ok(id
        .with_context(|| format!("no {pointer} in {value}"))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(data: Value) -> Event {
        Event { id: None, data }
    }

    fn message(text: &str) -> Value {
        json!({"id": "m", "type": "assistant_message", "content": [{"type": "output_text", "text": text}]})
    }

    #[test]
    fn the_next_event_is_the_next_of_its_attempt_or_the_first_of_a_later_one() {
        let cases = [
            (&["1-1", "1-2", "2-0", "2-1", "4-1"][..], None),
            (&["1-1", "1-3"], Some("after 1-1 came 1-3")),
            (&["1-1", "1-2", "1-2"], Some("after 1-2 came 1-2")),
            (&["1-2"], Some("after the start came 1-2")),
            (&["2-1", "1-2"], Some("after 2-1 came 1-2")),
            (&["1-1", "2-2"], Some("after 1-1 came 2-2")),
        ];
        for (events, expected) in cases {
            let mut place = Place::default();
            let wrong = events.iter().find_map(|event| place.advance(event).err());
            assert_eq!(
                wrong.map(|error| error.to_string()).as_deref(),
                expected,
                "{events:?}"
            );
        }
    }

    #[test]
    fn a_view_is_what_its_events_say() {
        let mut view = View::default();
        let delta = |text: &str| {
            let update =
                json!({"type": "assistant_message.content_part.text_delta", "delta": text});
            event(json!({"type": "thread.item.updated", "item_id": "m", "update": update}))
        };
        let done = |text: &str| event(json!({"type": "thread.item.done", "item": message(text)}));
        let added = event(json!({"type": "thread.item.added", "item": message("")}));
        for event in [&added, &delta("a "), &delta("b")] {
            assert_eq!(view.apply(event).unwrap(), Next::Read);
        }
        assert!(view.difference(&[]).unwrap().is_some(), "one is open");
        let wrong = view.clone().apply(&done("a c")).unwrap_err().to_string();
        assert_eq!(wrong, r#"the deltas of m say "a b", the message "a c""#);
        view.apply(&done("a b")).unwrap();
        assert_eq!(view.difference(&[message("a b")]).unwrap(), None);
        assert!(view.difference(&[message("a")]).unwrap().is_some());
        let mut other = View::default();
        assert_eq!(view.beyond(&other), ["m"]);
        other.load(&[message("a b")]).unwrap();
        assert_eq!(view.beyond(&other), Vec::<&str>::new());
        let reload = event(json!({"type": "frontdesk.reload"}));
        assert_eq!(view.apply(&reload).unwrap(), Next::Reload);
        view.load(&[]).unwrap();
        assert_eq!(view.difference(&[]).unwrap(), None);
    }
}
