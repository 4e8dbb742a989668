//! A day, by which use is counted.

use frontdesk_protocol::Timestamp;

const SECONDS: i64 = 24 * 60 * 60;

/// A day in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UtcDay(i64);

impl UtcDay {
    /// The day of a time.
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_second().div_euclid(SECONDS))
    }

    /// The day with this number, counted from 1970-01-01.
    pub fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Its number, counted from 1970-01-01.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The day that many days before.
    #[must_use]
    pub fn before(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days)))
    }

    /// When the day is over.
    pub fn end(self) -> Timestamp {
        let second = self.0.saturating_add(1).saturating_mul(SECONDS);
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }
}
