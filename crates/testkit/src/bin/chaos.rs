//! Chaos in a process of its own, for `cargo xtask chaos`: it prints its figures, and fails where something was wrong.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use frontdesk_testkit::chaos::{self, Options, Store};

#[derive(Parser)]
struct Arguments {
    /// The folder with the programs `frontdesk` and `taskflow`
    #[arg(long)]
    programs: PathBuf,
    /// An empty folder for what the processes keep
    #[arg(long)]
    folder: PathBuf,
    /// For how many seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What decides who says what and what goes wrong
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many users talk
    #[arg(long, default_value_t = 200)]
    users: usize,
    /// How many replicas they talk to
    #[arg(long, default_value_t = 3)]
    replicas: usize,
    /// Keep everything in a file, with one replica, in place of PostgreSQL
    #[arg(long)]
    sqlite: bool,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let report = chaos::run(&Options {
        programs: arguments.programs,
        folder: arguments.folder,
        time: Duration::from_secs(arguments.seconds),
        seed: arguments.seed,
        users: arguments.users,
        replicas: arguments.replicas,
        store: if arguments.sqlite {
            Store::Sqlite
        } else {
            Store::Postgres
        },
    })
    .await?;
    print!("{}", report.figures);
    for complaint in &report.complaints {
        println!("wrong: {complaint}");
    }
    if report.complaints.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} things were wrong", report.complaints.len());
    Ok(ExitCode::FAILURE)
}
