//! `cargo xtask bench`: to be measured once the server stands.
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_: &Workspace, _: &Options) -> Result<ExitCode> {
    bail!("not there yet")
}
