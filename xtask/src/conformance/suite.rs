//! The suite as a program: what it requires, and how it is run against a server and a client.
//! <https://github.com/modelcontextprotocol/conformance>

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::command;
use crate::node::Packages;
use crate::workspace::Workspace;

const MANIFEST: &str = "xtask/conformance";
const SCRIPT: &str = "@modelcontextprotocol/conformance/dist/index.js";

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
            packages: Packages::ready(workspace, MANIFEST, super::WORK)?,
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

    pub(super) fn test_server(&self, url: &str, revision: &str, results: &Path) -> Result<()> {
        let mut run = self.packages.script(SCRIPT, results);
        run.args(["server", "--url", url, "--requirements", revision]);
        finish(run, results)
    }

    pub(super) fn test_client(&self, client: &Path, revision: &str, results: &Path) -> Result<()> {
        let mut run = self.packages.script(SCRIPT, results);
        // The suite gives the line to a shell.
        let line = format!("'{}'", client.display());
        run.args(["client", "--command", &line, "--requirements", revision]);
        finish(run, results)
    }
}

/// Runs it to its end. Whether it passed is read from its results, because its exit code says nothing of
/// scenarios that it could not run.
fn finish(mut run: Command, results: &Path) -> Result<()> {
    let log = results.join("output.txt");
    let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = output.try_clone().context("cannot share the log")?;
    run.arg("--output-dir")
        .arg(results)
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
