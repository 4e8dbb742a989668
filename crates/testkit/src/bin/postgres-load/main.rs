//! What turns cost on PostgreSQL, for benches: the database, the model, the replicas and the clients in processes of their
//! own. What was measured goes to standard output.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

mod readers;
mod resume;
mod site;
mod turns;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

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
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    turns::measure(&options).await?;
    resume::measure(&options).await?;
    readers::measure(&options).await
}

/// The value that so many percent are below of.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied()
}
