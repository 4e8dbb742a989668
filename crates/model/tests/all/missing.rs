//! Whatever is missing from an answer, or is something else than it should be: no panic, and one end.

use frontdesk_model::{Error, Event};
use serde_json::{Value, json};

use crate::hostile::dialects;

/// Checks that there is one end and that nothing follows it, and that items end once.
fn check(name: &str, (events, error): (Vec<Event>, Option<Error>)) {
    let ends = events
        .iter()
        .filter(|event| matches!(event, Event::Completed { .. } | Event::Incomplete { .. }));
    let ends = ends.count() + usize::from(error.is_some());
    assert_eq!(ends, 1, "{name}");
    if error.is_none() {
        assert!(
            matches!(
                events.last(),
                Some(Event::Completed { .. } | Event::Incomplete { .. })
            ),
            "{name}"
        );
    }
    let mut done: Vec<usize> = events
        .iter()
        .filter_map(|event| match event {
            Event::ItemDone { index, .. } => Some(*index),
            _ => None,
        })
        .collect();
    let count = done.len();
    done.sort_unstable();
    done.dedup();
    assert!(
        done.len() == count || name.contains("output_index"),
        "{name}"
    );
}

/// The places of all values in a value.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(parts) => parts
            .iter()
            .enumerate()
            .map(|(at, it)| (at.to_string(), it))
            .collect(),
        _ => Vec::new(),
    };
    for (name, inner) in inner {
        let place = format!("{place}/{name}");
        places(inner, &place, found);
        found.push(place);
    }
}

fn remove(value: &mut Value, place: &str) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.remove(name);
        }
        Some(Value::Array(parts)) => {
            parts.remove(name.parse().unwrap());
        }
        _ => panic!("no parent: {place}"),
    }
}

#[test]
fn whatever_is_missing_or_odd_there_is_one_end_and_no_panic() {
    let odd = [
        json!(null),
        json!(7),
        json!(-1.5),
        json!("novelty"),
        json!([{}]),
        json!({"novelty": []}),
    ];
    for dialect in dialects() {
        for wire in dialect.answers {
            let frames: Vec<&str> = wire.split_inclusive("\n\n").collect();
            for (at, frame) in frames.iter().enumerate() {
                let Some(start) = frame.find("data: ") else {
                    continue;
                };
                let (head, body) = frame.split_at(start);
                let body = body.trim_start_matches("data: ").trim_end();
                let Ok(value) = serde_json::from_str::<Value>(body) else {
                    continue;
                };
                let mut found = Vec::new();
                places(&value, "", &mut found);
                let mut variants = Vec::new();
                for place in found {
                    let mut without = value.clone();
                    remove(&mut without, &place);
                    variants.push((format!("without {place}"), without));
                    for odd in &odd {
                        let mut changed = value.clone();
                        *changed.pointer_mut(&place).unwrap() = odd.clone();
                        variants.push((format!("{place} = {odd}"), changed));
                    }
                }
                for (name, variant) in variants {
                    let wire = format!(
                        "{}{head}data: {variant}\n\n{}",
                        frames[..at].concat(),
                        frames[at + 1..].concat()
                    );
                    let name = format!("{}: frame {at}: {name}", dialect.name);
                    check(&name, (dialect.replay)(&[wire.as_bytes()]));
                }
            }
        }
    }
}
