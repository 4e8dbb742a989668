//! Why the store refused a write of a turn, and what its responder hears of it.

use crate::TurnError;

/// Why a write of the turn was refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The store is away; the same may succeed later.
    Away { detail: String },
    /// The store doesn't take it.
    Never { detail: String },
    /// The turn is gone.
    Gone,
}

impl From<Refused> for TurnError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Away { detail } => Self::other(format!("the store is away: {detail}")),
            Refused::Never { detail } => Self::other(format!("the store refused: {detail}")),
            Refused::Gone => Self::Gone,
        }
    }
}
