//! A JSON schema as it is sent, again and again: its text is written once.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A JSON schema. Clones share it, and its text.
#[derive(Clone)]
pub struct Schema(Arc<Written>);

struct Written {
    value: Value,
    /// Written when it is first sent; `None` where it can't be.
    text: OnceLock<Option<Box<RawValue>>>,
}

impl Schema {
    /// The schema that this value is.
    pub fn new(value: Value) -> Self {
        Self(Arc::new(Written {
            value,
            text: OnceLock::new(),
        }))
    }

    fn text(&self) -> Option<&RawValue> {
        let text = self.0.text.get_or_init(|| to_raw_value(&self.0.value).ok());
        text.as_deref()
    }
}

impl Deref for Schema {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.value
    }
}

impl From<Value> for Schema {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.value.fmt(f)
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            Some(text) => text.serialize(serializer),
            None => self.0.value.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_written_as_its_value_is_and_once_for_all_clones() {
        let value = json!({"type": "object", "properties": {"ä": {"type": ["string", "null"]}}});
        let schema = Schema::new(value.clone());
        let clone = schema.clone();
        assert_eq!(serde_json::to_value(&schema).unwrap(), value);
        let written = serde_json::to_string(&[&schema]).unwrap();
        assert_eq!(written, format!("[{value}]"));
        assert_eq!(serde_json::to_string(&clone).unwrap(), value.to_string());
        assert!(std::ptr::eq(schema.text().unwrap(), clone.text().unwrap()));
    }
}
