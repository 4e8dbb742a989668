//! Parameters of the requests about attachments.

use serde::{Deserialize, Serialize};

use crate::{AttachmentId, Map};

/// Parameters of `attachments.create`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachmentsCreate {
    /// The file name.
    pub name: String,
    /// The size in bytes.
    pub size: u64,
    /// The media type.
    pub mime_type: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Parameters of `attachments.delete`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttachmentsDelete {
    /// The attachment.
    pub attachment_id: AttachmentId,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
