//! The end of a turn.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, ThreadId, tag};

/// Says that the turn has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "end_of_turn")]
pub struct EndOfTurnItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
