//! The product on PostgreSQL: any number of processes, no sticky sessions, and a database that goes away.

use std::time::Instant;

use frontdesk_testkit::model_server::{ModelServer, Script};
use frontdesk_testkit::postgres::{Ending, Options, Postgres};
use frontdesk_testkit::process::Launch;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use super::desk::{self, BINARY, Desk, eventually, valid};

const SECRET: &str = "a secret of the tests, long enough";
/// Shorter than a test's patience: a slow machine has its time.
const ACQUIRE: &str = "20s";
/// Where a refusal is waited for.
pub(super) const HASTY: (&str, &str) = ("FRONTDESK__STORE__ACQUIRE_TIMEOUT", "2s");

/// The variables of a process on this database.
pub(super) fn variables(url: &str, schema: &str) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", url.to_owned()),
        ("FRONTDESK__STORE__SCHEMA", schema.to_owned()),
        ("FRONTDESK__SERVER__SECRET", SECRET.to_owned()),
        ("FRONTDESK__STORE__ACQUIRE_TIMEOUT", ACQUIRE.to_owned()),
    ]
}

/// A process on this database, with a folder of its own.
pub(super) async fn desk(url: &str, schema: &str, more: &[(&str, &str)]) -> Desk {
    let variables = variables(url, schema);
    let all = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let all: Vec<_> = all.chain(more.iter().copied()).collect();
    Desk::open(&all).await
}

#[tokio::test]
async fn check_08_a_restart_or_a_second_replica_keeps_every_thread() {
    let test = "frontdesk::check_08_a_restart_or_a_second_replica_keeps_every_thread";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let (url, schema) = (postgres.url(), postgres.new_schema());
    let (mut one, two) = tokio::join!(desk(&url, &schema, &[]), desk(&url, &schema, &[]));

    // Each message goes to the other process than the one before.
    let answer = one.client().create("What are my tasks?").await.unwrap();
    let thread = answer.thread_id().unwrap();
    for turn in 0..4 {
        let client = if turn % 2 == 0 {
            two.client()
        } else {
            one.client()
        };
        let answer = client.add(&thread, "And now?").await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert!(
            desk::is_message(desk::done(valid(&answer)).last().unwrap()),
            "{answer:?}"
        );
    }
    let other = two.client().create("Hello").await.unwrap();
    let other = other.thread_id().unwrap();

    let expected = desk::items(&one.client(), &thread).await;
    let asked = expected
        .iter()
        .filter(|item| item["type"] == "user_message");
    assert_eq!(asked.count(), 5);
    assert_eq!(desk::items(&two.client(), &thread).await, expected);
    let all = desk::threads(&one.client()).await;
    assert_eq!(all, [other.as_str(), thread.as_str()]);
    assert_eq!(desk::threads(&two.client()).await, all);

    one.server.kill().await.unwrap();
    one.start().await;
    assert_eq!(desk::items(&one.client(), &thread).await, expected);
    assert_eq!(desk::threads(&one.client()).await, all);
    let answer = one.client().add(&thread, "Still there?").await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    // What belongs to somebody else stays so.
    assert!(desk::threads(&two.client().as_user("eve")).await.is_empty());
}

#[tokio::test]
async fn it_waits_for_a_database_that_is_away_and_goes_on() {
    let test = "frontdesk::it_waits_for_a_database_that_is_away_and_goes_on";
    let options = Options::default();
    let Some(postgres) = Postgres::start_or_skip(test, options).await.unwrap() else {
        return;
    };
    let mut desk = desk(&postgres.url(), "frontdesk", &[HASTY]).await;
    let client = desk.client();
    let answer = client.create("Hello").await.unwrap();
    let thread = answer.thread_id().unwrap();
    let before = desk::items(&client, &thread).await;

    for ending in [Ending::Fast, Ending::Kill] {
        postgres.stop(ending).await.unwrap();
        let ready = client.get("/readyz").await.unwrap();
        assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE, "{ready:?}");
        assert_eq!(ready.json().unwrap()["store"], "away");
        let alive = client.get("/healthz").await.unwrap();
        assert_eq!(alive.status, StatusCode::OK);
        for answer in [
            client.create("Hello?").await,
            client.add(&thread, "You?").await,
        ] {
            let answer = answer.unwrap();
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
            assert_eq!(answer.json().unwrap()["error"]["code"], "unavailable");
            let told = format!("{answer:?}");
            assert!(!told.contains(postgres.password()), "{told}");
        }
        postgres.start_again().await.unwrap();
        eventually("it is ready again", async || {
            let ready = client.get("/readyz").await.unwrap();
            (ready.status == StatusCode::OK).then_some(())
        })
        .await;
        assert_eq!(desk::items(&client, &thread).await, before);
    }
    let answer = client.add(&thread, "And now?").await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    valid(&answer);
    assert_eq!(desk::threads(&client).await, [thread]);
    let log = desk.server.whole_log().await.unwrap();
    assert!(!log.contains(postgres.password()));
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_told_without_the_password() {
    let test = "frontdesk::a_database_that_cannot_be_used_is_told_without_the_password";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let (address, password) = (postgres.address(), postgres.password());
    let nobody_listens = "127.0.0.1:1";
    let origin = "(store.url, from environment variable DATABASE_URL)";
    for (url, place, expected) in [
        (
            format!("postgres://frontdesk:{password}x@{address}/frontdesk"),
            format!("{address}/frontdesk"),
            "password authentication failed for user \"frontdesk\"",
        ),
        (
            format!("postgres://frontdesk:{password}@{address}/elsewhere"),
            format!("{address}/elsewhere"),
            "database \"elsewhere\" does not exist",
        ),
        (
            format!("postgres://nobody:{password}@{address}/frontdesk"),
            format!("{address}/frontdesk"),
            "password authentication failed for user \"nobody\"",
        ),
        (
            format!("postgres://frontdesk:{password}@{nobody_listens}/frontdesk"),
            format!("{nobody_listens}/frontdesk"),
            "the store is not available",
        ),
        (
            format!("postgres://frontdesk:{password}@{address}/frontdesk?sslmode=require"),
            format!("{address}/frontdesk"),
            "the store is not available",
        ),
    ] {
        let dir = TempDir::new().unwrap();
        let mut launch = Launch::new(BINARY).folder(dir.path());
        for (name, value) in variables(&url, "frontdesk") {
            launch = launch.env(name, value);
        }
        if place.starts_with(nobody_listens) {
            launch = launch.env(HASTY.0, HASTY.1);
        }
        let Err(error) = launch.arg("--listen").arg("127.0.0.1:0").start().await else {
            panic!("it started: {place}");
        };
        let told = format!("{error:#}");
        let begins = format!("error: store: {place} {origin}: ");
        assert!(told.contains(&begins) && told.contains(expected), "{told}");
        assert!(!told.contains(password), "{told}");
    }
}

#[tokio::test]
async fn an_application_keeps_its_prefix_and_any_name_of_a_schema() {
    let test = "frontdesk::an_application_keeps_its_prefix_and_any_name_of_a_schema";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let url = postgres.new_database().await.unwrap();
    let database = url.rsplit_once('/').unwrap().1.to_owned();
    let asyncpg = url.replace("postgres://", "postgresql+asyncpg://") + "?ssl=prefer";
    let schema = "Chat \"kit\"; drop schema public; --";
    let dir = TempDir::new().unwrap();
    let launch = Launch::new(BINARY)
        .folder(dir.path())
        .arg("--env-prefix")
        .arg("TASKFLOW_CHATKIT_")
        .env("DATABASE_URL", "postgres://the-application@nowhere/app")
        .env("TASKFLOW_CHATKIT_DATABASE_URL", asyncpg)
        .env("TASKFLOW_CHATKIT_SCHEMA_NAME", schema)
        .env("TASKFLOW_CHATKIT_SECRET", SECRET)
        .env("TASKFLOW_CHATKIT_LISTEN", "127.0.0.1:0")
        .env("TASKFLOW_CHATKIT_DEBUG_SQL", "1");
    let server = launch.start().await.unwrap();
    let client = frontdesk_testkit::clients::Client::new(server.url()).unwrap();
    let answer = client.create("Hello").await.unwrap();
    valid(&answer);
    let warned = "nothing reads this variable variable=\"TASKFLOW_CHATKIT_DEBUG_SQL\"";
    assert!(server.log().contains(warned), "{}", server.log());

    let schemas =
        "select nspname from pg_namespace where nspname !~ '^(pg_|information_)' order by 1";
    let schemas = postgres.sql_in(&database, schemas).await.unwrap();
    let mut expected = [schema, "public"];
    expected.sort_unstable();
    let mut found: Vec<&str> = schemas.lines().collect();
    found.sort_unstable();
    assert_eq!(found, expected);
    let outside = "select count(*) from pg_class join pg_namespace n on n.oid = relnamespace where nspname = 'public'";
    assert_eq!(postgres.sql_in(&database, outside).await.unwrap(), "0");
}

#[tokio::test]
async fn keys_are_made_on_the_database() {
    let test = "frontdesk::keys_are_made_on_the_database";
    let Some(postgres) = Postgres::shared_or_skip(test).await.unwrap() else {
        return;
    };
    let schema = postgres.new_schema();
    let mode = [("FRONTDESK__AUTH__MODE", "api_key")];
    let url = postgres.url();
    let one = desk(&url, &schema, &mode).await;
    let key = one.key(&["create", "--user", "ann"]).await;
    let list = one.key(&["list"]).await;
    assert!(list.contains("user ann"), "{list}");
    // Made beside one process, it opens the other.
    let two = desk(&url, &schema, &mode).await;
    let bearer = format!("Bearer {key}");
    let ask = json!({"type": "threads.list", "params": {}});
    for desk in [&one, &two] {
        let refused = desk.client().post(&ask).await.unwrap();
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        let client = desk.client().with_header("authorization", &bearer);
        let taken = client.post(&ask).await.unwrap();
        assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
    }
}

/// Transactions that were committed so far; what a session did is told at the latest when it ends.
/// <https://www.postgresql.org/docs/current/monitoring-stats.html>
async fn committed(postgres: &Postgres) -> u32 {
    eventually("all sessions have ended", async || {
        let sessions = "select count(*) from pg_stat_activity where usename = 'frontdesk'";
        let sessions = postgres.sql_in("postgres", sessions).await.unwrap();
        (sessions == "0").then_some(())
    })
    .await;
    let query = "select xact_commit from pg_stat_database where datname = 'frontdesk'";
    let committed = postgres.sql_in("postgres", query).await.unwrap();
    committed.parse().unwrap()
}

/// What is done by the clock while a message is answered, in transactions a second: ten times what was told so far is
/// stored, twice it is looked whether the turn is wanted elsewhere, and once which turns have nobody any more.
const BY_THE_CLOCK: f64 = 13.0;

/// With a key each, as our front end sends them.
#[tokio::test]
async fn a_first_message_is_two_transactions_and_a_follow_up_four() {
    let test = "frontdesk::a_first_message_is_two_transactions_and_a_follow_up_four";
    let options = Options::default();
    let Some(postgres) = Postgres::start_or_skip(test, options).await.unwrap() else {
        return;
    };
    let model = ModelServer::start(Script::text("I see.", 2)).await.unwrap();
    let (url, base) = (postgres.url(), model.base_url());
    let mut desk = desk(&url, "frontdesk", &[("OPENAI_BASE_URL", &base)]).await;
    let answer = desk.client().create("Hello").await.unwrap();
    let thread = answer.thread_id().unwrap();
    desk.server.kill().await.unwrap();

    let mut keys = 0;
    for (follows, most) in [(false, 2.0), (true, 4.0)] {
        let mut seen = Vec::new();
        loop {
            // What a start costs is in both.
            let (few, many) = (5, 65);
            let (mut cost, mut took) = (Vec::new(), Vec::new());
            for messages in [few, many] {
                let before = committed(&postgres).await;
                let since = Instant::now();
                desk.start().await;
                for _ in 0..messages {
                    keys += 1;
                    let key = format!("key-{keys}");
                    let client = desk.client().with_header("idempotency-key", &key);
                    let answer = if follows {
                        client.add(&thread, "And now?").await.unwrap()
                    } else {
                        client.create("Hello").await.unwrap()
                    };
                    assert_eq!(answer.assistant_text().unwrap(), "I see.", "{answer:?}");
                }
                desk.server.kill().await.unwrap();
                took.push(since.elapsed().as_secs_f64());
                cost.push(committed(&postgres).await - before);
            }
            let each = f64::from(cost[1] - cost[0]) / f64::from(many - few);
            let seconds = (took[1] - took[0]) / f64::from(many - few);
            // One more for each message would be all of one more. A slow machine may add what goes by the clock.
            let added = (BY_THE_CLOCK * seconds + 0.5).max(0.9);
            if (most - 0.5..most + added).contains(&each) {
                break;
            }
            seen.push((each, cost, took));
            assert!(seen.len() < 5, "never {most}: {seen:?}");
        }
    }
}
