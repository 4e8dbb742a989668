//! The tasks of the workspace, run as `cargo xtask <task>`. A task that fails says what to do about it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks on its standard streams"
)]

mod bench;
mod browser;
mod chaos;
mod ci;
mod command;
mod conformance;
mod deny;
mod front_end;
mod layers;
mod metadata;
mod node;
mod postgres;
mod process;
mod python;
mod system;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The tasks of the workspace")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test, with all that they need brought first
    Test(test::Options),
    /// Check what no compiler checks: sizes, names, docs, promised tests
    Tidy,
    /// Check that crates depend on each other only as ARCHITECTURE.md says
    Layers,
    /// Check licences, banned crates and sources against deny.toml
    Deny,
    /// Run the official suite of the protocol against our server kit and our client
    Conformance(conformance::Options),
    /// Run everything that a change has to pass
    Ci,
    /// Let users talk while processes are killed and connections break, and see what is left
    Chaos(chaos::Options),
    /// Measure what a plain turn and a waiting run of an agent cost
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let done = Workspace::find().and_then(|workspace| match line.task {
        Task::Test(options) => test::run(&workspace, &options),
        Task::Tidy => tidy::run(&workspace),
        Task::Layers => layers::run(&workspace),
        Task::Deny => deny::run(&workspace),
        Task::Conformance(options) => conformance::run(&workspace, &options),
        Task::Ci => ci::run(&workspace),
        Task::Chaos(options) => chaos::run(&workspace, &options),
        Task::Bench(options) => bench::run(&workspace, &options),
    });
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
