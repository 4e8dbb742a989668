//! A step of a turn: what the model saw.

use serde_json::value::RawValue;

use crate::TurnId;

/// A finished step of a turn, written once. Items are what people see, steps are what models saw.
#[derive(Debug, Clone)]
pub struct Step {
    /// The turn.
    pub turn: TurnId,
    /// The place within the turn.
    pub number: u32,
    /// The version of the form of `data`.
    pub version: u16,
    /// JSON whose meaning is the writer's affair.
    pub data: Box<RawValue>,
}

impl PartialEq for Step {
    /// Compares the data as text.
    fn eq(&self, other: &Self) -> bool {
        (&self.turn, self.number, self.version, self.data.get())
            == (&other.turn, other.number, other.version, other.data.get())
    }
}
