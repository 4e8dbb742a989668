//! Speech to text over a real socket: what is sent, what comes back, and what goes wrong.

use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::Secret;
use frontdesk_model::openai_chat::Profile;
use frontdesk_model::{
    Error, ErrorKind, Timeouts, Transcriber, Transcription, TranscriptionConfig, http,
};

use crate::server::{KEY, Reply, Server};

const RECORDING: &[u8] = b"\x1aE\xdf\xa3 not a voice";

fn config(server: &Server) -> TranscriptionConfig {
    let model = server.config();
    TranscriptionConfig {
        base_url: model.base_url,
        api_key: model.api_key,
        timeouts: model.timeouts,
        retry: model.retry,
        ..TranscriptionConfig::new("whisper-1")
    }
}

fn transcriber(config: TranscriptionConfig) -> Transcription {
    Transcription::new(config, http::client().unwrap()).unwrap()
}

fn said(body: &str) -> Reply {
    Reply::Status(
        "200 OK",
        "content-type: application/json\r\n",
        body.to_owned(),
    )
}

fn failed(kind: ErrorKind, detail: &str) -> Result<String, (ErrorKind, String)> {
    Err((kind, detail.to_owned()))
}

async fn transcribe(
    server: &Server,
    audio: &'static [u8],
    media_type: &str,
) -> Result<String, (ErrorKind, String)> {
    transcriber(config(server))
        .transcribe(Bytes::from_static(audio), media_type)
        .await
        .map_err(|error| (error.kind, error.detail))
}

#[tokio::test]
async fn a_recording_goes_out_as_a_form_and_comes_back_as_text() {
    let server = Server::start(vec![said(r#"{"text": " Hellö. ", "usage": {}}"#)]).await;
    let config = TranscriptionConfig {
        language: Some("en".to_owned()),
        ..config(&server)
    };
    let text = transcriber(config)
        .transcribe(
            Bytes::from_static(RECORDING),
            "Audio/WebM; codecs=\"opus\r\nx\"",
        )
        .await;
    assert_eq!(text, Ok("Hellö.".to_owned()));
    let request = server.requests().remove(0);
    assert!(
        request
            .head
            .starts_with("POST /v1/audio/transcriptions HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert!(
        request.head.contains(&format!("Bearer {KEY}")),
        "{}",
        request.head
    );
    let (_, boundary) = request
        .head
        .split_once("multipart/form-data; boundary=")
        .unwrap();
    let boundary = boundary.lines().next().unwrap();
    let part = "Content-Disposition: form-data; name=";
    assert_eq!(
        request.body.as_str().unwrap(),
        format!(
            "--{boundary}\r\n{part}\"model\"\r\n\r\nwhisper-1\r\n\
             --{boundary}\r\n{part}\"response_format\"\r\n\r\njson\r\n\
             --{boundary}\r\n{part}\"language\"\r\n\r\nen\r\n\
             --{boundary}\r\n{part}\"file\"; filename=\"audio.webm\"\r\nContent-Type: audio/webm\r\n\r\n\
             {}\r\n--{boundary}--\r\n",
            String::from_utf8_lossy(RECORDING)
        )
    );
}

#[tokio::test]
async fn azure_is_asked_in_its_own_way() {
    let server = Server::start(vec![said(r#"{"text": "Hi."}"#)]).await;
    let config = TranscriptionConfig {
        api_version: Some("2025-04-01-preview".to_owned()),
        profile: Profile::Azure,
        ..config(&server)
    };
    let text = transcriber(config)
        .transcribe(Bytes::from_static(RECORDING), "audio/webm")
        .await;
    assert_eq!(text, Ok("Hi.".to_owned()));
    let head = server.requests().remove(0).head;
    let address = "/v1/audio/transcriptions?api-version=2025-04-01-preview";
    assert!(head.starts_with(&format!("POST {address} ")), "{head}");
    assert!(head.contains(&format!("api-key: {KEY}\r\n")), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
}

#[tokio::test]
async fn the_file_name_tells_the_format() {
    let formats = [
        ("audio/ogg; codecs=opus", "audio.ogg"),
        ("audio/mp4", "audio.m4a"),
        ("audio/x-m4a", "audio.m4a"),
        ("audio/wav", "audio.wav"),
        ("audio/mpeg", "audio.mp3"),
        ("audio/flac", "audio.flac"),
    ];
    for (media_type, file_name) in formats {
        let server = Server::start(vec![said(r#"{"text": ""}"#)]).await;
        assert_eq!(
            transcribe(&server, RECORDING, media_type).await,
            Ok(String::new())
        );
        let body = server.requests().remove(0).body;
        let expected = format!("filename=\"{file_name}\"");
        assert!(
            body.as_str().unwrap().contains(&expected),
            "{media_type}: {body}"
        );
    }
}

#[tokio::test]
async fn what_is_no_recording_is_not_sent() {
    let server = Server::start(vec![]).await;
    let refused = |detail| failed(ErrorKind::InvalidRequest, detail);
    let unknown = "not a media type that can be transcribed: text/plain";
    assert_eq!(
        transcribe(&server, RECORDING, "text/plain").await,
        refused(unknown)
    );
    assert_eq!(
        transcribe(&server, b"", "audio/ogg").await,
        refused("the recording is empty")
    );
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn what_goes_wrong_is_told_within_bounds_and_without_the_key() {
    let error = |status| Reply::Status(status, "", format!("{{\"error\": \"{KEY} no\"}}"));
    let protocol = |reason: &str| {
        failed(
            ErrorKind::Protocol,
            &format!("the transcription is not what the API promises: {reason}"),
        )
    };
    let cases = [
        (
            vec![
                error("503 Unavailable"),
                Reply::HangUp,
                said(r#"{"text": "a"}"#),
            ],
            Ok("a".to_owned()),
        ),
        (
            vec![error("400 Bad Request")],
            failed(
                ErrorKind::InvalidRequest,
                r#"status 400: {"error": "[key] no"}"#,
            ),
        ),
        (
            vec![error("401 Unauthorized")],
            failed(
                ErrorKind::Unauthorized,
                r#"status 401: {"error": "[key] no"}"#,
            ),
        ),
        (vec![said(r#"{"words": []}"#)], protocol("it has no text")),
        (vec![said("[]")], protocol("it is no object")),
        (
            vec![said(&format!("{{\"text\": \"{}\"}}", "a".repeat(1 << 20)))],
            failed(
                ErrorKind::Protocol,
                "the answer has more bytes than allowed: 1048576",
            ),
        ),
    ];
    for (replies, expected) in cases {
        let asked = replies.len();
        let server = Server::start(replies).await;
        assert_eq!(transcribe(&server, RECORDING, "audio/ogg").await, expected);
        assert_eq!(server.requests().len(), asked);
    }
}

#[tokio::test]
async fn silence_is_not_waited_for_without_end() {
    let short = Duration::from_millis(30);
    for reply in [Reply::Silence, Reply::Stall(vec![b"{\"text\"".to_vec()])] {
        let server = Server::start(vec![reply]).await;
        let config = TranscriptionConfig {
            timeouts: Timeouts {
                first_byte: short,
                idle: short,
            },
            ..config(&server)
        };
        let error: Error = transcriber(config)
            .transcribe(Bytes::from_static(RECORDING), "audio/ogg")
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout, "{error:?}");
    }
}

#[test]
fn the_key_shows_nowhere() {
    let config = TranscriptionConfig {
        api_key: Some(Secret::new(KEY)),
        ..TranscriptionConfig::new("m")
    };
    let shown = format!("{config:?}{:?}", transcriber(config.clone()));
    assert!(!shown.contains("0123456789"), "{shown}");
}
