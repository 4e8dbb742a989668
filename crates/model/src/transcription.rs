//! Speech to text, by the transcriptions API of OpenAI or of anything compatible.
//!
//! A recording goes out as one file of a form and comes back as text; nothing is kept of either.
//! <https://platform.openai.com/docs/api-reference/audio/createTranscription>

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_identity::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::call::{Endpoint, call_for_body};
use crate::openai_chat::{Profile, address, key_headers};
use crate::openai_responses::OPENAI_BASE_URL;
use crate::{Error, ErrorKind, Retry, Timeouts};

/// The most bytes that the provider's answer may have.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The media types that a recording may have, and the file names by which the API tells its format.
const FORMATS: [(&str, &str); 13] = [
    ("audio/webm", "audio.webm"),
    ("video/webm", "audio.webm"),
    ("audio/ogg", "audio.ogg"),
    ("audio/mp4", "audio.m4a"),
    ("audio/m4a", "audio.m4a"),
    ("audio/x-m4a", "audio.m4a"),
    ("audio/wav", "audio.wav"),
    ("audio/wave", "audio.wav"),
    ("audio/x-wav", "audio.wav"),
    ("audio/mpeg", "audio.mp3"),
    ("audio/mp3", "audio.mp3"),
    ("audio/flac", "audio.flac"),
    ("audio/x-flac", "audio.flac"),
];

/// Something that writes down what is said in a recording.
#[async_trait]
pub trait Transcriber: Debug + Send + Sync {
    /// The text of a recording; empty where nothing is said. Dropping the future cancels the call.
    ///
    /// `media_type` may have parameters, such as `audio/webm;codecs=opus`. A recording that the provider can't take is
    /// [`ErrorKind::InvalidRequest`].
    async fn transcribe(&self, audio: Bytes, media_type: &str) -> Result<String, Error>;
}

/// Which model writes down what is said, and how it is asked.
#[derive(Clone, Debug)]
pub struct TranscriptionConfig {
    /// The address before `/audio/transcriptions`, such as [`OPENAI_BASE_URL`]; no user and password in it.
    pub base_url: String,
    /// The key, sent as the profile has it. Local servers often need none.
    pub api_key: Option<Secret>,
    /// Azure's `api-version`, which goes into the address. Its `v1` addresses need none.
    pub api_version: Option<String>,
    /// What server it is.
    pub profile: Profile,
    /// The model's name at the provider.
    pub model: String,
    /// The language that is spoken, in ISO 639-1, such as `en`; where it is open the model finds out by itself.
    pub language: Option<String>,
    /// How long to wait. Sending the recording belongs to the wait for the first byte.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
}

/// A model behind the transcriptions API.
#[derive(Debug)]
pub struct Transcription {
    fields: Vec<(&'static str, String)>,
    boundary: String,
    endpoint: Arc<Endpoint>,
}

impl TranscriptionConfig {
    /// A model of OpenAI's, with the usual waits.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            base_url: OPENAI_BASE_URL.to_owned(),
            api_key: None,
            api_version: None,
            profile: Profile::default(),
            model: model.into(),
            language: None,
            timeouts: Timeouts::default(),
            retry: Retry::default(),
        }
    }
}

impl Transcription {
    /// Checks the configuration; nothing is sent. `http` is the client of [`crate::http::client`].
    pub fn new(config: TranscriptionConfig, http: reqwest::Client) -> Result<Self, Error> {
        let boundary = boundary();
        let path = ["audio", "transcriptions"];
        let url = address(&config.base_url, &path, config.api_version.as_deref())?;
        let mut headers = key_headers(config.profile, config.api_key.as_ref())?;
        let form = HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
            .map_err(|error| Error::new(ErrorKind::InvalidRequest, error.to_string()))?;
        headers.insert(CONTENT_TYPE, form);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut fields = vec![
            ("model", config.model),
            ("response_format", "json".to_owned()),
        ];
        fields.extend(config.language.map(|language| ("language", language)));
        Ok(Self {
            fields,
            boundary,
            endpoint: Arc::new(Endpoint {
                http,
                url,
                headers,
                key: config.api_key,
                timeouts: config.timeouts,
                retry: config.retry,
            }),
        })
    }

    fn form(&self, file_name: &str, media_type: &str, audio: &[u8]) -> Vec<u8> {
        let boundary = &self.boundary;
        let mut form = Vec::with_capacity(audio.len() + 1024);
        let mut part = |head: &str, body: &[u8]| {
            let head =
                format!("--{boundary}\r\nContent-Disposition: form-data; name={head}\r\n\r\n");
            form.extend_from_slice(head.as_bytes());
            form.extend_from_slice(body);
            form.extend_from_slice(b"\r\n");
        };
        for (name, value) in &self.fields {
            part(&format!("\"{name}\""), value.as_bytes());
        }
        let head = format!("\"file\"; filename=\"{file_name}\"\r\nContent-Type: {media_type}");
        part(&head, audio);
        form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        form
    }
}

#[async_trait]
impl Transcriber for Transcription {
    async fn transcribe(&self, audio: Bytes, media_type: &str) -> Result<String, Error> {
        let refused = |reason: String| Error::new(ErrorKind::InvalidRequest, reason);
        let essence = media_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let Some((media_type, file_name)) = FORMATS.iter().find(|(known, _)| *known == essence)
        else {
            let known: String = essence.chars().take(100).collect();
            return Err(refused(format!(
                "not a media type that can be transcribed: {known}"
            )));
        };
        if audio.is_empty() {
            return Err(refused("the recording is empty".to_owned()));
        }
        let form = self.form(file_name, media_type, &audio);
        drop(audio);
        let answer = call_for_body(&self.endpoint, form.into(), MAX_ANSWER_BYTES).await?;
        let malformed = |reason: String| {
            Error::new(
                ErrorKind::Protocol,
                format!("the transcription is not what the API promises: {reason}"),
            )
        };
        match frontdesk_json::read(&answer) {
            Ok(Value::Object(mut answer)) => match answer.remove("text") {
                Some(Value::String(text)) => Ok(text.trim().to_owned()),
                _ => Err(malformed("it has no text".to_owned())),
            },
            Ok(_) => Err(malformed("it is no object".to_owned())),
            Err(error) => Err(malformed(error.to_string())),
        }
    }
}

/// What stands between the parts of a form: 128 random bits, which no recording has in it.
fn boundary() -> String {
    let random = RandomState::new();
    format!(
        "frontdesk-{:016x}{:016x}",
        random.hash_one(0),
        random.hash_one(1)
    )
}
