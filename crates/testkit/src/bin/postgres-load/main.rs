//! What turns cost on PostgreSQL, for benches: the database, the model, the replicas and the clients in processes of their
//! own. What was measured goes to standard output.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

mod alone;
mod processes;
mod readers;
mod resume;
mod site;
mod start;
mod turns;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, ValueEnum};

#[derive(Parser)]
struct Options {
    /// The folder with the programs
    #[arg(long)]
    programs: PathBuf,
    /// An empty folder for what the processes keep
    #[arg(long)]
    folder: PathBuf,
    /// How many turns are measured
    #[arg(long, default_value_t = 2_000)]
    turns: usize,
    /// How many deltas an answer has
    #[arg(long, default_value_t = 20)]
    deltas: usize,
    /// How many readers wait for one process
    #[arg(long, default_value_t = 10_000)]
    readers: usize,
    /// What is measured; everything where nothing is said
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

/// A part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From nothing to the first answer, and a process that does nothing.
    Start,
    /// Turns: statements, transactions, processor time, how many a second.
    Turns,
    /// Readers who come back.
    Resume,
    /// Readers who wait.
    Readers,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let is_meant = |part| options.only.is_empty() || options.only.contains(&part);
    site::describe().await?;
    if is_meant(Part::Start) {
        start::measure(&options).await?;
    }
    if is_meant(Part::Turns) {
        turns::measure(&options).await?;
    }
    if is_meant(Part::Resume) {
        resume::measure(&options).await?;
    }
    if is_meant(Part::Readers) {
        readers::measure(&options).await?;
    }
    Ok(())
}

/// Prints the middle and the worst of some times.
fn told(what: &str, times: &mut [Duration]) {
    times.sort();
    let millis = |percent| percentile(times, percent).unwrap_or_default().as_secs_f64() * 1e3;
    println!("{what:<32} p50 {:>8.2} ms", millis(50));
    println!("{:<32} p99 {:>8.2} ms", "", millis(99));
}

/// The value that so many percent are below of.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied()
}
