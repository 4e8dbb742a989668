//! Where the workspace lies, which files belong to it, and how a list of broken rules is told.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command;

/// The root of the checkout.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask has no parent folder")?;
        Ok(Self {
            root: root.to_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn read(&self, relative: &str) -> Result<String> {
        let path = self.path(relative);
        fs::read_to_string(&path).with_context(|| format!("cannot read {relative}"))
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let mut cargo = command::cargo(&self.root);
        cargo.args(["metadata", "--format-version", "1", "--no-deps", "--locked"]);
        let metadata: serde_json::Value = serde_json::from_str(&command::output(&mut cargo)?)?;
        let target = metadata
            .get("target_directory")
            .and_then(serde_json::Value::as_str);
        Ok(PathBuf::from(
            target.context("cargo names no target directory")?,
        ))
    }

    /// Tracked files and new ones that are not ignored, as paths relative to the root, sorted.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut git = command::new("git", &self.root);
        git.args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let listed = command::output(&mut git)?;
        let mut files: Vec<String> = listed
            .split('\0')
            .filter(|file| !file.is_empty() && self.path(file).is_file())
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }
}

/// Whether a server of the project runs this: then nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false" && value != "0")
}

/// Prints what is broken, one rule a line, and turns it into an exit code.
pub(crate) fn verdict(task: &str, problems: &[String]) -> ExitCode {
    for problem in problems {
        println!("{task}: {problem}");
    }
    if problems.is_empty() {
        println!("{task}: in order");
        ExitCode::SUCCESS
    } else {
        println!("{task}: {} to mend", problems.len());
        ExitCode::FAILURE
    }
}
