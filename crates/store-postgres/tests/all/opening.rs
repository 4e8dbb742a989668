//! Opening: schemas, migrations, and what is said where it fails.

use frontdesk_identity::Secret;
use frontdesk_store::{Began, Maintenance, Result, StoreError, Turns};
use frontdesk_store_postgres::{Options, PostgresStore};
use tokio::task::JoinSet;

use super::database::{schema, server, sql};
use super::sample::{ann, begin, failed};

#[tokio::test]
async fn processes_that_start_at_once_make_one_schema() -> Result<()> {
    let options = schema().await?;
    let mut starting = JoinSet::new();
    for _ in 0..4 {
        let options = options.clone();
        starting.spawn(async move { PostgresStore::open(options).await });
    }
    let mut stores = Vec::new();
    while let Some(opened) = starting.join_next().await {
        stores.push(opened.map_err(failed)??);
    }
    let started = Began::Started {
        removed: Vec::new(),
    };
    for (number, store) in stores.iter().enumerate() {
        let name = format!("thr_{number}");
        assert_eq!(store.begin_turn(&ann()?, begin(&name)).await?, started);
        store.close().await;
        let closed = store.ping().await;
        assert!(matches!(closed, Err(StoreError::Unavailable { .. })));
    }
    Ok(())
}

#[tokio::test]
async fn a_schema_has_any_name_and_is_found_again() -> Result<()> {
    let long = "é".repeat(31) + "x";
    for name in [
        "a\"b'; drop schema public; --",
        "Select",
        "ü $user,public",
        &long,
    ] {
        let options = Options {
            schema: name.to_owned(),
            ..schema().await?
        };
        let started = Began::Started {
            removed: Vec::new(),
        };
        let store = PostgresStore::open(options.clone()).await?;
        assert_eq!(store.begin_turn(&ann()?, begin("thr_1")).await?, started);
        store.close().await;
        let store = PostgresStore::open(options).await?;
        assert_eq!(store.running_turns().await?.len(), 1, "{name}");
        store.close().await;
        let quoted = name.replace('\'', "''");
        let tables = format!("select count(*) > 5 from pg_tables where schemaname = '{quoted}'");
        assert_eq!(sql(&tables).await?, "t", "{name}");
    }
    for name in [String::new(), "x".repeat(64), "a\0b".to_owned()] {
        let options = Options {
            schema: name,
            ..schema().await?
        };
        let refused = PostgresStore::open(options).await.err();
        assert!(matches!(refused, Some(StoreError::Failed { .. })));
    }
    Ok(())
}

#[tokio::test]
async fn a_newer_schema_is_refused() -> Result<()> {
    let options = schema().await?;
    PostgresStore::open(options.clone()).await?.close().await;
    let newer = "insert into {}.schema_migrations (number, done_at) values (999, now())";
    sql(&newer.replace("{}", &options.schema)).await?;
    let refused = PostgresStore::open(options).await.err();
    assert!(
        matches!(refused, Some(StoreError::NewerSchema { found: 999, .. })),
        "{refused:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_role_that_may_make_no_schema_uses_the_one_that_is_there() -> Result<()> {
    let options = schema().await?;
    let name = &options.schema;
    let url = server().await?.new_database().await.map_err(failed)?;
    let database = url.rsplit('/').next().unwrap_or_default();
    let options = Options {
        url: Secret::new(url.clone()),
        ..options.clone()
    };
    let refused = format!(
        "alter database {database} owner to postgres;
         revoke all on database {database} from public;
         grant connect, temporary on database {database} to frontdesk"
    );
    sql(&refused).await?;
    let error = PostgresStore::open(options.clone()).await.err();
    assert!(
        matches!(error, Some(StoreError::Failed { .. })),
        "{error:?}"
    );
    let made = format!("create schema {name} authorization frontdesk");
    let run = server().await?.sql_in(database, &made).await;
    run.map_err(failed)?;
    PostgresStore::open(options).await?.ping().await
}

#[tokio::test]
async fn nothing_of_the_url_is_shown() -> Result<()> {
    let options = schema().await?;
    let store = PostgresStore::open(options.clone()).await?;
    let password = server().await?.password();
    let shown = format!("{options:?} {store:?}");
    assert!(!shown.contains(password) && !shown.contains("postgres://"));
    for (url, expected) in [
        (options.url.expose().replace(password, "wr0ngpass"), "28P01"),
        (format!("{}x", options.url.expose()), "3D000"),
        (
            "postgres://ann:wr0ngpass@127.0.0.1:1/x".to_owned(),
            "refused",
        ),
        (
            "postgres://ann:wr0ng/pass@host/x".to_owned(),
            "can't be read",
        ),
        (
            "https://ann:wr0ngpass@host/x?sslmode=wr0ngpass".to_owned(),
            "",
        ),
    ] {
        let options = Options {
            url: Secret::new(url),
            acquire_timeout: std::time::Duration::from_secs(10),
            ..options.clone()
        };
        let error = PostgresStore::open(options)
            .await
            .err()
            .map(|it| it.to_string());
        let error = error.unwrap_or_default();
        assert!(error.contains(expected) && !error.is_empty(), "{error}");
        assert!(!error.contains("wr0ng"), "{error}");
    }
    Ok(())
}
