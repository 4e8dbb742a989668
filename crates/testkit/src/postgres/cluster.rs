//! The files of a server: made by `initdb`, owned by the user that it runs as, gone at the end.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::binaries::Binaries;
use super::{encryption, volume};

/// The user that may do everything, over the socket alone.
pub(super) const ADMINISTRATOR: &str = "postgres";
/// Above what services have, below what systems give to outgoing connections: a stopped server finds its port again.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// How often a free port is looked for.
const PORT_TRIES: usize = 100;
/// Sorts unlike bytes do, as most databases in the field: who orders without saying how is found out.
const WORDLY: [&str; 2] = ["--locale-provider=icu", "--icu-locale=en-US"];
/// The first version that knows it.
const WORDLY_SINCE: u32 = 15;

/// The files.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) binaries: Binaries,
    /// Its socket, its log and, below, its data.
    pub(super) folder: PathBuf,
    /// The size in bytes of a volume that is mounted for it alone.
    small_volume: Option<u64>,
}

impl Cluster {
    /// Makes them in a folder of their own below `parent`.
    pub(super) fn make(
        binaries: Binaries,
        parent: &Path,
        small_volume: Option<u64>,
    ) -> Result<Self> {
        let folder = parent.join(format!("frontdesk-pg-{}", random_hex()?));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let cluster = Self {
            binaries,
            folder,
            small_volume,
        };
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&cluster.folder, private)?;
        if let Some(owner) = cluster.binaries.owner() {
            std::os::unix::fs::chown(&cluster.folder, Some(owner.user), Some(owner.group))?;
        }
        cluster.fill()?;
        Ok(cluster)
    }

    /// The shell that watches over the server, as the server's user. A small volume goes with it.
    pub(super) fn shell(&self) -> Result<Command> {
        match self.small_volume {
            Some(bytes) => volume::shell(bytes, &self.volume(), self.binaries.owner()),
            None => Ok(self.binaries.command("sh", &self.folder)),
        }
    }

    /// Makes a certificate for these names; gives the settings with which the server shows it.
    pub(super) fn certify(&self, names: &[String]) -> Result<Vec<(String, String)>> {
        encryption::set_up(&self.folder, self.binaries.owner(), names)
    }

    /// Where the small volume is.
    pub(super) fn volume(&self) -> PathBuf {
        self.folder.join("small")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The file of the server's process id, which ends with how the server stands, as `pg_ctl` reads it.
    pub(super) fn state(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// `psql` as the administrator.
    pub(super) fn psql(&self, port: u16, database: &str) -> Command {
        let program = self.binaries.path("psql");
        let mut command = self.binaries.command(program, &self.folder);
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-U", ADMINISTRATOR, "-d", database, "-h"])
            .arg(&self.folder)
            .args(["-p", &port.to_string()]);
        command
    }

    fn fill(&self) -> Result<()> {
        if self.binaries.major_version() >= WORDLY_SINCE && self.initdb(&WORDLY).is_ok() {
            return Ok(());
        }
        // It may have been built without those rules of sorting.
        match fs::remove_dir_all(self.data()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => self.initdb(&[]),
        }
    }

    fn initdb(&self, more: &[&str]) -> Result<()> {
        let program = self.binaries.path("initdb");
        let mut command = self.binaries.command(program, &self.folder);
        command
            .args(["--no-sync", "--encoding=UTF8", "--locale=C"])
            .args(["--auth-local=trust", "--auth-host=scram-sha-256"])
            .args(["-U", ADMINISTRATOR, "-D"])
            .arg(self.data())
            .args(more);
        let output = command.output().context("cannot run initdb")?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Whoever watched over the server may have removed them already.
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// An address of loopback at which nobody listens now, and which the system gives to nobody who doesn't ask for it.
pub fn free_address() -> Result<SocketAddr> {
    for _ in 0..PORT_TRIES {
        let mut bytes = [0_u8; 2];
        fill(&mut bytes)?;
        let port = PORTS.start + u16::from_ne_bytes(bytes) % (PORTS.end - PORTS.start);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!(
        "no free port found between {} and {}",
        PORTS.start,
        PORTS.end
    )
}

/// A name that nobody guesses.
pub(super) fn random_hex() -> Result<String> {
    let mut bytes = [0_u8; 8];
    fill(&mut bytes)?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(bytes)
        .ok()
        .context("the system gave no random bytes")
}
