//! The file: what it keeps, who may read it, and which ones are refused.

use std::path::Path;
use std::time::Duration;

use frontdesk_protocol::{AttachmentId, Order, ThreadId};
use frontdesk_store::words::Query;
use frontdesk_store::{
    Attachments, Items, Lease, Maintenance, PageRequest, ProcessId, Result, Search, SearchRequest,
    StoreError, TakenOver, Threads, TurnId, Turns, Usage, UtcDay,
};
use frontdesk_store_sqlite::{Options, SqliteStore};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

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
    store.begin_turn(&ann()?, begin("thr_1")).await?;
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
    assert_eq!(
        copies(folder.path()),
        [format!("store.db.before-{}", newest(&path).await)]
    );
    store.begin_turn(&ann()?, begin("thr_1")).await?;
    store
        .write_turn(&ann()?, &key("thr_1"), end("thr_1")?)
        .await?;
    let today = UtcDay::from_number(0);
    assert_eq!(store.tokens_used(&ann()?, today).await?, 30);
    Ok(())
}

/// The schema of a database.
async fn newest(path: &Path) -> i64 {
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::query_scalar("pragma user_version")
        .fetch_one(&mut conn)
        .await
        .unwrap()
}

/// The copies of a database that were made before its schema changed.
fn copies(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(".before-")).collect();
    names.sort();
    names
}

/// A database as the first version left it, with a thread and an item that say `word`.
async fn first_version(path: &Path, word: &str) {
    std::fs::write(path, "").unwrap();
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    sqlx::raw_sql(include_str!("../../migrations/0001_create_threads.sql"))
        .execute(&mut conn)
        .await
        .unwrap();
    let said = json!({
        "type": "assistant_message", "id": "msg_0", "thread_id": "thr_0",
        "created_at": "1970-01-01T00:00:01Z", "content": [{ "type": "output_text", "text": word }],
    });
    sqlx::raw_sql(AssertSqlSafe(format!(
        "pragma user_version = 1;
         insert into threads (tenant_id, user_id, id, created_at, title, status, metadata, extra)
         values ('default', 'ann', 'thr_0', 1, '{word}', '{{\"type\":\"active\"}}', '{{}}', '{{}}');
         insert into items (tenant_id, user_id, id, thread_id, created_at, item)
         values ('default', 'ann', 'msg_0', 'thr_0', 1, '{said}'),
                ('default', 'ann', 'msg_1', 'thr_0', 1, '{{')"
    )))
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn what_an_earlier_version_stored_becomes_findable_a_piece_at_a_time() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    first_version(&path, "walnut").await;
    let store = SqliteStore::open(&path, Options::default()).await?;
    let request = SearchRequest {
        query: Query::parse("walnut").unwrap(),
        limit: 9,
        after: None,
    };
    let found = async || -> Result<Vec<Option<String>>> {
        let page = store.search(&ann()?, &request).await?.unwrap();
        let items = page.data.into_iter().map(|found| found.item);
        Ok(items.map(|item| item.map(|id| id.to_string())).collect())
    };
    assert_eq!(found().await?, []);
    let mut steps = Vec::new();
    loop {
        steps.push(store.index_older(1).await?);
        if steps.last() == Some(&0) {
            break;
        }
    }
    // One thread beside one item, then the item that can't be read, then nothing.
    assert_eq!(steps, [2, 1, 0]);
    assert_eq!(found().await?, [Some("msg_0".to_owned())]);
    Ok(())
}

#[tokio::test]
async fn a_database_is_copied_before_its_schema_changes() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    for (word, copy) in [("walnut", 0), ("almond", 1)] {
        first_version(&path, word).await;
        SqliteStore::open(&path, Options::default())
            .await?
            .close()
            .await;
        let copies = copies(folder.path());
        assert_eq!(
            copies.len(),
            copy + 1,
            "earlier copies are kept: {copies:?}"
        );
        let made_before = folder.path().join(&copies[copy]);
        assert_eq!(newest(&made_before).await, 1, "it is as it was before");
        let mut conn = SqliteConnection::connect(made_before.to_str().unwrap())
            .await
            .unwrap();
        let title: String = sqlx::query_scalar("select title from threads")
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(title, word);
        conn.close().await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let permissions = std::fs::metadata(&made_before).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, 0o600);
        }
        // Nothing changes any more, so nothing is copied.
        SqliteStore::open(&path, Options::default())
            .await?
            .close()
            .await;
        assert_eq!(self::copies(folder.path()).len(), copy + 1);
        std::fs::remove_file(&path).unwrap();
    }
    Ok(())
}

#[tokio::test]
async fn a_schema_does_not_change_without_a_copy() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    first_version(&path, "walnut").await;
    // What is in the way of the copy can't be removed.
    let version = {
        let other = folder.path().join("other.db");
        SqliteStore::open(&other, Options::default())
            .await?
            .close()
            .await;
        newest(&other).await
    };
    let part = format!("store.db.before-{version}.part-{}", std::process::id());
    std::fs::create_dir(folder.path().join(part)).unwrap();
    let error = SqliteStore::open(&path, Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no copy"), "{error}");
    assert_eq!(newest(&path).await, 1);
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_database_is_its_owners_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder()?;
    let store = SqliteStore::open(folder.path().join("store.db"), Options::default()).await?;
    store.begin_turn(&ann()?, begin("thr_1")).await?;
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
    store.begin_turn(&ann()?, begin("thr_1")).await?;
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

#[tokio::test]
async fn a_turn_is_taken_over_without_what_cannot_be_read() -> Result<()> {
    let folder = folder()?;
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).await?;
    store.begin_turn(&ann()?, begin("thr_1")).await?;
    let mut conn = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let turn = TurnId::new("turn_thr_1");
    let lease = Lease {
        holder: ProcessId::new("process_1"),
        length: Duration::ZERO,
    };
    for (left, attempt) in [
        ("1, '{'", 1),
        ("70000, '{}'", 2),
        ("1, cast(x'ff' as text)", 3),
    ] {
        let sql = format!("update turns set (continuation_version, continuation) = ({left})");
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        statement.execute(&mut conn).await.unwrap();
        let taken = store.take_over(&ann()?, &turn, attempt, &lease).await?;
        assert_eq!(taken, Some(TakenOver::default()), "{left}");
    }
    Ok(())
}
