//! The file: what it keeps, who may read it, and which ones are refused.

use frontdesk_protocol::{AttachmentId, Order, ThreadId};
use frontdesk_store::{
    Attachments, Items, Maintenance, PageRequest, Result, StoreError, Threads, TurnId, Turns,
    Usage, UtcDay,
};
use frontdesk_store_sqlite::{Options, SqliteStore};
use sqlx::{Connection, SqliteConnection};

use super::sample::{ann, begin, end, folder, key};

/// All that can be read of the sample thread, as text.
async fn everything(store: &SqliteStore) -> Result<Vec<String>> {
    let (scope, thread, turn) = (ann()?, ThreadId::new("thr_1"), TurnId::new("turn_thr_1"));
    let all = PageRequest {
        limit: 9,
        order: Order::Asc,
        after: None,
    };
    let attachment = AttachmentId::new("atc_thr_1");
    Ok(vec![
        format!("{:?}", store.threads(&scope, &all).await?),
        format!("{:?}", store.items(&scope, &thread, &all).await?),
        format!("{:?}", store.recent_items(&scope, &thread, 9).await?),
        format!(
            "{:?}",
            store
                .steps(&scope, &thread, std::slice::from_ref(&turn))
                .await?
        ),
        format!("{:?}", store.turn(&scope, &turn).await?),
        format!("{:?}", store.turn_log(&scope, &turn, None).await?),
        format!("{:?}", store.attachment(&scope, &attachment).await?),
    ])
}

#[tokio::test]
async fn reopening_keeps_everything() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).await?;
    store.begin_turn(&ann()?, begin("thr_1")?).await?;
    store
        .write_turn(&ann()?, &key("thr_1"), end("thr_1")?)
        .await?;
    let before = everything(&store).await?;
    assert!(
        before.iter().all(|text| text.contains("thr_1")),
        "{before:#?}"
    );
    store.close().await;
    assert!(
        !folder.path().join("store.db-wal").exists(),
        "closed cleanly"
    );

    let store = SqliteStore::open(&path, Options::default()).await?;
    assert_eq!(everything(&store).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_brought_up_to_date() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    std::fs::write(&path, "").unwrap();
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql(include_str!("../../migrations/0001_create_threads.sql"))
        .execute(&mut conn)
        .await
        .unwrap();
    sqlx::raw_sql(
        "pragma user_version = 1;
         insert into threads (tenant_id, user_id, id, created_at, status, metadata, extra)
         values ('default', 'ann', 'thr_0', 1, '{\"type\":\"active\"}', '{}', '{}')",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();

    let store = SqliteStore::open(&path, Options::default()).await?;
    let there = store.thread(&ann()?, &ThreadId::new("thr_0")).await?;
    assert!(there.is_some());
    store.begin_turn(&ann()?, begin("thr_1")?).await?;
    store
        .write_turn(&ann()?, &key("thr_1"), end("thr_1")?)
        .await?;
    let today = UtcDay::from_number(0);
    assert_eq!(store.tokens_used(&ann()?, today).await?, 30);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_its_owners_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder()?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
    store.begin_turn(&ann()?, begin("thr_1")?).await?;
    let mut files = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        files.push((file.file_name().into_string().unwrap(), mode));
    }
    files.sort();
    let expected =
        ["store.db", "store.db-shm", "store.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(files, expected);
    Ok(())
}

#[tokio::test]
async fn a_newer_schema_is_refused() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    SqliteStore::open(&path, Options::default())
        .await?
        .close()
        .await;
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql("pragma user_version = 999")
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    let error = SqliteStore::open(&path, Options::default())
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::NewerSchema { found: 999, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("start a newer version"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_no_database_is_refused() -> Result<()> {
    let folder = folder()?;
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database. ".repeat(1_000)).unwrap();
    let error = SqliteStore::open(&text, Options::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let nowhere = folder.path().join("no/such/folder.db");
    let error = SqliteStore::open(&nowhere, Options::default())
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).await?;
    store.begin_turn(&ann()?, begin("thr_1")?).await?;
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql("update items set item = '{'")
        .execute(&mut conn)
        .await
        .unwrap();
    let error = store
        .recent_items(&ann()?, &ThreadId::new("thr_1"), 9)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    store.ping().await
}
