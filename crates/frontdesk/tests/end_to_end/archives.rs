//! `frontdesk export` and `import` between a file and a database: what comes back is what went, line for line.

use std::path::Path;
use std::process::Stdio;

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{ThreadId, ThreadItem, ThreadMetadata};
use frontdesk_store::{Entry, Line, SealedConnection, StoredItem};
use frontdesk_testkit::clients::{Client, http};
use frontdesk_testkit::postgres::Postgres;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::desk::{self, BINARY, Desk, ask, valid};
use super::postgres::variables;

/// Items of every kind, as they are recorded of the reference.
const RECORDED: &str = include_str!("../../../protocol/tests/chatkit/items.jsonl");
const TIME: &str = "2026-11-20T10:00:00.123456Z";
/// Bytes that are no text.
const BYTES: &[u8] = b"%PDF-1.4\n\x00\xff\xfe not much of a page\n%%EOF\n";

/// Runs a command that succeeds, and gives what it wrote.
async fn run(
    folder: &Path,
    variables: &[(&str, String)],
    arguments: &[&str],
    input: &str,
) -> String {
    let mut child = Command::new(BINARY)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A thread with items of every kind and one that nobody knows, and an account that is connected.
fn every_kind() -> String {
    let scope = Scope {
        tenant: TenantId::single(),
        user: UserId::new("dev").unwrap(),
    };
    let unknown = json!({"in": {
        "type": "hologram", "id": "x_1", "thread_id": "thr_a", "created_at": "$time",
        "depth": [1.0, 1e300, 12_345_678_901_234_567_890_u64, "nothing: \u{0}, \u{2028}", null],
    }});
    let recorded = RECORDED.replace("$time", TIME);
    let unknown = unknown.to_string().replace("$time", TIME);
    let items = recorded.lines().chain([unknown.as_str()]).map(|line| {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let item: ThreadItem = serde_json::from_value(recorded["in"].clone()).unwrap();
        Entry::Item(scope.clone(), StoredItem { item, turn: None })
    });
    let time = TIME.parse().unwrap();
    let mut thread = ThreadMetadata::new(ThreadId::new("thr_a"), time);
    thread.title = Some("Everything \u{1f680}".to_owned());
    let connection = SealedConnection {
        server: "mail".to_owned(),
        sealed: (0..=255).collect(),
        created_at: time,
        updated_at: time,
    };
    let mut entries = vec![Entry::Thread(scope.clone(), thread)];
    entries.extend(items);
    entries.push(Entry::Connection(scope.clone(), connection));
    let count = u64::try_from(entries.len()).unwrap();
    let lines = entries
        .into_iter()
        .map(|entry| Line::Entry(Box::new(entry)));
    let lines = [Line::First]
        .into_iter()
        .chain(lines)
        .chain([Line::Last(count)]);
    lines.map(|line| line.write().unwrap() + "\n").collect()
}

/// A desk at which two users have talked to tools, one of which asks first, about a file, and said what they think.
/// The thread in which something is still asked, and the file.
async fn talked() -> (Desk, String, String) {
    let desk = Desk::demonstration().await;
    let client = desk.client();
    let added = client.create("Add a task: buy milk").await.unwrap();
    valid(&added);
    let thread = added.thread_id().unwrap();
    let message = desk::items(&client, &thread).await.pop().unwrap();
    let thanks = json!({"thread_id": thread, "item_ids": [message["id"]], "kind": "positive"});
    assert_eq!(
        ask(&client, "items.feedback", thanks).await.0,
        StatusCode::OK
    );
    valid(&client.add(&thread, "delete task 1").await.unwrap());

    let part = Part::bytes(BYTES).file_name("page.pdf");
    let form = Form::new().part("file", part.mime_str("application/pdf").unwrap());
    let url = format!("{}/chatkit/files", desk.server.url());
    let uploaded = http()
        .unwrap()
        .post(url)
        .multipart(form)
        .send()
        .await
        .unwrap();
    let uploaded: Value = serde_json::from_slice(&uploaded.bytes().await.unwrap()).unwrap();
    let about = json!({"type": "threads.create", "params": {"input": {
        "content": [{"type": "input_text", "text": "What is this?"}],
        "attachments": [uploaded["id"]], "inference_options": {},
    }}});
    valid(&client.post(&about).await.unwrap());
    valid(&client.as_user("eve").create("Hello").await.unwrap());
    desk.key(&["create", "--user", "eve"]).await;
    run(desk.dir(), &[], &["import"], &every_kind()).await;
    (desk, thread, uploaded["id"].as_str().unwrap().to_owned())
}

/// Copies a folder with what is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The items of a thread, but for attachments: their links are made anew whenever they are shown.
async fn lasting(client: &Client, thread: &str) -> Vec<Value> {
    let mut items = desk::items(client, thread).await;
    for item in &mut items {
        item.as_object_mut().unwrap().remove("attachments");
    }
    items
}

/// The kinds of lines that an archive has.
fn kinds(archive: &str) -> Vec<&str> {
    let kinds = archive.lines().map(|line| line.split('"').nth(1).unwrap());
    let mut kinds: Vec<&str> = kinds.collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn an_archive_goes_from_a_file_to_a_database_and_back_line_for_line() {
    let test = "frontdesk::an_archive_goes_from_a_file_to_a_database_and_back_line_for_line";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let (mut desk, thread, file) = talked().await;
    let items = [
        lasting(&desk.client(), &thread).await,
        lasting(&desk.client(), "thr_a").await,
    ];
    desk.server.kill().await.unwrap();
    let there = TempDir::new().unwrap();
    let back = TempDir::new().unwrap();
    for folder in [&there, &back] {
        copy(&desk.dir().join("files"), &folder.path().join("files"));
    }
    let mut on_postgres = variables(&postgres.url(), &postgres.new_schema());
    let place = format!("file://{}", there.path().join("files").display());
    on_postgres.push(("FRONTDESK__FILES__URL", place));

    let all = ["export", "--with-keys"];
    let first = run(desk.dir(), &[], &all, "").await;
    run(there.path(), &on_postgres, &["import"], &first).await;
    let second = run(there.path(), &on_postgres, &all, "").await;
    run(back.path(), &[], &["import"], &second).await;
    let last = run(back.path(), &[], &all, "").await;
    assert_eq!(second, first);
    assert_eq!(last, first);
    let expected = [
        "archive",
        "attachment",
        "connection",
        "end",
        "feedback",
        "item",
        "key",
        "step",
        "thread",
        "turn",
        "usage",
    ];
    assert_eq!(kinds(&first), expected, "{first}");

    // It is more than equal lines: each place goes on with it.
    for (folder, variables) in [(&there, on_postgres.as_slice()), (&back, &[])] {
        let server = desk::start(folder.path(), variables).await;
        let client = Client::new(server.url()).unwrap();
        for (thread, items) in [thread.as_str(), "thr_a"].into_iter().zip(&items) {
            assert_eq!(lasting(&client, thread).await, *items);
        }
        let url = format!("{}/chatkit/files/{file}", server.url());
        let given = http().unwrap().get(url).send().await.unwrap();
        assert_eq!(given.bytes().await.unwrap(), BYTES);
        let answer = client.add(&thread, "What are my tasks?").await.unwrap();
        assert!(valid(&answer).iter().all(|event| event.kind() != "error"));
    }
}
