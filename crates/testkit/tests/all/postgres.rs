//! The temporary PostgreSQL: it comes back with its data after any end, and it goes with those who started it.

use std::env;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_testkit::postgres::{Durability, Ending, Options, Postgres};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

/// Set where this program runs itself as somebody who is going to be killed.
const VICTIM: &str = "FRONTDESK_TEST_VICTIM";
const PATIENCE: Duration = Duration::from_secs(30);

async fn gone(address: SocketAddr) -> Result<()> {
    let gone = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone)
        .await
        .context("it still listens")
}

#[tokio::test]
async fn data_outlives_every_end_of_a_server() -> Result<()> {
    let test = "testkit::data_outlives_every_end_of_a_server";
    let options = Options {
        durability: Durability::Durable,
        settings: vec![("statement_timeout".to_owned(), "7s".to_owned())],
        ..Options::default()
    };
    let Some(postgres) = Postgres::start_or_skip(test, options).await? else {
        return Ok(());
    };
    assert_eq!(postgres.sql("show statement_timeout").await?, "7s");
    let roles = "select current_user, rolsuper from pg_roles where rolname = 'frontdesk'";
    assert_eq!(postgres.sql(roles).await?, "postgres|f");
    postgres.sql("create table kept (what text)").await?;
    for (ending, what) in [
        (Ending::Fast, "fast"),
        (Ending::Immediate, "immediate"),
        (Ending::Kill, "kill"),
    ] {
        postgres
            .sql(&format!("insert into kept values ('{what}')"))
            .await?;
        postgres.stop(ending).await?;
        postgres.stop(ending).await?;
        assert!(
            TcpStream::connect(postgres.address()).await.is_err(),
            "{what}"
        );
        assert!(postgres.sql("select 1").await.is_err(), "{what}");
        postgres.start_again().await?;
        postgres.start_again().await?;
        assert!(
            TcpStream::connect(postgres.address()).await.is_ok(),
            "{what}"
        );
    }
    assert_eq!(
        postgres.sql("select what from kept").await?,
        "fast\nimmediate\nkill"
    );
    let address = postgres.address();
    drop(postgres);
    assert!(TcpStream::connect(address).await.is_err());
    Ok(())
}

#[tokio::test]
async fn tests_share_a_server_and_nothing_in_it() -> Result<()> {
    let test = "testkit::tests_share_a_server_and_nothing_in_it";
    let Some(postgres) = Postgres::shared_or_skip(test).await? else {
        return Ok(());
    };
    assert_eq!(Postgres::shared().await?.url(), postgres.url());
    assert_ne!(postgres.new_schema(), postgres.new_schema());
    let (one, other) = (
        postgres.new_database().await?,
        postgres.new_database().await?,
    );
    assert_ne!(one, other);
    let address = postgres.address();
    let url = format!(
        "postgres://frontdesk:{}@{address}/frontdesk",
        postgres.password()
    );
    assert_eq!(postgres.url(), url);
    Ok(())
}

#[tokio::test]
async fn a_server_ends_with_the_process_that_started_it() -> Result<()> {
    let test = "testkit::a_server_ends_with_the_process_that_started_it";
    if env::var_os(VICTIM).is_some() {
        let postgres = Postgres::start(Options::default()).await?;
        let folder = postgres.sql("show data_directory").await?;
        println!("\nstarted {} {folder}", postgres.address());
        return std::future::pending().await;
    }
    if Postgres::shared_or_skip(test).await?.is_none() {
        return Ok(());
    }
    let mut victim = Command::new(env::current_exe()?);
    victim
        .args([
            "--nocapture",
            "a_server_ends_with_the_process_that_started_it",
        ])
        .env(VICTIM, "1")
        .stdout(Stdio::piped());
    let mut victim = tokio::process::Command::from(victim)
        .kill_on_drop(true)
        .spawn()?;
    let output = victim.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    let started = async {
        while let Some(line) = lines.next_line().await? {
            if let Some(rest) = line.strip_prefix("started ") {
                return Ok(rest.to_owned());
            }
        }
        anyhow::bail!("it started nothing")
    };
    let started = tokio::time::timeout(PATIENCE, started).await??;
    let (address, data) = started.split_once(' ').context("no folder")?;
    let address: SocketAddr = address.parse()?;
    assert!(TcpStream::connect(address).await.is_ok());

    victim.kill().await?;
    gone(address).await?;
    let removed = async {
        while std::path::Path::new(data).exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, removed)
        .await
        .context("its files are still there")
}
