//! A form for the user, as it stands in a thread.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, StructuredInput, StructuredInputStatus, ThreadId, tag};

/// A form for the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "structured_input")]
pub struct StructuredInputItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// How far it is.
    #[serde(default)]
    pub status: StructuredInputStatus,
    /// The questions.
    pub inputs: Vec<StructuredInput>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
