//! What `cargo metadata` says about packages, as far as the tasks ask.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::command;
use crate::workspace::Workspace;

/// The packages of the workspace, or of everything it is built from.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it was fetched from; none for what lies in this checkout.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Absent for a normal dependency.
    pub(crate) kind: Option<DependencyKind>,
    /// Set when the dependency lies in this checkout.
    pub(crate) path: Option<PathBuf>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DependencyKind {
    Dev,
    Build,
}

impl Package {
    /// The folder relative to the root, with `/` between its parts.
    pub(crate) fn folder(&self, root: &Path) -> String {
        let folder = self.manifest_path.parent().unwrap_or(&self.manifest_path);
        relative(folder, root)
    }
}

/// `folder` relative to `root`, with `/` between its parts.
pub(crate) fn relative(folder: &Path, root: &Path) -> String {
    folder
        .strip_prefix(root)
        .unwrap_or(folder)
        .to_string_lossy()
        .replace('\\', "/")
}

/// The packages of this checkout alone.
pub(crate) fn of_workspace(workspace: &Workspace) -> Result<Metadata> {
    read(workspace, &["--no-deps"])
}

/// Every package that any feature brings in, on any platform, for building and testing too.
pub(crate) fn of_everything(workspace: &Workspace) -> Result<Metadata> {
    let mut metadata = read(workspace, &["--all-features"])?;
    // The metadata also has optional packages that no feature turns on; the tree has not.
    let built = built(workspace)?;
    metadata
        .packages
        .retain(|package| built.contains(&format!("{} v{}", package.name, package.version)));
    Ok(metadata)
}

/// What is really built, as `name v1.2.3`.
fn built(workspace: &Workspace) -> Result<BTreeSet<String>> {
    let mut cargo = command::cargo(workspace.root());
    cargo.args([
        "tree",
        "--workspace",
        "--all-features",
        "--locked",
        "--target",
        "all",
    ]);
    cargo.args([
        "--edges",
        "normal,build,dev",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let lines = command::output(&mut cargo)?;
    let mut packages = BTreeSet::new();
    for line in lines.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            packages.insert(format!("{name} {version}"));
        }
    }
    if packages.is_empty() {
        bail!("cargo tree named no package");
    }
    Ok(packages)
}

fn read(workspace: &Workspace, arguments: &[&str]) -> Result<Metadata> {
    let mut cargo = command::cargo(workspace.root());
    cargo
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(arguments);
    let text = command::output(&mut cargo)?;
    serde_json::from_str(&text).context("cannot read what cargo metadata printed")
}
