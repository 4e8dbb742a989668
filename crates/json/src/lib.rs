//! JSON from outside, read into values with nothing but its own meaning.
//!
//! Whatever a client, a model or a tool wrote goes through [`read`] before it becomes a [`Value`].

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// What the names begin with that `serde_json` gives a meaning of its own.
///
/// Its feature `raw_value` reads a text under such a name as JSON again, with a fresh limit of depth.
/// A few kilobytes would so become a value that overflows the stack, or that can be stored but not read.
const RESERVED: &str = "$serde_json::private::";

/// Reads a value of bounded depth.
///
/// # Errors
/// It isn't JSON, is too deep, or has a name that is reserved.
pub fn read(json: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(json).map(|Plain(value)| value)
}

/// Reads something that keeps what it doesn't know, such as an item of a model.
///
/// # Errors
/// As [`read`], or the value doesn't fit.
pub fn read_as<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_value(read(json)?)
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Plain(value)) = values.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if name.starts_with(RESERVED) {
                return Err(A::Error::custom(format_args!("reserved name: {name}")));
            }
            let Plain(value) = fields.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_is_refused_at_any_depth_and_in_any_spelling() {
        for json in [
            r#"{"$serde_json::private::RawValue":"[1]"}"#,
            r#"[{"a":{"\u0024serde_json::private::RawValue":"[1]"}}]"#,
            r#"{"$serde_json::private::Number":"1"}"#,
        ] {
            assert!(read(json.as_bytes()).is_err(), "{json}");
        }
        let plain = r#"{"a":[1,-2,2.5,true,null,"x"]}"#;
        assert_eq!(read(plain.as_bytes()).unwrap().to_string(), plain);
        assert!(read("[".repeat(200).as_bytes()).is_err());
    }
}
