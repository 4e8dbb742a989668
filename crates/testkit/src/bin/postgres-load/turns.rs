//! Turns of first messages, of follow-ups and with a tool: statements, transactions, processor time, and how many a
//! second. Beside them what the statements of the same turns reach with nothing around.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use frontdesk_testkit::held_tools::{HeldTools, LOOK};
use serde::Deserialize;
use tokio::process::Command;
use tokio::time::sleep;

use super::site::{Answers, Site, Tool, program};
use super::{Options, alone, processes};

/// Turns before the measured ones.
const WARM_UP: usize = 500;
/// How many at once.
const AT_ONCE: [usize; 2] = [16, 256];
/// How many users take turns: each turn counts for its user, so turns of one user wait for each other.
const USERS: usize = 256;
/// After so long an idle connection has told what it did.
/// <https://www.postgresql.org/docs/current/monitoring-stats.html>
const TOLD: Duration = Duration::from_secs(12);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// The first message of a thread.
    First,
    /// The second.
    FollowUp,
    /// A first one that a tool is called for.
    WithTool,
}

/// What a client measured.
#[derive(Deserialize)]
pub(super) struct Load {
    pub(super) turns: u32,
    pub(super) seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// What was done so far.
struct Counted {
    server: Duration,
    model: Duration,
    database: Duration,
}

pub(super) async fn measure(options: &Options) -> Result<()> {
    let answers = Answers {
        deltas: options.deltas,
        pause: Duration::ZERO,
        tool: None,
    };
    let site = Site::open(options, &answers, 1).await?;
    for message in [Message::First, Message::FollowUp] {
        load(options, &site, message, WARM_UP, 16).await?;
    }
    for at_once in AT_ONCE {
        for message in [Message::First, Message::FollowUp] {
            of(options, &site, message, at_once).await?;
        }
    }
    drop(site);
    alone::measure(options).await?;
    let tools = HeldTools::start().await?;
    let answers = Answers {
        tool: Some(Tool {
            url: tools.url().to_owned(),
            name: LOOK,
        }),
        ..answers
    };
    let site = Site::open(options, &answers, 1).await?;
    load(options, &site, Message::WithTool, WARM_UP, 16).await?;
    of(options, &site, Message::WithTool, 16).await
}

async fn of(options: &Options, site: &Site, message: Message, at_once: usize) -> Result<()> {
    sleep(TOLD).await;
    let statements = statements(site).await?;
    let transactions = transactions(site).await?;
    let before = counted(site).await?;
    let measured = load(options, site, message, options.turns, at_once).await?;
    let after = counted(site).await?;
    sleep(TOLD).await;
    let statements = self::statements(site).await? - statements;
    let transactions = self::transactions(site).await? - transactions;
    let turns = f64::from(measured.turns);
    println!(
        "frontdesk with PostgreSQL, {turns} {} of {} deltas, {at_once} at once",
        message.name(),
        options.deltas
    );
    println!(
        "turns a second                       {:>8.0}",
        turns / measured.seconds
    );
    let times = [
        ("processor time a turn", after.server, before.server),
        ("  of the database", after.database, before.database),
        ("  of the model server", after.model, before.model),
    ];
    for (what, after, before) in times {
        let each = after.saturating_sub(before).as_secs_f64() * 1e3 / turns;
        println!("{what:<36} {each:>8.3} ms");
    }
    println!(
        "latency p50                          {:>8.2} ms",
        measured.p50_ms
    );
    println!(
        "latency p99                          {:>8.2} ms",
        measured.p99_ms
    );
    println!(
        "statements a turn                    {:>8.2}",
        statements / turns
    );
    println!(
        "transactions a turn                  {:>8.2}",
        transactions / turns
    );
    Ok(())
}

impl Message {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::First => "first messages",
            Self::FollowUp => "follow-up messages",
            Self::WithTool => "first messages with a call of a tool",
        }
    }
}

async fn counted(site: &Site) -> Result<Counted> {
    Ok(Counted {
        server: processes::processor_time(site.replica(0)?).await?,
        model: processes::processor_time(&site.model).await?,
        database: processes::processor_time_of(&site.postgres).await?,
    })
}

async fn load(
    options: &Options,
    site: &Site,
    message: Message,
    turns: usize,
    at_once: usize,
) -> Result<Load> {
    let mut client = Command::new(program(&options.programs, "chat-load"));
    client
        .args(["--url", site.replica(0)?.url()])
        .args(["--turns", &turns.to_string()])
        .args(["--users", &USERS.to_string()])
        .args(["--at-once", &at_once.to_string()])
        .args(["--deltas", &options.deltas.to_string()]);
    if message == Message::FollowUp {
        // Those that the last load of first messages made.
        let newest = format!(
            "select user_id || ' ' || id from frontdesk.threads \
             order by created_at desc, id desc limit {turns}"
        );
        let file = options.folder.join("threads");
        fs::write(&file, site.postgres.sql(&newest).await?)?;
        client.arg("--threads").arg(file);
    }
    let output = client.kill_on_drop(true).output().await?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("the client: {said}\nthe server: {}", site.faults());
    }
    serde_json::from_slice(&output.stdout).context("cannot read what the client measured")
}

/// All but what begins and ends transactions, so far.
async fn statements(site: &Site) -> Result<f64> {
    let query = "select coalesce(sum(calls), 0) from pg_stat_statements join pg_roles on pg_roles.oid = userid \
                 where rolname = 'frontdesk' and query !~* '^(begin|commit|rollback|savepoint|release)'";
    Ok(site.postgres.sql(query).await?.parse()?)
}

async fn transactions(site: &Site) -> Result<f64> {
    let query = "select xact_commit from pg_stat_database where datname = 'frontdesk'";
    Ok(site.postgres.sql(query).await?.parse()?)
}
