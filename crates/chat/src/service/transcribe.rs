//! `input.transcribe`: speech to text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use frontdesk_protocol::InputTranscribe;

use super::{Reply, Service, json};
use crate::{Audio, ChatError, RequestContext};

impl Service {
    pub(super) async fn transcribe(
        &self,
        params: InputTranscribe,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let mut audio = params.audio_base64;
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
