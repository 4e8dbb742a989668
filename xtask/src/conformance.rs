//! `cargo xtask conformance`: the official suite of the protocol against a server built with our kit and a client
//! built on our client, for two revisions. Whatever a revision requires has to pass; nothing may be expected to fail.

mod report;
mod suite;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command;
use crate::process::Running;
use crate::workspace::Workspace;
use report::Report;
use suite::{Side, Suite};

const WORK: &str = "target/xtask/conformance";

/// A revision of the protocol, with how many scenarios the suite required of each side when this was written:
/// a suite that suddenly asks for less must not pass unseen.
struct Revision {
    name: &'static str,
    server: usize,
    client: usize,
}

const REVISIONS: [Revision; 2] = [
    Revision {
        name: "2025-11-25",
        server: 30,
        client: 18,
    },
    Revision {
        name: "2026-07-28",
        server: 37,
        client: 32,
    },
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run this side alone
    #[arg(long, value_enum)]
    side: Option<Side>,
    /// Run this revision alone
    #[arg(long)]
    revision: Option<String>,
}

/// Both sides, both revisions.
pub(crate) fn all(workspace: &Workspace) -> Result<ExitCode> {
    let options = Options {
        side: None,
        revision: None,
    };
    run(workspace, &options)
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let suite = Suite::ready(workspace)?;
    let programs = build(workspace)?;
    let results = workspace.path(WORK).join("results");
    if results.exists() {
        fs::remove_dir_all(&results).context("cannot empty the results")?;
    }
    let mut reports = Vec::new();
    for revision in &REVISIONS {
        if options
            .revision
            .as_ref()
            .is_some_and(|only| only != revision.name)
        {
            continue;
        }
        for (side, least) in [
            (Side::Server, revision.server),
            (Side::Client, revision.client),
        ] {
            if options.side.is_some_and(|only| only != side) {
                continue;
            }
            let results = results.join(format!("{side}-{}", revision.name));
            reports.push(test(
                &suite,
                &programs,
                side,
                revision.name,
                least,
                &results,
            )?);
        }
    }
    for report in &reports {
        report.print_failures();
    }
    println!(
        "\n{:<25} {:>8} {:>8} {:>8} {:>8}",
        "conformance", "required", "passed", "checks", "warnings"
    );
    for report in &reports {
        println!("{report}");
    }
    Ok(
        if !reports.is_empty() && reports.iter().all(Report::passed) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        },
    )
}

fn test(
    suite: &Suite,
    programs: &Path,
    side: Side,
    revision: &str,
    least: usize,
    results: &Path,
) -> Result<Report> {
    let required = suite.required(side, revision)?;
    println!(
        "conformance: {side}, {revision}, {} scenarios",
        required.len()
    );
    fs::create_dir_all(results).context("cannot make the folder of the results")?;
    match side {
        Side::Server => {
            let mut server = command::new(program(programs, "conformance-server"), results);
            let server = Running::start("conformance-server", &mut server)?;
            suite.test_server(&format!("{}/mcp", server.url()), revision, results)?;
        }
        Side::Client => {
            let client = program(programs, "conformance-client");
            suite.test_client(&client, revision, &required, results)?;
        }
    }
    Report::read(side, revision, least, &required, results)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let build = [
        "build",
        "--locked",
        "--package",
        "frontdesk-testkit",
        "--bin",
        "conformance-server",
        "--bin",
        "conformance-client",
    ];
    command::run(command::cargo(workspace.root()).args(build))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || workspace.path("target"),
        |folder| workspace.root().join(folder),
    );
    Ok(target.join("debug"))
}

fn program(programs: &Path, name: &str) -> PathBuf {
    programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
