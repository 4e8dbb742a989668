//! PostgreSQL's programs on this machine, and the user that its server runs as.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the programs, where it isn't to be searched for.
const VARIABLE: &str = "FRONTDESK_TEST_POSTGRES";
/// All that is run, so a folder counts only with all of them.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "psql"];
/// Where packages put them: what stands before and behind the version.
const PLACES: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];
/// The users that a server runs as where we are root; PostgreSQL refuses root.
const OWNERS: [&str; 2] = ["postgres", "nobody"];

/// The programs.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    folder: PathBuf,
    owner: Option<Owner>,
}

/// A user that isn't root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Binaries {
    /// The newest that there are. The error says what to install.
    pub(super) fn find() -> Result<Self> {
        let folder = match env::var_os(VARIABLE) {
            Some(folder) => Some(PathBuf::from(folder)).filter(|folder| has_all(folder)),
            None => on_path().or_else(installed),
        };
        let Some(folder) = folder else {
            bail!(
                "no PostgreSQL server here: cargo xtask test brings one; by hand: apt-get install postgresql, \
                 dnf install postgresql-server, brew install postgresql, or set {VARIABLE} to the folder of initdb"
            );
        };
        let owner = if id(&["-u"]) == Some(0) {
            let owner = OWNERS.iter().find_map(|name| {
                let user = id(&["-u", name])?;
                let group = id(&["-g", name])?;
                Some(Owner { user, group })
            });
            Some(
                owner
                    .context("PostgreSQL refuses root, and there is no user postgres or nobody")?,
            )
        } else {
            None
        };
        Ok(Self { folder, owner })
    }

    /// The user that the server's files have to belong to, where it isn't the one that we are.
    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// The path of one of the programs.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A command that runs in `folder` as the server's user, with nothing of the surrounding environment but the path.
    pub(super) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = bare(program, folder);
        if let Some(Owner { user, group }) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// The major version of its `initdb`; zero if it doesn't tell.
    pub(super) fn major_version(&self) -> u32 {
        let told = Command::new(self.path("initdb")).arg("--version").output();
        let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let told = told.unwrap_or_default();
        let digits = told
            .split(|sign: char| !sign.is_ascii_digit())
            .find(|part| !part.is_empty());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}

/// The same as the user that we are.
pub(super) fn bare(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C")
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn on_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).find(|folder| has_all(folder))
}

fn installed() -> Option<PathBuf> {
    let mut found = Vec::new();
    for (before, behind) in PLACES {
        for entry in fs::read_dir(before).into_iter().flatten().flatten() {
            let folder = entry.path().join(behind);
            let name = entry.file_name().to_string_lossy().into_owned();
            let version = name
                .rsplit(['-', '@'])
                .next()
                .and_then(|version| version.parse::<f32>().ok());
            if has_all(&folder) {
                found.push((version.unwrap_or_default(), folder));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    found.pop().map(|(_, folder)| folder)
}

fn has_all(folder: &Path) -> bool {
    PROGRAMS
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// The number that `id` tells.
pub(super) fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id")
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
