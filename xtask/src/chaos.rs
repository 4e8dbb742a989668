//! `cargo xtask chaos`: users talk to replicas on one PostgreSQL, or to one on SQLite, while processes are killed, the
//! database restarts and connections break. It prints its figures, and fails where anything was lost, doubled or left
//! undone.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{command, postgres};

/// What is run in CI: a round of every fault on PostgreSQL, and on SQLite.
const SHORT: [Options; 2] = [
    Options {
        minutes: 1.0,
        seed: 1,
        users: 60,
        replicas: 3,
        sqlite: false,
        dev: true,
    },
    Options {
        minutes: 0.5,
        seed: 1,
        users: 30,
        replicas: 1,
        sqlite: true,
        dev: true,
    },
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For how many minutes something goes wrong again and again
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// What decides who says what and what goes wrong
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many users talk
    #[arg(long, default_value_t = 200)]
    users: u32,
    /// How many replicas they talk to
    #[arg(long, default_value_t = 3)]
    replicas: u32,
    /// Keep everything in a file, with one replica, in place of PostgreSQL
    #[arg(long)]
    sqlite: bool,
    /// Use programs that aren't optimised
    #[arg(long)]
    dev: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    reign(workspace, options)?;
    Ok(ExitCode::SUCCESS)
}

/// Short runs.
pub(crate) fn short(workspace: &Workspace) -> Result<()> {
    SHORT
        .iter()
        .try_for_each(|options| reign(workspace, options))
}

fn reign(workspace: &Workspace, options: &Options) -> Result<()> {
    postgres::ready(workspace, Setup::Bring)?;
    let programs = build(workspace, options)?;
    let folder = workspace.path("target/xtask/chaos");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot empty target/xtask/chaos")?;
    }
    fs::create_dir_all(&folder).context("cannot make target/xtask/chaos")?;
    let program = programs.join(format!("chaos{}", std::env::consts::EXE_SUFFIX));
    let mut chaos = command::new(program, workspace.root());
    chaos.arg("--programs").arg(&programs);
    chaos.arg("--folder").arg(&folder);
    let seconds = (options.minutes * 60.0).round();
    chaos.args(["--seconds", &seconds.to_string()]);
    chaos.args(["--seed", &options.seed.to_string()]);
    chaos.args(["--users", &options.users.to_string()]);
    chaos.args(["--replicas", &options.replicas.to_string()]);
    if options.sqlite {
        chaos.arg("--sqlite");
    }
    let place = if options.sqlite {
        "one replica on SQLite".to_owned()
    } else {
        format!("{} replicas on PostgreSQL", options.replicas)
    };
    println!(
        "chaos for {seconds} s with seed {}: {} users, {place}",
        options.seed, options.users
    );
    command::run(&mut chaos)
}

/// Builds the programs and gives back the folder they are in.
fn build(workspace: &Workspace, options: &Options) -> Result<PathBuf> {
    let mut cargo = command::cargo(workspace.root());
    cargo.args(["build", "--locked", "--bins"]);
    let profile = if options.dev {
        // The same parts as the tests', so that nothing is built a second time.
        cargo.args(["--workspace", "--tests"]);
        "debug"
    } else {
        let packages = ["frontdesk", "frontdesk-taskflow", "frontdesk-testkit"];
        cargo.arg("--release");
        cargo.args(packages.iter().flat_map(|name| ["--package", name]));
        "release"
    };
    command::run(&mut cargo)?;
    Ok(workspace.target()?.join(profile))
}
