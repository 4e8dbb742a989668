//! Objects that say by `type` what they are: reading by it, and errors that name the field inside.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error},
};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::Map;

/// Reads an enum by the `type` of the object; each struct writes its own `type`.
///
/// `open` keeps an object of unknown type in the variant `Other`, `closed` refuses it.
macro_rules! read_by_type {
    (open $name:ident { $($tag:literal => $variant:ident),+ $(,)? }) => {
        impl $name {
            /// The `type` it has on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $tag,)+
                    Self::Other(other) => $crate::tag::Kind::kind(other),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let map = <$crate::Map as serde::Deserialize>::deserialize(deserializer)?;
                match $crate::tag::type_of(&map)? {
                    $($tag => $crate::tag::read(map).map(Self::$variant),)+
                    _ => $crate::tag::read(map).map(Self::Other),
                }
            }
        }
    };
    (closed $name:ident { $($tag:literal => $variant:ident),+ $(,)? }) => {
        impl $name {
            /// The `type` it has on the wire.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $tag,)+
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let map = <$crate::Map as serde::Deserialize>::deserialize(deserializer)?;
                match $crate::tag::type_of(&map)? {
                    $($tag => $crate::tag::read(map).map(Self::$variant),)+
                    unknown => Err($crate::tag::unknown(unknown, &[$($tag),+])),
                }
            }
        }
    };
}

/// Makes the function that reads the unknown fields of a struct whose `type` may be left out, but not be another.
macro_rules! read_rest {
    ($name:ident, $tag:literal) => {
        fn $name<'de, D: serde::Deserializer<'de>>(
            deserializer: D,
        ) -> Result<$crate::Map, D::Error> {
            $crate::tag::rest_of(deserializer, $tag)
        }
    };
}

pub(crate) use {read_by_type, read_rest};

/// What an `Other` says it is.
pub(crate) trait Kind {
    fn kind(&self) -> &str;
}

impl Kind for Map {
    fn kind(&self) -> &str {
        self.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

/// Where and why an object couldn't be read.
pub(crate) struct Fault {
    /// The path of the field, `input.content[0].text`; empty for the object itself.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Fault {
    fn new(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        let mut path = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => join(&mut path, &format!("[{index}]")),
                Segment::Map { key } | Segment::Enum { variant: key } => join(&mut path, key),
                Segment::Unknown => join(&mut path, "?"),
            }
        }
        let mut message = error.into_inner().to_string();
        if let Some((deeper, rest)) = message
            .strip_prefix("at `")
            .and_then(|rest| rest.split_once("`: "))
        {
            join(&mut path, deeper);
            message = rest.to_owned();
        }
        if let Some(field) = message
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'))
        {
            join(&mut path, field);
            "this field is missing".clone_into(&mut message);
        }
        Self { path, message }
    }

    /// Packs the path into the message, because an error of serde has no place of its own for it.
    fn into_error<E: Error>(self) -> E {
        let Self { path, message } = self;
        if path.is_empty() {
            E::custom(message)
        } else {
            E::custom(format_args!("at `{path}`: {message}"))
        }
    }
}

/// Reads a value, and says where it failed.
pub(crate) fn locate<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(Fault::new)
}

pub(crate) fn read<T: DeserializeOwned, E: Error>(map: Map) -> Result<T, E> {
    locate(Value::Object(map)).map_err(Fault::into_error)
}

pub(crate) fn type_of<E: Error>(map: &Map) -> Result<&str, E> {
    match map.get("type") {
        Some(Value::String(kind)) => Ok(kind),
        Some(_) => Err(E::custom("at `type`: not a string")),
        None => Err(E::missing_field("type")),
    }
}

pub(crate) fn unknown<E: Error>(kind: &str, known: &[&str]) -> E {
    E::custom(format_args!(
        "at `type`: unknown type `{kind}`, expected {}",
        known.join(" or ")
    ))
}

/// Reads the unknown fields of a struct whose `type` was looked at before.
pub(crate) fn rest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map, D::Error> {
    let mut map = Map::deserialize(deserializer)?;
    map.remove("type");
    Ok(map)
}

pub(crate) fn rest_of<'de, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
) -> Result<Map, D::Error> {
    let mut map = Map::deserialize(deserializer)?;
    match map.remove("type") {
        None => Ok(map),
        Some(Value::String(kind)) if kind == expected => Ok(map),
        Some(Value::String(kind)) => Err(unknown(&kind, &[expected])),
        Some(_) => Err(D::Error::custom("at `type`: not a string")),
    }
}

fn join(path: &mut String, field: &str) {
    if !path.is_empty() && !field.starts_with('[') {
        path.push('.');
    }
    path.push_str(field);
}
