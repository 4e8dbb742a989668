//! Packages of the operating system: installed where that is allowed, else named with the command that does it.

use std::path::Path;

use anyhow::{Result, anyhow, bail};

use crate::command;
use crate::python::Setup;
use crate::workspace::Workspace;

/// Something that tests need from the system, by its name in each package manager.
pub(crate) struct Need {
    /// What it is, in a word or two.
    pub(crate) what: &'static str,
    pub(crate) apt: &'static [&'static str],
    pub(crate) dnf: &'static [&'static str],
    pub(crate) brew: &'static [&'static str],
}

pub(crate) const PYTHON: Need = Need {
    what: "Python 3.10 or newer with venv",
    apt: &["python3", "python3-venv"],
    dnf: &["python3"],
    brew: &["python"],
};

pub(crate) const BROWSER: Need = Need {
    what: "Chromium with its driver",
    apt: &["chromium", "chromium-driver"],
    dnf: &["chromium", "chromedriver"],
    brew: &["chromium", "chromedriver"],
};

pub(crate) const FIREFOX: Need = Need {
    what: "Firefox",
    apt: &["firefox-esr"],
    dnf: &["firefox"],
    brew: &["firefox"],
};

pub(crate) const POSTGRES: Need = Need {
    what: "PostgreSQL's server programs",
    apt: &["postgresql"],
    dnf: &["postgresql-server"],
    brew: &["postgresql"],
};

pub(crate) const CPP: Need = Need {
    what: "a C++ compiler",
    apt: &["g++"],
    dnf: &["gcc-c++"],
    brew: &["gcc"],
};

pub(crate) const NPM: Need = Need {
    what: "npm",
    apt: &["npm"],
    dnf: &["npm"],
    brew: &["node"],
};

/// Installs it where it is missing. The error says what to do.
pub(crate) fn bring(
    need: &Need,
    is_there: impl Fn(&Path) -> bool,
    workspace: &Workspace,
    setup: Setup,
) -> Result<()> {
    let root = workspace.root();
    if is_there(root) {
        return Ok(());
    }
    if setup == Setup::LeaveAlone {
        bail!("{} is missing; run without --no-setup", need.what);
    }
    install(need, root)?;
    if is_there(root) {
        return Ok(());
    }
    bail!("{} is missing even after installing it", need.what)
}

/// Installs it through apt-get as root or with a sudo that asks for no password.
/// The error says which command does it by hand.
pub(crate) fn install(need: &Need, root: &Path) -> Result<()> {
    let by_hand = by_hand(need, root);
    if !has("apt-get", root) {
        bail!("{} is missing; run: {by_hand}", need.what);
    }
    let prefix: &[&str] = if is_root(root) {
        &[]
    } else if command::succeeds(command::new("sudo", root).args(["-n", "true"])) {
        &["sudo", "-n"]
    } else {
        bail!(
            "{} is missing, and only an administrator may install it; run: {by_hand}",
            need.what
        );
    };
    println!("installing {} ({})", need.what, need.apt.join(", "));
    apt(prefix, &["update", "-q"], root)
        .and_then(|()| {
            let mut words = vec!["install", "-y", "-q", "--no-install-recommends"];
            words.extend(need.apt);
            apt(prefix, &words, root)
        })
        .map_err(|error| anyhow!("{error:#}; run by hand: {by_hand}"))
}

fn apt(prefix: &[&str], words: &[&str], root: &Path) -> Result<()> {
    let line: Vec<&str> = prefix
        .iter()
        .copied()
        .chain(["apt-get", "-o", "Acquire::Retries=5"])
        .chain(words.iter().copied())
        .collect();
    let Some((program, arguments)) = line.split_first() else {
        bail!("nothing to run");
    };
    command::run(
        command::new(program, root)
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn by_hand(need: &Need, root: &Path) -> String {
    if has("dnf", root) {
        format!("sudo dnf install {}", need.dnf.join(" "))
    } else if has("brew", root) {
        format!("brew install {}", need.brew.join(" "))
    } else {
        format!("sudo apt-get install {}", need.apt.join(" "))
    }
}

fn has(program: &str, root: &Path) -> bool {
    command::succeeds(command::new(program, root).arg("--version"))
}

fn is_root(root: &Path) -> bool {
    command::output(command::new("id", root).arg("-u")).is_ok_and(|id| id.trim() == "0")
}
