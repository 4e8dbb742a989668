//! `cargo xtask test`: brings what the tests need, runs all of them, those of the front end too, and says what was
//! skipped and why.
//! Nothing is skipped where `CI` is set: there a missing need is a failure.

mod failures;
mod tally;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::front_end::FrontEnd;
use crate::python::{ENVIRONMENTS, Setup};
use crate::workspace::{self, Workspace};
use crate::{browser, command, postgres};

use failures::Failures;
pub(crate) use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Install nothing: use what is there and skip what needs more
    #[arg(long)]
    no_setup: bool,
}

/// What the tests printed, as far as it matters at the end.
#[derive(Default, Debug)]
pub(crate) struct Printed {
    pub(crate) tally: Tally,
    pub(crate) failures: Failures,
}

/// How a run of all tests went.
pub(crate) struct Outcome {
    pub(crate) printed: Printed,
    /// Why something was not tested, one reason each.
    pub(crate) skipped: Vec<String>,
    /// The exit code of `cargo test`, or of what came after it.
    pub(crate) code: u8,
}

impl Outcome {
    /// Zero only if everything that had to run did and passed.
    pub(crate) fn exit(&self) -> ExitCode {
        if self.code == 0 && workspace::in_ci() && !self.skipped.is_empty() {
            return ExitCode::FAILURE;
        }
        ExitCode::from(self.code)
    }
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let setup = if options.no_setup {
        Setup::LeaveAlone
    } else {
        Setup::Bring
    };
    let outcome = all(workspace, setup)?;
    println!("\n{}{}", outcome.printed.failures, outcome.printed.tally);
    Ok(outcome.exit())
}

/// Runs every test of the workspace; the output of cargo passes through as it comes.
pub(crate) fn all(workspace: &Workspace, setup: Setup) -> Result<Outcome> {
    let mut missing = Vec::new();
    let mut pythons = Vec::new();
    for environment in &ENVIRONMENTS {
        match environment.ready(workspace, setup) {
            Ok(python) => pythons.push((environment.variable, python)),
            Err(error) => missing.push((environment.purpose, error)),
        }
    }
    let has_browser = match browser::ready(workspace, setup) {
        Ok(()) => true,
        Err(error) => {
            missing.push(("what needs a browser", error));
            false
        }
    };
    if let Err(error) = browser::firefox_ready(workspace, setup) {
        missing.push(("the front end in Firefox", error));
    }
    let front_end = match FrontEnd::ready(workspace, setup) {
        Ok(front_end) => Some(front_end),
        Err(error) => {
            missing.push(("the front end", error));
            None
        }
    };
    if let Err(error) = postgres::ready(workspace, setup) {
        missing.push(("what needs PostgreSQL", error));
    }
    if let (true, Some((what, error))) = (workspace::in_ci(), missing.first()) {
        bail!("nothing may be skipped here: {what}: {error:#}");
    }
    let skips = workspace.path("target/xtask/skipped.txt");
    fs::create_dir_all(workspace.path("target/xtask")).context("cannot make target/xtask")?;
    fs::write(&skips, "").context("cannot write target/xtask/skipped.txt")?;

    let mut cargo = command::cargo(workspace.root());
    cargo
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .env("FRONTDESK_TEST_SKIPS", &skips);
    for environment in &ENVIRONMENTS {
        cargo.env_remove(environment.variable);
    }
    cargo.envs(pythons.iter().cloned());
    if let Some(front_end) = &front_end {
        // It builds the front end.
        cargo.env("PATH", front_end.packages().node().path()?);
    }
    let (mut printed, mut code) = counted(&mut cargo)?;
    if let Some(front_end) = &front_end {
        let pythons = has_browser.then_some(pythons.as_slice());
        let passed = front_end.test(workspace, pythons, &mut printed)?;
        if code == 0 && !passed {
            code = 1;
        }
    }

    let skipped = skipped(&fs::read_to_string(&skips).unwrap_or_default(), &missing);
    if skipped.is_empty() {
        println!("skipped: nothing");
    }
    for reason in &skipped {
        println!("skipped: {reason}");
    }
    Ok(Outcome {
        printed,
        skipped,
        code,
    })
}

/// Runs cargo's tests; what they print passes through. How many there were, and the exit code.
fn counted(cargo: &mut Command) -> Result<(Printed, u8)> {
    let mut child = cargo
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo test")?;
    let mut printed = Printed::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read what cargo test printed")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            printed.tally.read(&line);
            printed.failures.read(&line);
        }
    }
    let status = child.wait().context("cannot wait for cargo test")?;
    let code = status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1);
    printed.failures.end();
    Ok((printed, code))
}

fn skipped(noted: &str, missing: &[(&str, anyhow::Error)]) -> Vec<String> {
    let mut reasons: Vec<String> = noted.lines().map(str::to_owned).collect();
    for (what, error) in missing {
        reasons.push(format!("{what}: {error:#}"));
    }
    reasons.sort();
    reasons.dedup();
    reasons
}
