//! Times: written in UTC with `Z`; read with any offset, or without a zone as UTC.

use std::borrow::Cow;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Deserializer, de::Error};

/// The first moment that RFC 3339 can write: the start of the year 0.
const EARLIEST_SECOND: i64 = -62_167_219_200;

/// Reads a time for `#[serde(deserialize_with)]`.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    let time = parse(&text).ok_or_else(|| D::Error::custom("not a time as RFC 3339 writes it"))?;
    if time.as_second() < EARLIEST_SECOND {
        return Err(D::Error::custom("a time before the year 0"));
    }
    Ok(time)
}

fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let (_, clock) = text.split_once(['T', 't', ' '])?;
    // An offset that couldn't be read must not be taken for none.
    if clock.contains(['+', '-', 'Z', 'z', '[']) {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
