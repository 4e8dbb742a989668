//! Attachments on PostgreSQL: any process has the file that another one took, and where none is sure to, none is taken.

use frontdesk_testkit::clients::http;
use frontdesk_testkit::model_server::{ModelServer, Script};
use frontdesk_testkit::postgres::Postgres;
use frontdesk_testkit::python::{Python, S3Server};
use frontdesk_testkit::skip;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::desk::{Desk, PATIENCE, ask, valid};
use super::postgres::desk;

const TEXT: &str = "The tulips bloom in the second week.";

/// Uploads a text.
async fn upload(desk: &Desk) -> (StatusCode, Value) {
    let part = Part::text(TEXT).file_name("notes.txt");
    let form = Form::new().part("file", part.mime_str("text/plain").unwrap());
    let url = format!("{}/chatkit/files", desk.server.url());
    let answer = http().unwrap().post(url).multipart(form).send().await;
    let answer = answer.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A first message with this attachment.
fn message(attachment: &Value) -> Value {
    json!({
        "type": "threads.create",
        "params": {"input": {
            "content": [{"type": "input_text", "text": "When do they bloom?"}],
            "attachments": [attachment],
            "inference_options": {},
        }},
    })
}

fn folder(dir: &TempDir) -> String {
    format!("file://{}", dir.path().display())
}

/// A file that one process takes is sent and read at another. The variables say where files are.
async fn is_shared(postgres: &Postgres, files: &[(&str, &str)]) {
    let model = ModelServer::start(Script::text("In the second week.", 1));
    let model = model.await.unwrap();
    let (url, schema, base_url) = (postgres.url(), postgres.new_schema(), model.base_url());
    let variables = [files, &[("OPENAI_BASE_URL", base_url.as_str())]].concat();
    let (one, two) = tokio::join!(
        desk(&url, &schema, &variables),
        desk(&url, &schema, &variables)
    );
    let (status, made) = upload(&one).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let sent = two.client().post(&message(&made["id"])).await.unwrap();
    assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
    valid(&sent);
    let asked = model.wait_for_requests(1, PATIENCE).await.unwrap();
    let read = asked
        .iter()
        .any(|asked| asked.body.to_string().contains(TEXT));
    assert!(read, "{asked:?}");
    let path = format!("/chatkit/files/{}", made["id"].as_str().unwrap());
    for desk in [&one, &two] {
        let given = http().unwrap().get(format!("{}{path}", desk.server.url()));
        let given = given.send().await.unwrap();
        assert_eq!(given.text().await.unwrap(), TEXT);
    }
}

#[tokio::test]
async fn a_file_that_one_process_took_is_sent_and_read_at_another() {
    let test = "frontdesk::a_file_that_one_process_took_is_sent_and_read_at_another";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let dir = TempDir::new().unwrap();
    is_shared(postgres, &[("FRONTDESK__FILES__URL", &folder(&dir))]).await;
}

#[tokio::test]
async fn a_file_in_a_bucket_is_sent_and_read_at_another_process() {
    let test = "frontdesk::a_file_in_a_bucket_is_sent_and_read_at_another_process";
    let service = match Python::find_s3() {
        Ok(python) => python.s3_server().await.unwrap(),
        Err(reason) => return skip::note(test, &reason).unwrap(),
    };
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let (place, endpoint) = (
        format!("s3://{}/production", S3Server::BUCKET),
        service.endpoint(),
    );
    let variables = [
        ("FRONTDESK__FILES__URL", place.as_str()),
        ("FRONTDESK__FILES__ENDPOINT", &endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    is_shared(postgres, &variables).await;
    let objects = service.objects().await.unwrap();
    assert!(
        objects.len() == 1 && objects[0].starts_with("production/"),
        "{objects:?}"
    );
}

#[tokio::test]
async fn a_file_that_lies_where_a_process_does_not_look_is_not_sent_there() {
    let test = "frontdesk::a_file_that_lies_where_a_process_does_not_look_is_not_sent_there";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let (url, schema) = (postgres.url(), postgres.new_schema());
    let dirs = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let [here, there] = dirs.each_ref().map(folder);
    let (here, there) = (
        [("FRONTDESK__FILES__URL", here.as_str())],
        [("FRONTDESK__FILES__URL", there.as_str())],
    );
    let (one, two) = tokio::join!(desk(&url, &schema, &here), desk(&url, &schema, &there));
    let (status, made) = upload(&one).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let refused = two.client().post(&message(&made["id"])).await.unwrap();
    assert_eq!(
        refused.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{refused:?}"
    );
    let log = two.server.log();
    assert!(
        log.contains("isn't in this process's place for files"),
        "{log}"
    );
    let sent = one.client().post(&message(&made["id"])).await.unwrap();
    assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
}

#[tokio::test]
async fn without_a_place_for_all_processes_nothing_is_attached() {
    let test = "frontdesk::without_a_place_for_all_processes_nothing_is_attached";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let desk = desk(&postgres.url(), &postgres.new_schema(), &[]).await;
    let params = json!({"name": "notes.txt", "mime_type": "text/plain", "size": TEXT.len()});
    let (client, expected) = (desk.client(), "not supported: attachments");
    for (status, refused) in [
        upload(&desk).await,
        ask(&client, "attachments.create", params).await,
    ] {
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        let (code, message) = (&refused["error"]["code"], &refused["error"]["message"]);
        assert_eq!((code, message), (&json!("not_supported"), &json!(expected)));
    }
    let told = "no attachments are taken: set files.url to a place that all processes see";
    assert!(desk.server.log().contains(told), "{}", desk.server.log());
    assert!(!desk.dir().join("files").exists());
    let answer = client.create("Hello").await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}
