//! The values of a frame, each read for what it turns out to be.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// The text, where it is one.
pub(crate) fn text(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}

/// The whole number, where it is one.
pub(crate) fn number(raw: Option<&RawValue>) -> Option<u64> {
    serde_json::from_str(raw?.get()).ok()
}

/// Any JSON.
pub(crate) fn value(data: &str) -> Result<Value, Failure> {
    frontdesk_json::read(data.as_bytes())
        .map_err(|error| Failure::malformed(format!("a frame is not JSON: {error}")))
}
