//! Replays recorded conversations against every store: events, calls and stored state, equal by value.
//!
//! `FRONTDESK_TRANSCRIPTS` names another folder of transcripts of the same form.

#![cfg(test)]

#[path = "transcripts/application.rs"]
mod application;
#[path = "transcripts/matching.rs"]
mod matching;
#[path = "transcripts/replay.rs"]
mod replay;
#[path = "transcripts/script.rs"]
mod script;

use std::path::PathBuf;
use std::sync::Arc;

use frontdesk_store::memory::MemoryStore;
use frontdesk_store_sqlite::{Options, SqliteStore};

use replay::{Stores, replay};

fn folder() -> PathBuf {
    std::env::var_os("FRONTDESK_TRANSCRIPTS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/transcripts/recorded"
            ))
        },
        PathBuf::from,
    )
}

fn transcripts() -> Vec<(String, script::Transcript)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).expect("the folder of transcripts") {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let text = std::fs::read(&path).unwrap();
            let name = path.display().to_string();
            let transcript =
                serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push((name, transcript));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(
        !found.is_empty(),
        "no transcripts in {}",
        folder().display()
    );
    found
}

#[tokio::test]
async fn every_transcript_replays_on_the_memory_store() {
    for (name, transcript) in transcripts() {
        let store = Arc::new(MemoryStore::new());
        let stores = Stores {
            store: store.clone(),
            maintenance: store.clone(),
            wakeups: store,
        };
        replay(&name, transcript, stores).await;
    }
}

#[tokio::test]
async fn every_transcript_replays_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    for (number, (name, transcript)) in transcripts().into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.db"));
        let store = SqliteStore::open(&path, Options::default()).await.unwrap();
        let store = Arc::new(store);
        let stores = Stores {
            store: store.clone(),
            maintenance: store.clone(),
            wakeups: store.clone(),
        };
        replay(&name, transcript, stores).await;
        store.close().await;
    }
}
