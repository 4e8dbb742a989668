//! The suite as a program: what it requires, and how it is run against a server and a client.
//! <https://github.com/modelcontextprotocol/conformance>

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::node::Packages;
use crate::python::Setup;
use crate::workspace::Workspace;

const MANIFEST: &str = "xtask/conformance";
const SCRIPT: &str = "@modelcontextprotocol/conformance/dist/index.js";

/// How many scenarios of a client run at once.
const AT_ONCE: usize = 2;
/// How long one may take; enough for a machine that is busy with other things.
const TIMEOUT_MILLISECONDS: &str = "120000";

/// Which of the two ends of a connection is tested.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Side {
    Server,
    Client,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

/// The suite, installed.
pub(super) struct Suite {
    packages: Packages,
    root: PathBuf,
}

impl Suite {
    pub(super) fn ready(workspace: &Workspace) -> Result<Self> {
        Ok(Self {
            packages: Packages::ready(workspace, Setup::Bring, MANIFEST, super::WORK)?,
            root: workspace.root().to_path_buf(),
        })
    }

    /// The names of the scenarios that a revision requires of one side.
    pub(super) fn required(&self, side: Side, revision: &str) -> Result<BTreeSet<String>> {
        let mut list = self.packages.script(SCRIPT, &self.root);
        list.args(["list", "--requirements", revision]);
        let required = required(side, &command::output(&mut list)?);
        if required.is_empty() {
            bail!("the suite requires nothing of a {side} for {revision}");
        }
        Ok(required)
    }

    /// Runs all that a revision requires of a server against this one, one scenario after the other.
    pub(super) fn test_server(&self, url: &str, revision: &str, results: &Path) -> Result<()> {
        let mut run = self.packages.script(SCRIPT, results);
        run.args(["server", "--url", url, "--requirements", revision]);
        finish(run, results, "all")
    }

    /// Runs these scenarios against a client, a few at a time: the suite itself would start all of them at once,
    /// and they would wait for each other until their time is over.
    pub(super) fn test_client(
        &self,
        client: &Path,
        revision: &str,
        scenarios: &BTreeSet<String>,
        results: &Path,
    ) -> Result<()> {
        let left = Mutex::new(scenarios.iter());
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some(scenario) = next() {
                self.test_client_in(client, revision, scenario, results)?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| {
                let done = worker.join();
                done.unwrap_or_else(|_| bail!("a run of the suite panicked"))
            })
        })
    }

    fn test_client_in(
        &self,
        client: &Path,
        revision: &str,
        scenario: &str,
        results: &Path,
    ) -> Result<()> {
        let mut run = self.packages.script(SCRIPT, results);
        // The suite gives the line to a shell.
        let line = format!("'{}'", client.display());
        run.args(["client", "--command", &line, "--scenario", scenario]);
        run.args([
            "--spec-version",
            revision,
            "--timeout",
            TIMEOUT_MILLISECONDS,
        ]);
        finish(run, results, &scenario.replace('/', "-"))
    }
}

/// Runs it to its end. Whether it passed is read from its results, because its exit code says nothing of
/// scenarios that it could not run.
fn finish(mut run: Command, results: &Path, name: &str) -> Result<()> {
    let log = results.join(format!("{name}.txt"));
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = output.try_clone().context("cannot share the log")?;
    run.arg("--output-dir")
        .arg(results)
        // What a failed client says is in its results, and is short enough without.
        .env_remove("RUST_BACKTRACE")
        .stdout(Stdio::from(output))
        .stderr(Stdio::from(errors))
        .status()
        .context("cannot run the suite")?;
    Ok(())
}

/// Reads the list: a heading for each side, its scenarios below it, then those that are never scored.
fn required(side: Side, list: &str) -> BTreeSet<String> {
    let wanted = match side {
        Side::Server => "Server scenarios",
        Side::Client => "Client scenarios",
    };
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in list.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            inside = line.starts_with(wanted);
        } else if let (true, Some(name)) = (inside, line.trim().strip_prefix("- ")) {
            names.insert(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_scored_is_not_required() {
        let list = "Required for 2025-11-25 (3 scenarios):\n\n\
            Server scenarios (test against a server):\n  - ping\n  - tools-list\n\n\
            Client scenarios (test against a client):\n  - auth/basic-cimd\n\n\
            Run and reported, but never scored:\n  extension (1):\n    - auth/dpop [client]\n";
        let names = |side| required(side, list).into_iter().collect::<Vec<_>>();
        assert_eq!(names(Side::Server), ["ping", "tools-list"]);
        assert_eq!(names(Side::Client), ["auth/basic-cimd"]);
    }
}
