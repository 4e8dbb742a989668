//! The browser that the tests of the page run in, and the driver that tests speak to it through.

use std::path::Path;

use anyhow::{Result, bail};

use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{command, system};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const DRIVER: &str = "chromedriver";

/// Brings them where they are missing. The error says what to do.
pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<()> {
    let root = workspace.root();
    if is_there(root) {
        return Ok(());
    }
    if setup == Setup::LeaveAlone {
        bail!(
            "{} is missing; run without --no-setup",
            system::BROWSER.what
        );
    }
    system::install(&system::BROWSER, root)?;
    if is_there(root) {
        return Ok(());
    }
    bail!(
        "{} is missing even after installing it",
        system::BROWSER.what
    )
}

fn is_there(root: &Path) -> bool {
    let there = |name: &str| command::succeeds(command::new(name, root).arg("--version"));
    there(DRIVER) && BROWSERS.into_iter().any(there)
}
