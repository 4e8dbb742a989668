//! Speech to text, by the transcriber that the operator named.

use frontdesk_model::{ErrorKind, Transcriber};
use frontdesk_protocol::{Map, TranscriptionResult};

use crate::{Audio, ChatError};

/// The media types that a recording may have.
const MEDIA_TYPES: [&str; 13] = [
    "audio/webm",
    "audio/ogg",
    "audio/mp4",
    "audio/m4a",
    "audio/x-m4a",
    "audio/mpeg",
    "audio/mp3",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/flac",
    "audio/x-flac",
    "video/webm",
];

/// Writes down what is said in a recording.
pub(super) async fn transcribe(
    transcriber: Option<&dyn Transcriber>,
    audio: Audio,
) -> Result<TranscriptionResult, ChatError> {
    let Some(transcriber) = transcriber else {
        return Err(ChatError::NotSupported {
            what: "transcription",
        });
    };
    let kind = audio.media_type().to_ascii_lowercase();
    if !MEDIA_TYPES.contains(&kind.as_str()) {
        let message = format!(
            "is no kind of recording that can be written down; {} is",
            MEDIA_TYPES[0]
        );
        return Err(ChatError::unprocessable("params.mime_type", message));
    }
    if audio.data.is_empty() {
        return Err(ChatError::unprocessable("params.audio_base64", "is empty"));
    }
    match transcriber.transcribe(audio.data, &audio.mime_type).await {
        Ok(text) => Ok(TranscriptionResult {
            text,
            extra: Map::new(),
        }),
        Err(error) if error.kind == ErrorKind::InvalidRequest => {
            tracing::warn!(error = error.detail, "a recording was refused");
            let message = "is no recording that can be written down";
            Err(ChatError::unprocessable("params.audio_base64", message))
        }
        Err(error) => Err(ChatError::Unavailable {
            detail: format!("transcription failed: {}", error.detail),
        }),
    }
}
