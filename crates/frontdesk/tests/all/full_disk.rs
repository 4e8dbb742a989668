//! A database file that may not grow: what can't be stored is refused or ends with an error, and nothing is half there.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_store_sqlite::{Options, SqliteStore};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Visitor, message};
use super::site::{Obedient, Site};

/// What SQLite writes at a time where nothing else is said, in bytes.
const PAGE: u64 = 4_096;
/// How many pages more it may have than it has.
const MORE: u64 = 12;
/// How long what an earlier process left may take to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many messages it takes at most until it is full.
const MANY: usize = 500;

async fn site(file: &Path, max_pages: Option<u32>) -> Site {
    let options = Options {
        max_pages,
        ..Options::default()
    };
    let store = Arc::new(SqliteStore::open(file, options).await.unwrap());
    Site::with(&[], |builder| {
        builder.responder(Arc::new(Obedient)).store(store)
    })
    .await
}

/// All items of the thread.
async fn items(visitor: &Visitor<'_>, thread: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut params = json!({ "thread_id": thread, "order": "asc", "limit": 100 });
    loop {
        let page = visitor.call("items.list", params.clone()).await;
        assert_eq!(page.status(), StatusCode::OK);
        let page: Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
        items.extend(page["data"].as_array().unwrap().iter().cloned());
        if page["has_more"] != true {
            return items;
        }
        params["after"] = items.last().unwrap()["id"].clone();
    }
}

/// The data of the events of an answer.
fn events(body: &str) -> Vec<Value> {
    let lines = body.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn a_full_disk_refuses_messages_and_loses_nothing() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("store.db");
    let first = site(&file, None).await;
    let created = Visitor::new(&first)
        .call("threads.create", json!({ "input": message("hello") }))
        .await;
    let created = events(&created.text().await.unwrap());
    let thread = created[0]["thread"]["id"].as_str().unwrap().to_owned();
    first.frontdesk.shutdown().await;
    drop(first);

    let pages = std::fs::metadata(&file).unwrap().len() / PAGE + MORE;
    let full = site(&file, Some(pages.try_into().unwrap())).await;
    let visitor = Visitor::new(&full);
    let (mut asked, mut shown) = (1, Vec::new());
    let mut trouble = None;
    for number in 0..MANY {
        let text = format!("{number} {}", "word ".repeat(100));
        let params = json!({ "thread_id": thread, "input": message(&text) });
        let answer = visitor.call("threads.add_user_message", params).await;
        let status = answer.status();
        let body = answer.text().await.unwrap();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let error: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(error["error"]["code"], "unavailable");
            trouble = Some(status);
            break;
        }
        assert_eq!(status, StatusCode::OK, "{body}");
        asked += 1;
        let events = events(&body);
        let done = events
            .iter()
            .filter(|event| event["type"] == "thread.item.done");
        shown.extend(done.map(|event| event["item"].clone()));
        if events.last().unwrap()["type"] == "error" {
            assert_eq!(events.last().unwrap()["allow_retry"], true, "{body}");
            trouble = Some(status);
            break;
        }
    }
    assert!(trouble.is_some(), "it was never full");
    let stored = items(&visitor, &thread).await;
    for item in &shown {
        assert!(
            stored.contains(item),
            "shown as done, and not stored: {item}"
        );
    }
    let of_user = stored.iter().filter(|item| item["type"] == "user_message");
    assert_eq!(of_user.count(), asked);
    full.frontdesk.shutdown().await;
    drop(full);

    let roomy = site(&file, None).await;
    let visitor = Visitor::new(&roomy);
    for item in &shown {
        assert!(items(&visitor, &thread).await.contains(item));
    }
    // What was left goes on first, and a message in the middle of it is refused.
    let params = json!({ "thread_id": thread, "input": message("still there?") });
    let mut answer = visitor
        .call("threads.add_user_message", params.clone())
        .await;
    let began = Instant::now();
    while answer.status() == StatusCode::CONFLICT && began.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        answer = visitor
            .call("threads.add_user_message", params.clone())
            .await;
    }
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, StatusCode::OK, "{body}");
    let last = events(&body).pop().unwrap();
    assert_eq!(last["type"], "thread.item.done", "{body}");
}
