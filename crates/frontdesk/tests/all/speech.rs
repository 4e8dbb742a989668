//! Speech is written down by the model that the configuration names.

use frontdesk_testkit::model_server::{ModelServer, Script, Transcript};
use reqwest::StatusCode;
use serde_json::json;

use super::client::Visitor;
use super::site::Site;

#[tokio::test]
async fn speech_is_written_down_by_the_named_model_and_by_none_without_one() {
    let provider = ModelServer::start(Script::text("hi", 1)).await.unwrap();
    let address = provider.base_url();
    let asks = json!({"audio_base64": "c291bmQ=", "mime_type": "audio/webm;codecs=opus"});
    let silent = Site::configured(&[]).await;
    let (status, body) = Visitor::new(&silent)
        .ask("input.transcribe", asks.clone())
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::BAD_REQUEST, &json!("not_supported"))
    );

    let site = Site::configured(&[
        ("FRONTDESK__MODEL__WHISPER__PROVIDER", "openai_responses"),
        ("FRONTDESK__MODEL__WHISPER__NAME", "whisper-1"),
        ("FRONTDESK__MODEL__WHISPER__BASE_URL", &address),
        ("FRONTDESK__MODEL__WHISPER__API_KEY", "key-of-whisper"),
        ("FRONTDESK__MODEL__WHISPER__RETRIES", "0"),
        ("FRONTDESK__CHAT__TRANSCRIPTION_MODEL", "whisper"),
    ])
    .await;
    let visitor = Visitor::new(&site);
    provider.transcribe(Transcript::Text("add a task".to_owned()));
    let answered = visitor.ask("input.transcribe", asks.clone()).await;
    assert_eq!(answered, (StatusCode::OK, json!({"text": "add a task"})));
    let heard = provider.speeches().remove(0);
    assert_eq!(
        heard.authorization.as_deref(),
        Some("Bearer key-of-whisper")
    );
    assert_eq!(
        (heard.fields["model"].as_str(), heard.audio.as_ref()),
        ("whisper-1", &b"sound"[..])
    );

    provider.transcribe(Transcript::Status(500));
    let (status, body) = visitor.ask("input.transcribe", asks).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable"))
    );
    let (status, _) = visitor
        .ask(
            "input.transcribe",
            json!({"audio_base64": "c291bmQ=", "mime_type": "text/plain"}),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
