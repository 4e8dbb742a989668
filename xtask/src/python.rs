//! The Python that the tool server of the tests runs in: a virtual environment under `target/`, with pinned packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{command, system};

const REQUIREMENTS: &str = "xtask/requirements.txt";
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

/// The interpreter with everything in it. The error says what is missing and what to do.
pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<PathBuf> {
    let folder = workspace.path("target/xtask/venv");
    let python = interpreter(&folder);
    let wanted = workspace.read(REQUIREMENTS)?;
    let stamp = folder.join("installed.txt");
    let standing = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
    if standing
        && command::succeeds(command::new(&python, workspace.root()).args(["-c", "import fastmcp"]))
    {
        return Ok(python);
    }
    if setup == Setup::LeaveAlone {
        anyhow::bail!("the Python packages are not installed; run without --no-setup");
    }
    let system_python = find(workspace.root())?;
    println!("making the Python environment of the tests with {system_python}");
    command::run(
        command::new(system_python, workspace.root())
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    command::run(
        command::new(&python, workspace.root())
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(workspace.path(REQUIREMENTS)),
    )
    .context("cannot install the Python packages (is the package index reachable?)")?;
    fs::write(&stamp, wanted).context("cannot note what was installed")?;
    Ok(python)
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
