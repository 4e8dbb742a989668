//! `cargo xtask bench`: what a plain turn costs the server process in processor time, with the model and the client
//! in processes of their own; what a run of an agent costs that waits for a tool, without any server
//! around it; what a start, turns and readers cost on PostgreSQL, which keeps what it says it keeps (`fsync` and
//! `synchronous_commit` are on); and how fast the front end draws in a browser.
//! All of it shares the machine: model, database, clients and server.
//! Numbers of one machine at one time: read them side by side, never test them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::front_end::FrontEnd;
use crate::process::{self, Running};
use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{browser, command, postgres};

/// Turns before the measured ones: caches fill, the database file grows to its working size.
const WARM_UP: u32 = 100;

/// Runs the rest with as many open files as may be; a reader is one here and one in the server.
const WIDE: &str = r#"ulimit -n "$(ulimit -H -n)" 2>/dev/null; exec "$@""#;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many turns are measured
    #[arg(long, default_value_t = 2_000)]
    turns: u32,
    /// How many run at a time
    #[arg(long, default_value_t = 8)]
    at_once: u32,
    /// How many deltas an answer has
    #[arg(long, default_value_t = 20)]
    deltas: u32,
    /// How many runs of an agent wait at the same time
    #[arg(long, default_value_t = 1_000)]
    runs: u32,
    /// How many readers wait for one process
    #[arg(long, default_value_t = 10_000)]
    readers: u32,
}

/// What the runs of an agent measured of themselves.
#[derive(Deserialize)]
struct Waiting {
    runs: u32,
    events: u32,
    /// Of each.
    text_bytes: u32,
    resident_kib: u32,
    processor_ms: u32,
}

/// What the client measured.
#[derive(Deserialize)]
struct Load {
    turns: u32,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let programs = build(workspace)?;
    println!("machine: {}", process::machine());
    runs(&programs, options, workspace)?;
    let data = workspace.path("target/xtask/bench");
    if data.exists() {
        fs::remove_dir_all(&data).context("cannot empty target/xtask/bench")?;
    }
    fs::create_dir_all(&data).context("cannot make target/xtask/bench")?;

    let deltas = options.deltas.to_string();
    let mut model = command::new(program(&programs, "model-server"), &data);
    model.args(["--deltas", &deltas]);
    let model = Running::start("model-server", &mut model)?;

    let mut server = command::new(program(&programs, "frontdesk"), &data);
    server
        .args(["--listen", "127.0.0.1:0", "--data-dir", "."])
        .env("OPENAI_BASE_URL", format!("{}/v1", model.url()))
        .env("OPENAI_API_KEY", "test")
        .env("RUST_LOG", "warn")
        .env_remove("MCP_SERVER_URL")
        .env_remove("DATABASE_URL");
    let server = Running::start("frontdesk", &mut server)?;

    let client = program(&programs, "chat-load");
    load(&client, &server, WARM_UP, options, &data)?;
    let before = server.processor_time()?;
    let measured = load(&client, &server, options.turns, options, &data)?;
    let used = server.processor_time()?.saturating_sub(before);

    let turns = f64::from(measured.turns);
    println!(
        "frontdesk with SQLite, {} plain turns of {deltas} deltas, {} at once",
        measured.turns, options.at_once
    );
    println!(
        "processor time a turn   {:>8.3} ms",
        used.as_secs_f64() * 1e3 / turns
    );
    println!("turns a second          {:>8.0}", turns / measured.seconds);
    println!("latency p50             {:>8.2} ms", measured.p50_ms);
    println!("latency p99             {:>8.2} ms", measured.p99_ms);
    println!(
        "resident memory         {:>8.1} MB",
        server.memory_megabytes()?
    );
    drop((server, model));
    on_postgres(workspace, &programs, options)?;
    browser::ready(workspace, Setup::Bring)?;
    FrontEnd::ready(workspace, Setup::Bring)?.bench()?;
    Ok(ExitCode::SUCCESS)
}

/// The same turns on PostgreSQL, and readers there. As many files may be open as the system lets them.
fn on_postgres(workspace: &Workspace, programs: &Path, options: &Options) -> Result<()> {
    postgres::ready(workspace, Setup::Bring)?;
    let folder = workspace.path("target/xtask/bench/postgres");
    fs::create_dir_all(&folder).context("cannot make target/xtask/bench/postgres")?;
    let mut load = command::new("sh", workspace.root());
    load.args(["-c", WIDE, "sh"]);
    load.arg(program(programs, "postgres-load"));
    load.arg("--programs").arg(programs);
    load.arg("--folder").arg(&folder);
    load.args(["--turns", &options.turns.to_string()]);
    load.args(["--deltas", &options.deltas.to_string()]);
    load.args(["--readers", &options.readers.to_string()]);
    command::run(&mut load)
}

/// Runs of an agent, all of which wait for a tool at the same time, in a process of their own.
fn runs(programs: &Path, options: &Options, workspace: &Workspace) -> Result<()> {
    let mut load = command::new(program(programs, "agent-load"), workspace.root());
    load.args(["--runs", &options.runs.to_string()]);
    let measured: Waiting = serde_json::from_str(&command::output(&mut load)?)
        .context("cannot read what the runs measured")?;
    let runs = f64::from(measured.runs);
    let text = f64::from(measured.text_bytes) / 1024.0;
    println!(
        "an agent with a tool, {} runs at once, {} events each",
        measured.runs,
        f64::from(measured.events) / runs
    );
    println!(
        "memory a run            {:>8.1} KiB beyond its text of {text:.1} KiB",
        f64::from(measured.resident_kib) / runs - text
    );
    println!(
        "processor time a run    {:>8.3} ms",
        f64::from(measured.processor_ms) / runs
    );
    Ok(())
}

fn load(
    client: &Path,
    server: &Running,
    turns: u32,
    options: &Options,
    data: &Path,
) -> Result<Load> {
    let mut client = command::new(client, data);
    client.args(["--url", server.url(), "--turns", &turns.to_string()]);
    client.args(["--at-once", &options.at_once.to_string()]);
    client.args(["--deltas", &options.deltas.to_string()]);
    serde_json::from_str(&command::output(&mut client)?)
        .context("cannot read what the client measured")
}

/// Builds the programs and gives back the folder they are in.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut cargo = command::cargo(workspace.root());
    cargo.args(["build", "--release", "--locked", "--package", "frontdesk"]);
    cargo.args(["--package", "frontdesk-testkit", "--bins"]);
    command::run(&mut cargo)?;
    // Apart, so that what examples need doesn't change the product.
    let mut cargo = command::cargo(workspace.root());
    cargo.args(["build", "--release", "--locked"]);
    cargo.args(["--package", "frontdesk-store-postgres"]);
    cargo.args(["--example", "statements"]);
    command::run(&mut cargo)?;
    Ok(workspace.target()?.join("release"))
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
