//! Keys of a section that are numbers and time spans.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Value;

use super::super::{ConfigError, Setting};
use super::Section;

impl Section<'_> {
    /// A number from 1.
    pub(crate) fn number<T>(
        &mut self,
        key: &str,
        expected: &str,
    ) -> Result<Option<Setting<T>>, ConfigError>
    where
        T: TryFrom<i64> + std::str::FromStr + From<u8> + PartialOrd,
    {
        self.number_from(1, key, expected)
    }

    /// A number from the least one on.
    pub(crate) fn number_from<T>(
        &mut self,
        least: u8,
        key: &str,
        expected: &str,
    ) -> Result<Option<Setting<T>>, ConfigError>
    where
        T: TryFrom<i64> + std::str::FromStr + From<u8> + PartialOrd,
    {
        self.read(key, expected, |value| {
            let number = match value {
                Value::Integer(number) => T::try_from(*number).ok(),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            number.filter(|number| *number >= T::from(least))
        })
    }

    /// A number with a fraction, within these bounds.
    pub(crate) fn fraction(
        &mut self,
        key: &str,
        bounds: RangeInclusive<f64>,
    ) -> Result<Option<Setting<f64>>, ConfigError> {
        let expected = match (bounds.start(), bounds.end()) {
            (least, most) if most.is_infinite() => format!("a number from {least}"),
            (least, most) => format!("a number from {least} to {most}"),
        };
        self.read(key, &expected, |value| {
            let number = match value {
                Value::Float(number) => Some(*number),
                Value::Integer(number) => i32::try_from(*number).ok().map(f64::from),
                Value::String(text) => text.parse().ok(),
                _ => None,
            };
            number.filter(|number| number.is_finite() && bounds.contains(number))
        })
    }

    pub(crate) fn duration(&mut self, key: &str) -> Result<Option<Setting<Duration>>, ConfigError> {
        self.read(
            key,
            "a time span such as \"500ms\", \"60s\", \"5m\" or \"1h\"",
            |value| value.as_str().and_then(time_span),
        )
    }

    /// A time in which something has to be done; none at all would be no time to do it in.
    pub(crate) fn deadline(&mut self, key: &str) -> Result<Option<Setting<Duration>>, ConfigError> {
        self.read(
            key,
            "a time span above zero such as \"500ms\", \"60s\", \"5m\" or \"1h\"",
            |value| time_span(value.as_str()?).filter(|span| !span.is_zero()),
        )
    }
}

/// A time span such as `500ms`, `60s`, `5m`, `1h` or `90d`.
pub fn time_span(text: &str) -> Option<Duration> {
    let digits = text.find(|sign: char| !sign.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    match unit.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        "d" => number.checked_mul(86_400).map(Duration::from_secs),
        _ => None,
    }
}
