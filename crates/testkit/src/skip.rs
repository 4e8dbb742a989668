//! Tests that cannot run on this machine say so; in CI that is a failure.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;

use anyhow::{Context, Result, bail};

/// The file in which `cargo xtask test` collects what was skipped.
const LIST: &str = "FRONTDESK_TEST_SKIPS";

/// Notes that `test` does not run, and why. An error where `CI` is set: nothing may be skipped there.
pub fn note(test: &str, reason: &str) -> Result<()> {
    if env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false")) {
        bail!("{test} may not be skipped here: {reason}");
    }
    if let Some(list) = env::var_os(LIST) {
        let mut list = OpenOptions::new()
            .append(true)
            .create(true)
            .open(list)
            .context("cannot open the list of skipped tests")?;
        writeln!(list, "{test}: {reason}").context("cannot note a skipped test")?;
    }
    Ok(())
}
