//! `input.transcribe`: speech to text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use frontdesk_protocol::InputTranscribe;

use super::{Reply, Service, json};
use crate::{Audio, ChatError, RequestContext};

/// The largest recording, in bytes: as much as OpenAI's transcription takes.
/// <https://platform.openai.com/docs/guides/speech-to-text>
const MAX_AUDIO_BYTES: usize = 25 << 20;
/// The same in base64, with a line break here and there.
const MAX_AUDIO_BASE64: usize = MAX_AUDIO_BYTES / 3 * 4 + (MAX_AUDIO_BYTES / 32);

impl Service {
    pub(super) async fn transcribe(
        &self,
        params: InputTranscribe,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let mut audio = params.audio_base64;
        if audio.len() > MAX_AUDIO_BASE64 {
            let message = format!("has more than {} MiB of sound", MAX_AUDIO_BYTES >> 20);
            return Err(ChatError::unprocessable("params.audio_base64", message));
        }
        audio.retain(|c| !c.is_ascii_whitespace());
        let data = STANDARD.decode(audio).map_err(|_| ChatError::BadRequest {
            field: "params.audio_base64".to_owned(),
            message: "is not base64".to_owned(),
        })?;
        let audio = Audio {
            data: data.into(),
            mime_type: params.mime_type,
        };
        json(&self.0.parts.responder.transcribe(cx, audio).await?)
    }
}
