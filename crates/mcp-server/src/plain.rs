//! JSON with nothing but its own meaning.
//!
//! `serde_json` gives a few names a meaning of its own when anyone in the build asks for raw values:
//! a text under such a name is read as JSON again, with a fresh limit of depth, and a few kilobytes overflow the stack.
//! No client has a use for them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

const RESERVED: &str = "$serde_json::private::";

/// JSON without reserved names, of bounded depth; nothing is kept of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

macro_rules! fine {
    ($($visit:ident: $kind:ty),*) => {$(
        fn $visit<E: Error>(self, _: $kind) -> Result<Self, E> {
            Ok(self)
        }
    )*};
}

impl<'de> Visitor<'de> for Plain {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fine!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while let Some(Name(name)) = fields.next_key()? {
            if name.starts_with(RESERVED) {
                return Err(A::Error::custom("a reserved name"));
            }
            fields.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// A name, borrowed where it is written without escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_is_refused_at_any_depth_and_in_any_spelling() {
        let deep = "[".repeat(200);
        let cases = [
            (r#"{"a":[1,-2,2.5,true,null,"x",{"\u0062":{}}]}"#, true),
            (r#"{"$serde_json::private::RawValue":"[1]"}"#, false),
            (
                r#"[{"a":{"\u0024serde_json::private::RawValue":"[1]"}}]"#,
                false,
            ),
            (r#"{"$serde_json::private::Number":"1"}"#, false),
            (r#"{"a":"$serde_json::private::RawValue"}"#, true),
            (r#"{"a":1} 2"#, false),
            ("", false),
            (&deep, false),
        ];
        for (json, expected) in cases {
            assert_eq!(
                serde_json::from_str::<Plain>(json).is_ok(),
                expected,
                "{json}"
            );
        }
    }
}
