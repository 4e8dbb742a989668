//! An image that the assistant made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ItemId, Map, ThreadId, tag};

/// An image that the assistant made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "generated_image")]
pub struct GeneratedImageItem {
    /// Its name.
    pub id: ItemId,
    /// The thread it stands in.
    pub thread_id: ThreadId,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// The image, once there is something to see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<GeneratedImage>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// Where an image can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedImage {
    /// Its name.
    pub id: String,
    /// Its address, or the image itself as a `data:` address.
    pub url: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
