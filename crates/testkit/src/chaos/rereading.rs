//! A second reader of a turn that is over: what it reads from the beginning is what the first one has read.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::reading::Read;
use super::wire::Wire;
use crate::clients::Event;
use crate::view::{Next, Place, View};

/// Reads a turn again, and gives what is different. Where the connection breaks, nothing is known.
pub(super) async fn reread(wire: &Wire, read: &Read, view: &View) -> Result<Option<String>> {
    let mut opened = wire.resume(&read.turn, Place::default()).await?;
    let (mut place, mut second) = (Place::default(), View::default());
    let mut told: BTreeMap<String, Value> = BTreeMap::new();
    while let Ok(frame) = opened.reader.next().await {
        let Some(frame) = frame else {
            return Ok(difference(read, view, &told, &second));
        };
        let data: Value = serde_json::from_str(&frame.data)?;
        let Some(id) = frame.id else {
            bail!("an event without id: {data}");
        };
        place.advance(&id)?;
        let event = Event {
            id: Some(id.clone()),
            data,
        };
        let applied = second.apply(&event);
        let next = applied.with_context(|| format!("turn {} read again", read.turn))?;
        if next == Next::Reload {
            bail!("turn {}: a reload for who begins to read", read.turn);
        }
        told.insert(id, event.data);
    }
    wire.figures.count("second readings that broke off");
    Ok(None)
}

/// The first reader may have seen events of an attempt that died which were never stored.
fn difference(
    read: &Read,
    view: &View,
    told: &BTreeMap<String, Value>,
    second: &View,
) -> Option<String> {
    for (id, data) in told {
        match read.told.get(id) {
            Some(before) if before != data => {
                return Some(format!("{id} was {before}, and then {data}"));
            }
            _ => {}
        }
    }
    let beyond = second.beyond(view);
    if !beyond.is_empty() {
        return Some(format!("only who reads it again sees {beyond:?}"));
    }
    let last = read.told.keys().filter_map(|id| number(id)).max();
    let last_again = told.keys().filter_map(|id| number(id)).max();
    (last != last_again).then(|| format!("it ended with {last:?}, and then with {last_again:?}"))
}

fn number(id: &str) -> Option<(u64, u64)> {
    let (attempt, number) = id.split_once('-')?;
    Some((attempt.parse().ok()?, number.parse().ok()?))
}
