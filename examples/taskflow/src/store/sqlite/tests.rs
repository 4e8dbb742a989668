//! Databases of earlier versions.

use std::sync::Arc;

use frontdesk_clock::{ManualClock, Timestamp};
use frontdesk_identity::{Scope, TenantId, UserId};

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType};

use super::*;
use crate::TaskId;
use crate::store::TaskRows;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))
}

#[tokio::test]
async fn tasks_of_the_first_version_are_still_there() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("taskflow.db");
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true);
    let first = SqlitePool::connect_with(options).await.unwrap();
    let mut migrator = migrator(&MIGRATIONS);
    migrator.migrations.to_mut().truncate(1);
    migrator.run(&first).await.unwrap();
    for statement in [
        "insert into numbers (tenant, user_id, last) values ('default', 'ann', 4)",
        "insert into tasks (tenant, user_id, number, title, notes, status, priority, due, created_at, updated_at) \
         values ('default', 'ann', 3, 'old', '', 'open', 'normal', null, 0, 0)",
    ] {
        sqlx::query(statement).execute(&first).await.unwrap();
    }
    first.close().await;

    for _ in 0..2 {
        let tasks = Sqlite::open(&file, clock()).await.unwrap();
        let ann = Scope {
            tenant: TenantId::single(),
            user: UserId::new("ann").unwrap(),
        };
        let old = tasks.get(&ann, TaskId(3)).await.unwrap().unwrap();
        assert_eq!(
            (old.title.as_str(), old.project, old.assignee),
            ("old", None, None)
        );
        tasks.close().await;
    }
}

#[tokio::test]
async fn a_database_that_a_later_version_brought_up_to_date_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("taskflow.db");
    let tasks = Sqlite::open(&file, clock()).await.unwrap();
    let mut later = migrator(&MIGRATIONS);
    let sql = "create table later (id integer)".into_sql_str();
    later.migrations.to_mut().push(Migration::new(
        9_999,
        "later".into(),
        MigrationType::Simple,
        sql,
        false,
    ));
    later.run(&tasks.writer).await.unwrap();
    tasks.close().await;
    assert!(Sqlite::open(&file, clock()).await.is_ok());
}
