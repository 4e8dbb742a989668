//! Items of a kind that this version doesn't know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, ThreadId, tag::Kind};

/// An item of a kind that this version doesn't know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherItem {
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map,
}

impl Kind for OtherItem {
    fn kind(&self) -> &str {
        &self.kind
    }
}
