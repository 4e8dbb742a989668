//! A client in a process of its own, for benches: makes threads, reads each answer to its end and checks it.
//! What it measured goes to standard output as one line of JSON.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use frontdesk_testkit::clients::Client;
use frontdesk_testkit::model_server::numbered_words;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

#[derive(Parser)]
struct Options {
    /// The server, as `http://127.0.0.1:8000`
    #[arg(long)]
    url: String,
    /// How many turns
    #[arg(long, default_value_t = 2_000)]
    turns: usize,
    /// How many at a time
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    /// How many deltas make an answer complete
    #[arg(long, default_value_t = 20)]
    deltas: usize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let client = Client::new(&options.url)?;
    let expected = numbered_words(options.deltas).concat();
    let started = Instant::now();
    let mut latencies: Vec<Duration> = stream::iter(0..options.turns)
        .map(|_| turn(&client, &expected))
        .buffer_unordered(options.at_once.max(1))
        .try_collect()
        .await?;
    let took = started.elapsed();
    latencies.sort();
    println!(
        "{}",
        json!({
            "turns": latencies.len(),
            "seconds": took.as_secs_f64(),
            "p50_ms": percentile(&latencies, 50)?.as_secs_f64() * 1e3,
            "p99_ms": percentile(&latencies, 99)?.as_secs_f64() * 1e3,
        })
    );
    Ok(())
}

async fn turn(client: &Client, expected: &str) -> Result<Duration> {
    let started = Instant::now();
    let answer = client.create("Say the words.").await?;
    let took = started.elapsed();
    let said = answer.assistant_text()?;
    if said.trim_end() != expected.trim_end() {
        bail!("an answer is not complete: {said:?}");
    }
    Ok(took)
}

fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().context("no turn was measured")
}
