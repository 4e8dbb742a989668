//! `cargo xtask tidy`: what no compiler checks. Each check gets the texts and gives back what is broken.

mod components;
mod names;
mod promises;
mod size;
mod source;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::workspace::{self, Workspace};

/// A file of the project with its text.
pub(crate) struct File {
    /// Relative to the root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn has_extension(&self, wanted: &[&str]) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, extension)| wanted.contains(&extension))
    }
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    Ok(workspace::verdict("tidy", &problems(workspace)?))
}

fn problems(workspace: &Workspace) -> Result<Vec<String>> {
    let paths = workspace.files()?;
    let mut files = Vec::new();
    for path in &paths {
        // What is not text (pictures, fonts) has no lines to look at.
        if let Ok(text) = workspace.read(path) {
            files.push(File {
                path: path.clone(),
                text,
            });
        }
    }
    let exceptions = workspace.read("xtask/tidy.toml")?;
    let exceptions = toml::from_str(&exceptions).context("cannot read xtask/tidy.toml")?;
    let mut problems = size::problems(&files, &exceptions);
    problems.extend(names::problems(&paths));
    problems.extend(source::problems(&files));
    problems.extend(promises::problems(&files));
    problems.extend(components::problems(&files));
    Ok(problems)
}
