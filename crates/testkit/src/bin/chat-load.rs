//! A client in a process of its own, for benches: makes threads or goes on in some, reads each answer to its end and
//! checks it.
//! What it measured goes to standard output as one line of JSON.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

use std::fs;
use std::path::PathBuf;
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
    /// How many users take turns; without it, they are those of whoever is signed in
    #[arg(long)]
    users: Option<usize>,
    /// A file with a user and the id of a thread of theirs on each line, at least as many as turns: each gets a
    /// follow-up message
    #[arg(long)]
    threads: Option<PathBuf>,
}

/// Where a message goes.
struct Place {
    user: Option<String>,
    /// A new one where there is none.
    thread: Option<String>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let client = Client::new(&options.url)?;
    let expected = numbered_words(options.deltas).concat();
    let places = places(&options)?;
    let started = Instant::now();
    let mut latencies: Vec<Duration> = stream::iter(places)
        .map(|place| turn(&client, place, &expected))
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

/// Where each message goes: to a thread, or to a new one.
fn places(options: &Options) -> Result<Vec<Place>> {
    let Some(file) = &options.threads else {
        let user = |turn| Some(format!("user-{}", turn % options.users?.max(1)));
        let new = |turn| Place {
            user: user(turn),
            thread: None,
        };
        return Ok((0..options.turns).map(new).collect());
    };
    let threads = fs::read_to_string(file).context("cannot read the file of threads")?;
    let threads = threads.lines().take(options.turns);
    let places: Vec<_> = threads.filter_map(|line| line.split_once(' ')).collect();
    if places.len() < options.turns {
        bail!("there are {} threads only", places.len());
    }
    let known = places.into_iter().map(|(user, thread)| Place {
        user: Some(user.to_owned()),
        thread: Some(thread.to_owned()),
    });
    Ok(known.collect())
}

async fn turn(client: &Client, place: Place, expected: &str) -> Result<Duration> {
    let client = match &place.user {
        Some(user) => &client.as_user(user),
        None => client,
    };
    let started = Instant::now();
    let answer = match place.thread {
        Some(thread) => client.add(&thread, "Say the words again.").await?,
        None => client.create("Say the words.").await?,
    };
    let took = started.elapsed();
    let said = answer
        .assistant_text()
        .with_context(|| format!("after {took:?}"))?;
    if said.trim_end() != expected.trim_end() {
        bail!("an answer is not complete: {said:?}");
    }
    Ok(took)
}

fn percentile(sorted: &[Duration], percent: usize) -> Result<Duration> {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().context("no turn was measured")
}
