//! Parameters of the requests about what the user is about to send.

use serde::{Deserialize, Serialize};

use crate::Map;

/// Parameters of `input.transcribe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputTranscribe {
    /// The sound, in base64.
    pub audio_base64: String,
    /// The media type, such as `audio/webm;codecs=opus`.
    pub mime_type: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}
