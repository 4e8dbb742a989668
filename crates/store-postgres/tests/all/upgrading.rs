//! Schemas of earlier releases: what was stored is there afterwards, and an earlier release goes on beside a later one.

use std::ops::Range;

use frontdesk_protocol::{AttachmentId, ThreadId, Timestamp};
use frontdesk_store::{
    Attachments, Connections, Files, Items, KeyId, Keys, Maintenance, Result, Threads, TurnId,
    TurnKey, TurnStatus, Turns, Usage, UtcDay, Written, words,
};
use frontdesk_store_postgres::PostgresStore;

use super::database::{schema, sql};
use super::sample::{ann, end};
use super::searching::found;

const MIGRATIONS: [&str; 8] = [
    include_str!("../../migrations/0001_create_threads.sql"),
    include_str!("../../migrations/0002_create_turns.sql"),
    include_str!("../../migrations/0003_create_connections.sql"),
    include_str!("../../migrations/0004_create_usage.sql"),
    include_str!("../../migrations/0005_create_files.sql"),
    include_str!("../../migrations/0006_add_search.sql"),
    include_str!("../../migrations/0007_mark_turns_with_logs.sql"),
    include_str!("../../migrations/0008_mark_more_turns_with_logs.sql"),
];

/// What a release stores that knows so many of the migrations, with the columns that it knows. `%` is the name of a
/// thread, and of all that belongs to it.
const STORED: [&str; 5] = [
    r#"insert into threads
           (tenant_id, user_id, id, created_at, title, status, image_domains, metadata, extra)
       values ('default', 'ann', '%', 1000000, 'walnut %', '{"type":"active"}', null, '{}', '{}');
       insert into items
           (tenant_id, user_id, id, thread_id, turn_id, created_at, item, as_written)
       values ('default', 'ann', 'msg_%', '%', 'turn_%', 2000000,
           '{"type":"assistant_message","id":"msg_%","thread_id":"%",
             "created_at":"1970-01-01T00:00:02Z",
             "content":[{"type":"output_text","text":"almond %","annotations":[]}]}', null);
       insert into attachments
           (tenant_id, user_id, id, thread_id, attachment, as_written)
       values ('default', 'ann', 'atc_%', '%',
           '{"type":"file","id":"atc_%","name":"a.txt","mime_type":"text/plain","thread_id":"%"}',
           null)"#,
    "insert into turns
         (tenant_id, user_id, id, thread_id, status, attempt, created_at, holder, leased_until)
     values ('default', 'ann', 'turn_%', '%', 'running', 1, 2000000, 'process_1', null)",
    "insert into api_keys
         (id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at)
     values ('key_%', 'default', 'ann', decode(repeat('07', 32), 'hex'), '', 1, null, null);
     insert into connections (tenant_id, user_id, server, sealed, created_at, updated_at)
     values ('default', 'ann', 'mail_%', '\\x07', 1, 1)",
    "insert into usage (tenant_id, user_id, day, tokens) values ('default', 'ann', 20000, 7)
     on conflict (tenant_id, user_id, day) do update set tokens = usage.tokens + 7",
    "insert into files (tenant_id, user_id, attachment_id, object, size, media_type, sha256)
     values ('default', 'ann', 'atc_%', 'obj_%', 1, 'text/plain',
         decode(repeat('07', 32), 'hex'))",
];

/// The release that stores by which words its texts are found.
const WITH_WORDS: usize = 6;
/// The last release that notes of no turn whether it has a log.
const WITHOUT_MARKS: usize = 6;

/// Makes the schema of an early release.
async fn early(schema: &str, release: usize) -> Result<()> {
    let made = format!(
        "create schema {schema} authorization frontdesk;
         set role frontdesk;
         create table {schema}.schema_migrations
             (number bigint not null primary key, done_at timestamptz not null)"
    );
    sql(&made).await?;
    migrated(schema, 0..release).await
}

/// Does some of the migrations.
async fn migrated(schema: &str, some: Range<usize>) -> Result<()> {
    let mut script = format!("set role frontdesk; set search_path = {schema};");
    for (number, migration) in (1..).zip(MIGRATIONS).take(some.end).skip(some.start) {
        let done = format!("insert into schema_migrations values ({number}, now());");
        script.extend([migration, &done]);
    }
    sql(&script).await.map(drop)
}

/// Stores what a release does. A turn that it knows runs, and nothing of its log is stored yet.
async fn stored(schema: &str, release: usize, name: &str) -> Result<()> {
    let known = STORED.into_iter().take(release);
    let mut known: Vec<String> = known.map(|known| known.replace('%', name)).collect();
    if release >= WITH_WORDS {
        for (table, id, text) in [("threads", "", "walnut"), ("items", "msg_", "almond")] {
            let words = words::indexed(&ann()?, &format!("{text} {name}")).join(" ");
            known.push(format!(
                "update {table} set words = array_to_tsvector(string_to_array('{words}', ' '))
                 where id = '{id}{name}'"
            ));
        }
    }
    let statements = known.join(";");
    sql(&format!("set search_path = {schema}; {statements}"))
        .await
        .map(drop)
}

/// Stores what a release does of the log of such a turn.
async fn logged(schema: &str, release: usize, name: &str) -> Result<()> {
    if release < 2 {
        return Ok(());
    }
    let log = format!(
        "insert into {schema}.turn_logs
             (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
         values ('default', 'ann', 'turn_{name}', 1, 1, 1, 'event')"
    );
    sql(&log).await.map(drop)
}

/// All that a release stored is there, and goes on.
async fn is_there(store: &PostgresStore, release: usize, name: &str) -> Result<()> {
    let (scope, thread) = (ann()?, ThreadId::new(name));
    assert!(store.thread(&scope, &thread).await?.is_some());
    let items = store.recent_items(&scope, &thread, 9).await?;
    let ids = items.iter().map(|stored| stored.item.id().to_string());
    assert_eq!(ids.collect::<Vec<_>>(), [format!("msg_{name}")]);
    let attachment = AttachmentId::new(format!("atc_{name}"));
    assert!(store.attachment(&scope, &attachment).await?.is_some());
    if release >= 2 {
        let key = TurnKey {
            thread: thread.clone(),
            turn: TurnId::new(format!("turn_{name}")),
            attempt: 1,
        };
        assert_eq!(
            store.running_turn(&scope, &thread).await?,
            Some(key.turn.clone())
        );
        assert_eq!(store.turn_log(&scope, &key.turn, None).await?.len(), 1);
        let written = store.write_turn(&scope, &key, end(name)?).await?;
        assert_eq!(written, Written::Stored);
        let turn = store.turn(&scope, &key.turn).await?;
        assert_eq!(turn.map(|turn| turn.status), Some(TurnStatus::Done));
    }
    if release >= 3 {
        assert!(
            store
                .key(&KeyId::new(format!("key_{name}")))
                .await?
                .is_some()
        );
        let server = format!("mail_{name}");
        let sealed = store.load_connection(&scope, &server);
        assert_eq!(sealed.await?, Some(vec![7]));
    }
    assert_eq!(
        store.file(&scope, &attachment).await?.is_some(),
        release >= 5
    );
    Ok(())
}

#[tokio::test]
async fn an_earlier_release_is_brought_up_and_goes_on_beside() -> Result<()> {
    for release in 1..MIGRATIONS.len() {
        let options = schema().await?;
        let name = options.schema.clone();
        early(&name, release).await?;
        for old in ["old", "late"] {
            stored(&name, release, old).await?;
        }
        logged(&name, release, "old").await?;
        let store = PostgresStore::open(options).await?;
        is_there(&store, release, "old").await?;
        stored(&name, release, "beside").await?;
        for new in ["beside", "late"] {
            logged(&name, release, new).await?;
            is_there(&store, release, new).await?;
        }
        let scope = ann()?;
        let used = store.tokens_used(&scope, UtcDay::from_number(20_000));
        assert_eq!(used.await?, if release >= 4 { 21 } else { 0 });
        let dropped = if release >= 2 { 3 } else { 0 };
        assert_eq!(store.drop_logs(Timestamp::MAX).await?, dropped);
        for name in ["turn_old", "turn_beside", "turn_late"] {
            let log = store.turn_log(&scope, &TurnId::new(name), None).await?;
            assert_eq!(log, []);
        }
        if release < WITH_WORDS {
            assert_eq!(found(&store, &scope, "walnut").await?, []);
        }
        while store.index_older(9).await? > 0 {}
        for name in ["old", "beside", "late"] {
            let title = [(name.to_owned(), None)];
            assert_eq!(
                found(&store, &scope, &format!("walnut {name}")).await?,
                title
            );
            let text = [(name.to_owned(), Some(format!("msg_{name}")))];
            assert_eq!(
                found(&store, &scope, &format!("almond {name}")).await?,
                text
            );
        }
        store.close().await;
    }
    Ok(())
}

/// It had none when turns with logs were marked, and ran beside that.
#[tokio::test]
async fn a_log_that_was_begun_after_those_of_before_were_marked_is_dropped_too() -> Result<()> {
    let options = schema().await?;
    let name = options.schema.clone();
    early(&name, WITHOUT_MARKS).await?;
    for late in ["ended", "running"] {
        stored(&name, WITHOUT_MARKS, late).await?;
    }
    migrated(&name, WITHOUT_MARKS..WITHOUT_MARKS + 1).await?;
    logged(&name, WITHOUT_MARKS, "ended").await?;
    let ended = "update turns set status = 'done', ended_at = 3 where id = 'turn_ended'";
    sql(&format!("set search_path = {name}; {ended}")).await?;
    let store = PostgresStore::open(options).await?;
    logged(&name, WITHOUT_MARKS, "running").await?;
    is_there(&store, WITHOUT_MARKS, "running").await?;
    assert_eq!(store.drop_logs(Timestamp::MAX).await?, 2);
    Ok(())
}
