//! The browser that the tests of the page run in, the driver that tests speak to it through, and a second browser for
//! what is shown in each.

use std::path::Path;

use anyhow::Result;

use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{command, system};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const DRIVER: &str = "chromedriver";

const FIREFOXES: [&str; 2] = ["firefox-esr", "firefox"];

/// Brings them where they are missing. The error says what to do.
pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<()> {
    let is_there = |root: &Path| has(root, DRIVER) && has_one(root, &BROWSERS);
    system::bring(&system::BROWSER, is_there, workspace, setup)
}

/// Brings Firefox where it is missing. The error says what to do.
pub(crate) fn firefox_ready(workspace: &Workspace, setup: Setup) -> Result<()> {
    let is_there = |root: &Path| has_one(root, &FIREFOXES);
    system::bring(&system::FIREFOX, is_there, workspace, setup)
}

fn has(root: &Path, program: &str) -> bool {
    command::succeeds(command::new(program, root).arg("--version"))
}

fn has_one(root: &Path, programs: &[&str]) -> bool {
    programs.iter().any(|program| has(root, program))
}
