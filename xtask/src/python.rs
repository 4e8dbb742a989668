//! The Pythons of the tests: virtual environments under `target/`, each with pinned packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{command, system};

const CANDIDATES: [&str; 6] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];
const PROBE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// What to do about something that is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    Bring,
    LeaveAlone,
}

/// A virtual environment.
pub(crate) struct Environment {
    /// What can't be tested without it.
    pub(crate) purpose: &'static str,
    /// Where the tests find its interpreter.
    pub(crate) variable: &'static str,
    folder: &'static str,
    requirements: &'static str,
    /// What it has to be able to import.
    imports: &'static str,
}

/// What applications have today, and, apart from it because the packages exclude each other, what they had before and
/// what stands for a service.
pub(crate) const ENVIRONMENTS: [Environment; 3] = [
    Environment {
        purpose: "what needs fastmcp, openai-agents, openai, openai-chatkit, anthropic or FastAPI",
        variable: "FRONTDESK_TEST_PYTHON",
        folder: "target/xtask/venv",
        requirements: "xtask/requirements.txt",
        imports: "import agents, anthropic, chatkit, fastapi, fastmcp, openai",
    },
    Environment {
        purpose: "what needs a tool server of mcp 1.x",
        variable: "FRONTDESK_TEST_OLDER_PYTHON",
        folder: "target/xtask/venv-older",
        requirements: "xtask/requirements-older.txt",
        imports: "import mcp.server.fastmcp",
    },
    Environment {
        purpose: "what needs a service that speaks S3",
        variable: "FRONTDESK_TEST_S3_PYTHON",
        folder: "target/xtask/venv-s3",
        requirements: "xtask/requirements-s3.txt",
        imports: "import boto3, moto.server",
    },
];

impl Environment {
    /// The interpreter with everything in it. The error says what is missing and what to do.
    pub(crate) fn ready(&self, workspace: &Workspace, setup: Setup) -> Result<PathBuf> {
        let folder = workspace.path(self.folder);
        let python = interpreter(&folder);
        let wanted = workspace.read(self.requirements)?;
        let stamp = folder.join("installed.txt");
        let standing = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
        let mut probe = command::new(&python, workspace.root());
        if standing && command::succeeds(probe.args(["-c", self.imports])) {
            return Ok(python);
        }
        if setup == Setup::LeaveAlone {
            anyhow::bail!("the Python packages are not installed; run without --no-setup");
        }
        self.make(workspace, &folder, &python)?;
        fs::write(&stamp, wanted).context("cannot note what was installed")?;
        Ok(python)
    }

    fn make(&self, workspace: &Workspace, folder: &Path, python: &Path) -> Result<()> {
        let system_python = find(workspace.root())?;
        println!(
            "making {} of {} with {system_python}",
            self.folder, self.requirements
        );
        command::run(
            command::new(system_python, workspace.root())
                .args(["-m", "venv", "--clear"])
                .arg(folder),
        )?;
        command::run(
            command::new(python, workspace.root())
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--retries=10",
                    "-r",
                ])
                .arg(workspace.path(self.requirements)),
        )
        .context("cannot install the Python packages (is the package index reachable?)")
    }
}

fn find(root: &Path) -> Result<&'static str> {
    if let Some(found) = look(root) {
        return Ok(found);
    }
    system::install(&system::PYTHON, root)?;
    look(root).with_context(|| {
        format!(
            "{} is missing even after installing it",
            system::PYTHON.what
        )
    })
}

fn look(root: &Path) -> Option<&'static str> {
    CANDIDATES
        .into_iter()
        .find(|name| command::succeeds(command::new(name, root).args(["-c", PROBE])))
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) {
        folder.join("Scripts").join("python.exe")
    } else {
        folder.join("bin").join("python")
    }
}
