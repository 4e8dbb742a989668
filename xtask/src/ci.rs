//! `cargo xtask ci`: every step that a change has to pass, each with its minutes.
//! A step that fails doesn't stop the others, so that one run tells everything.

mod fuzz;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::node::Node;
use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{chaos, command, conformance, deny, layers, test, tidy};

struct Step {
    name: &'static str,
    took: Duration,
    done: Result<()>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    components(workspace)?;
    // The first step that compiles the front end needs it.
    Node::ready(workspace, Setup::Bring)?;
    let mut steps = Vec::new();
    step(&mut steps, "fmt", || {
        command::run(cargo(workspace).args(["fmt", "--all", "--check"]))
    });
    step(&mut steps, "tidy", || passed(tidy::run(workspace)));
    step(&mut steps, "layers", || passed(layers::run(workspace)));
    step(&mut steps, "deny", || passed(deny::run(workspace)));
    step(&mut steps, "clippy", || {
        let lint = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        command::run(cargo(workspace).args(lint))
    });
    step(&mut steps, "doc", || {
        let doc = ["doc", "--workspace", "--no-deps", "--locked"];
        command::run(
            cargo(workspace)
                .args(doc)
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
    let mut printed = None;
    step(&mut steps, "test", || {
        let outcome = test::all(workspace, Setup::Bring)?;
        let code = outcome.exit();
        let ran = outcome.printed.tally.ran();
        printed = Some(outcome.printed);
        if !ran {
            return Err(anyhow!("no test ran"));
        }
        passed(Ok(code))
    });
    step(&mut steps, "conformance", || {
        passed(conformance::all(workspace))
    });
    step(&mut steps, "chaos", || chaos::short(workspace));
    step(&mut steps, "fuzz", || fuzz::smoke(workspace));

    let failed = steps.iter().filter(|step| step.done.is_err()).count();
    report(&steps);
    match printed {
        Some(printed) => println!("{}{}", printed.failures, printed.tally),
        None => println!("the tests could not run"),
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn step(steps: &mut Vec<Step>, name: &'static str, work: impl FnOnce() -> Result<()>) {
    println!("\n── {name}");
    let started = Instant::now();
    let done = work();
    if let Err(error) = &done {
        println!("{name}: {error:#}");
    }
    steps.push(Step {
        name,
        took: started.elapsed(),
        done,
    });
}

fn report(steps: &[Step]) {
    println!("\nstep         minutes");
    for step in steps {
        let minutes = step.took.as_secs_f64() / 60.0;
        let verdict = match &step.done {
            Ok(()) => String::new(),
            Err(error) => format!("  FAILED: {error:#}"),
        };
        println!("{:<11} {minutes:>8.2}{verdict}", step.name);
    }
    let all: Duration = steps.iter().map(|step| step.took).sum();
    println!("{:<11} {:>8.2}\n", "all", all.as_secs_f64() / 60.0);
}

/// Formatter and lints come with most toolchains, but not with the smallest.
fn components(workspace: &Workspace) -> Result<()> {
    let there = ["fmt", "clippy"]
        .iter()
        .all(|tool| command::succeeds(cargo(workspace).args([tool, "--version"])));
    if there {
        return Ok(());
    }
    let mut rustup = command::new("rustup", workspace.root());
    rustup.args(["component", "add", "rustfmt", "clippy"]);
    command::run(&mut rustup)
        .context("cargo fmt or cargo clippy is missing and rustup cannot bring it")
}

fn cargo(workspace: &Workspace) -> Command {
    command::cargo(workspace.root())
}

fn passed(done: Result<ExitCode>) -> Result<()> {
    let code = done?;
    if code == ExitCode::SUCCESS {
        Ok(())
    } else {
        Err(anyhow!("not passed"))
    }
}
