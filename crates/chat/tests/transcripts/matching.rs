//! Compares what was recorded with what happened: `$thr1` and the like stand for ids that the server makes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use frontdesk_clock::{Clock, Timestamp};
use serde_json::Value;

/// A clock that moves on by a millisecond each time that it is asked, so that no two times are equal.
#[derive(Debug)]
pub(crate) struct Ticking(AtomicI64);

impl Default for Ticking {
    fn default() -> Self {
        Self(AtomicI64::new(1_767_225_600_000))
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let millis = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_millisecond(millis).unwrap()
    }
}

/// Which id stands for which placeholder.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bindings {
    ids: Arc<Mutex<BTreeMap<String, String>>>,
    pub(crate) clock: Arc<Ticking>,
}

fn is_placeholder(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|name| {
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        kind.len() < name.len() && kind.chars().all(|c| c.is_ascii_lowercase())
    })
}

impl Bindings {
    /// Says which id a placeholder stands for; what it stood for before stays.
    pub(crate) fn bind(&self, placeholder: &str, id: &str) {
        let mut ids = self.ids.lock().unwrap();
        ids.entry(placeholder.to_owned())
            .or_insert_with(|| id.to_owned());
    }

    /// The lowest-numbered placeholder in the value that starts with this and stands for nothing yet.
    pub(crate) fn unbound(&self, value: &Value, start: &str) -> Option<String> {
        match value {
            Value::String(text) if is_placeholder(text) && text.starts_with(start) => {
                let ids = self.ids.lock().unwrap();
                (!ids.contains_key(text)).then(|| text.clone())
            }
            Value::Array(values) => values
                .iter()
                .filter_map(|value| self.unbound(value, start))
                .min(),
            Value::Object(map) => map
                .values()
                .filter_map(|value| self.unbound(value, start))
                .min(),
            _ => None,
        }
    }

    /// The value with ids and times in place of placeholders. Each time is later than the one before.
    pub(crate) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text == "$time" => Value::String(self.clock.now().to_string()),
            Value::String(text) => {
                let ids = self.ids.lock().unwrap();
                Value::String(ids.get(text).unwrap_or(text).clone())
            }
            Value::Array(values) => values.iter().map(|value| self.fill(value)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), self.fill(value)))
                .collect(),
            other => other.clone(),
        }
    }

    /// Whether the actual value is the recorded one; placeholders are bound as they are met.
    pub(crate) fn matches(&self, recorded: &Value, actual: &Value) -> Result<(), String> {
        match (recorded, actual) {
            (Value::String(text), Value::String(time)) if text == "$time" => {
                let is_time = time.parse::<Timestamp>().is_ok();
                (is_time && time.ends_with('Z'))
                    .then_some(())
                    .ok_or(format!("{time} is no time in UTC"))
            }
            (Value::String(text), Value::String(id)) if is_placeholder(text) => {
                let kind = text
                    .trim_start_matches('$')
                    .trim_end_matches(|c: char| c.is_ascii_digit());
                if !id.starts_with(&format!("{kind}_")) {
                    return Err(format!("{id} has not the prefix {kind}_"));
                }
                self.bind(text, id);
                let bound = self.ids.lock().unwrap().get(text).cloned();
                (bound.as_ref() == Some(id))
                    .then_some(())
                    .ok_or(format!("{id} for {text} = {bound:?}"))
            }
            (Value::Array(recorded), Value::Array(actual)) => {
                for (index, pair) in recorded.iter().zip(actual).enumerate() {
                    self.matches(pair.0, pair.1)
                        .map_err(|why| format!("[{index}]{why}"))?;
                }
                let same = recorded.len() == actual.len();
                same.then_some(()).ok_or(format!(
                    ": {} entries, recorded {}",
                    actual.len(),
                    recorded.len()
                ))
            }
            (Value::Object(recorded), Value::Object(actual)) => {
                self.matches_object(recorded, actual)
            }
            (Value::Number(recorded), Value::Number(actual))
                if recorded.as_f64() == actual.as_f64() =>
            {
                Ok(())
            }
            (recorded, actual) if recorded == actual => Ok(()),
            (recorded, actual) => Err(format!(": {actual}, recorded {recorded}")),
        }
    }

    fn matches_object(
        &self,
        recorded: &serde_json::Map<String, Value>,
        actual: &serde_json::Map<String, Value>,
    ) -> Result<(), String> {
        let mut open: Vec<&String> = actual.keys().collect();
        for (key, value) in recorded {
            // A key can be a placeholder too: items are stored by thread.
            let bound = self
                .ids
                .lock()
                .unwrap()
                .get(key)
                .cloned()
                .unwrap_or_else(|| key.clone());
            let found = actual
                .get(&bound)
                .ok_or_else(|| format!(".{key} is missing"))?;
            self.matches(value, found)
                .map_err(|why| format!(".{key}{why}"))?;
            open.retain(|key| **key != bound);
        }
        open.is_empty()
            .then_some(())
            .ok_or_else(|| format!(": also has {open:?}"))
    }
}
