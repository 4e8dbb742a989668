//! Transcription: what is said to have been heard, and the recording that came.
//! <https://platform.openai.com/docs/api-reference/audio/createTranscription>

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Response as HttpResponse;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde_json::json;

use super::playback;

pub(super) const PATH: &str = "/v1/audio/transcriptions";

/// What a recording is answered with.
#[derive(Debug, Clone)]
pub enum Transcript {
    /// This was heard.
    Text(String),
    /// This body, whatever it is.
    Body(String),
    /// This status.
    Status(u16),
}

/// A recording as it came, and what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    /// The `authorization` header.
    pub authorization: Option<String>,
    /// The fields besides the file, such as `model`.
    pub fields: BTreeMap<String, String>,
    /// The file's name.
    pub file_name: String,
    /// The file's type.
    pub media_type: String,
    /// The file.
    pub audio: Bytes,
}

impl Default for Transcript {
    fn default() -> Self {
        Self::Text("what was said".to_owned())
    }
}

impl Transcript {
    pub(super) fn answer(&self) -> HttpResponse<Body> {
        let body = match self {
            Self::Text(text) => json!({"text": text}).to_string(),
            Self::Body(body) => body.clone(),
            Self::Status(code) => return playback::refuse(*code, None),
        };
        let mut http = HttpResponse::new(Body::from(body));
        playback::set(&mut http, CONTENT_TYPE.as_str(), "application/json");
        http
    }
}

impl Speech {
    /// Reads a form of several parts; `None` where it is none or has no file.
    /// <https://www.rfc-editor.org/rfc/rfc7578>
    pub(super) fn read(authorization: Option<String>, kind: &str, body: &Bytes) -> Option<Self> {
        let (_, boundary) = kind.split_once("boundary=")?;
        let boundary = format!("--{}", boundary.trim_matches('"'));
        let mut speech = Self {
            authorization,
            fields: BTreeMap::new(),
            file_name: String::new(),
            media_type: String::new(),
            audio: Bytes::new(),
        };
        let mut found = None;
        for part in parts(body, boundary.as_bytes()) {
            let (head, content) = split_once(part, b"\r\n\r\n")?;
            let head = std::str::from_utf8(head).ok()?;
            let content = content.strip_suffix(b"\r\n")?;
            let quoted = |name: &str| {
                let (_, rest) = head.split_once(&format!("{name}=\""))?;
                Some(rest.split_once('"')?.0.to_owned())
            };
            if let Some(file_name) = quoted("; filename") {
                let kind = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-type").then_some(value)
                });
                speech.file_name = file_name;
                kind.unwrap_or_default()
                    .trim()
                    .clone_into(&mut speech.media_type);
                found = Some(body.slice_ref(content));
            } else {
                let value = String::from_utf8_lossy(content).into_owned();
                speech.fields.insert(quoted("; name")?, value);
            }
        }
        speech.audio = found?;
        Some(speech)
    }
}

/// What lies between boundaries.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let Some((_, mut rest)) = split_once(body, boundary) else {
        return parts;
    };
    while let Some((part, behind)) = split_once(rest, boundary) {
        parts.push(part);
        rest = behind;
    }
    parts
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut windows = bytes.windows(separator.len());
    let at = windows.position(|window| window == separator)?;
    let (before, rest) = bytes.split_at(at);
    Some((before, rest.get(separator.len()..)?))
}
