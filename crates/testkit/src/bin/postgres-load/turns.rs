//! Plain turns: statements, transactions, processor time, and how many a second.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;
use tokio::time::sleep;

use super::Options;
use super::site::{Answers, Site, processor_time, program};

/// Turns before the measured ones.
const WARM_UP: usize = 200;
/// How many at once.
const AT_ONCE: [usize; 2] = [16, 256];
/// After so long an idle connection has told what it did.
/// <https://www.postgresql.org/docs/current/monitoring-stats.html>
const TOLD: Duration = Duration::from_secs(12);

#[derive(Deserialize)]
struct Load {
    turns: u32,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub(super) async fn measure(options: &Options) -> Result<()> {
    let answers = Answers {
        deltas: options.deltas,
        pause: Duration::ZERO,
    };
    let site = Site::open(options, &answers, 1).await?;
    load(options, &site, WARM_UP, 16).await?;
    for at_once in AT_ONCE {
        sleep(TOLD).await;
        let statements = statements(&site).await?;
        let transactions = transactions(&site).await?;
        let before = processor_time(site.replica(0)?).await?;
        let measured = load(options, &site, options.turns, at_once).await?;
        let used = processor_time(site.replica(0)?)
            .await?
            .saturating_sub(before);
        sleep(TOLD).await;
        let statements = self::statements(&site).await? - statements;
        let transactions = self::transactions(&site).await? - transactions;
        let turns = f64::from(measured.turns);
        println!(
            "frontdesk with PostgreSQL, {turns} plain turns of {} deltas, {at_once} at once",
            options.deltas
        );
        println!("turns a second          {:>8.0}", turns / measured.seconds);
        println!(
            "processor time a turn   {:>8.3} ms",
            used.as_secs_f64() * 1e3 / turns
        );
        println!("latency p50             {:>8.2} ms", measured.p50_ms);
        println!("latency p99             {:>8.2} ms", measured.p99_ms);
        println!("statements a turn       {:>8.2}", statements / turns);
        println!("transactions a turn     {:>8.2}", transactions / turns);
    }
    Ok(())
}

async fn load(options: &Options, site: &Site, turns: usize, at_once: usize) -> Result<Load> {
    let output = Command::new(program(&options.programs, "chat-load"))
        .args(["--url", site.replica(0)?.url()])
        .args(["--turns", &turns.to_string()])
        .args(["--at-once", &at_once.to_string()])
        .args(["--deltas", &options.deltas.to_string()])
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        bail!("the client: {}", String::from_utf8_lossy(&output.stderr));
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
