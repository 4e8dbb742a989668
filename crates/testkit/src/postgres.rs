//! A PostgreSQL of the tests' own: made, started and ended by them, never assumed running.
//!
//! One server serves a whole test program ([`Postgres::shared`]); each test takes a schema or a database of its own.
//! Tests that stop it, or set it up in another way, start one for themselves ([`Postgres::start`]).
//! However a test program ends, its servers end with it, and their files are removed.

mod binaries;
mod cluster;
mod encryption;
mod running;
mod volume;

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Output;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::sync::{Mutex, OnceCell};

pub use cluster::free_address;

use crate::skip;
use binaries::Binaries;
use cluster::{Cluster, random_hex};
use running::Running;

/// The role of the applications under test. It owns its databases and is no superuser.
const ROLE: &str = "frontdesk";
/// The database that is there from the start.
const DATABASE: &str = "frontdesk";
/// The tablespace on a small volume.
pub const VOLUME: &str = "small";
/// How often a start is tried: somebody else may take the port in between.
const START_TRIES: usize = 3;
/// What every server is set to.
const SETTINGS: [(&str, &str); 4] = [
    // Many tests at once, each with a pool.
    ("max_connections", "200"),
    ("shared_buffers", "32MB"),
    ("lc_messages", "C"),
    ("timezone", "UTC"),
];
/// What a server is set to whose data nobody needs after a crash of the machine.
const FAST: [(&str, &str); 2] = [("fsync", "off"), ("full_page_writes", "off")];

/// The server of this program.
static SHARED: OnceCell<Postgres> = OnceCell::const_new();

/// How much a commit costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing waits for the disk. A crash of the server alone loses nothing even so.
    #[default]
    Fast,
    /// As in production: for measurements.
    Durable,
}

/// How a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Connections are told and closed, everything is written: an orderly restart.
    Fast,
    /// At once, without writing; the next start reads the log.
    Immediate,
    /// As `kill -9` ends the first of its processes.
    Kill,
}

/// How to set up a server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How much a commit costs.
    pub durability: Durability,
    /// Settings as in `postgresql.conf`; they win over ours.
    pub settings: Vec<(String, String)>,
    /// The folder below which its files lie; that of temporary files where none is named.
    pub folder: Option<PathBuf>,
    /// All tables lie on a volume of their own with so many bytes, which can be filled. A server that has one doesn't
    /// start again.
    pub small_volume: Option<u64>,
    /// It takes TLS, with a certificate for these names or addresses, and plain connections, too; none where there are
    /// no names.
    pub certified: Vec<String>,
}

/// A server. It ends when this is dropped, or when the program ends.
#[derive(Debug)]
pub struct Postgres {
    // Before the files: the server ends first.
    running: Mutex<Option<Running>>,
    cluster: Cluster,
    settings: Vec<(String, String)>,
    address: SocketAddr,
    password: String,
    names: AtomicU64,
}

impl Postgres {
    /// The server of this program, started by whoever asks first. The error says what to install.
    pub async fn shared() -> Result<&'static Self> {
        SHARED
            .get_or_try_init(|| Self::start(Options::default()))
            .await
    }

    /// [`Postgres::shared`]; where PostgreSQL isn't installed, it notes that `test` doesn't run.
    pub async fn shared_or_skip(test: &str) -> Result<Option<&'static Self>> {
        if is_here(test)? {
            return Self::shared().await.map(Some);
        }
        Ok(None)
    }

    /// [`Postgres::start`]; where PostgreSQL isn't installed, or a volume that it needs can't be mounted, it notes that
    /// `test` doesn't run.
    pub async fn start_or_skip(test: &str, options: Options) -> Result<Option<Self>> {
        if !is_here(test)? {
            return Ok(None);
        }
        if options.small_volume.is_some() {
            let owner = Binaries::find()?.owner();
            if let Err(error) = volume::is_possible(&env::temp_dir(), owner) {
                skip::note(test, &format!("{error:#}"))?;
                return Ok(None);
            }
        }
        Self::start(options).await.map(Some)
    }

    /// Makes a server and starts it, with one role and one database of that role.
    pub async fn start(options: Options) -> Result<Self> {
        let parent = options.folder.unwrap_or_else(env::temp_dir);
        let cluster = Cluster::make(Binaries::find()?, &parent, options.small_volume)?;
        let fast: &[_] = match options.durability {
            Durability::Fast => &FAST,
            Durability::Durable => &[],
        };
        let ours = SETTINGS.iter().chain(fast);
        let ours = ours.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut settings: Vec<_> = ours.chain(options.settings).collect();
        if !options.certified.is_empty() {
            settings.extend(cluster.certify(&options.certified)?);
        }
        let (running, address) = start(&cluster, &settings).await?;
        let postgres = Self {
            running: Mutex::new(Some(running)),
            cluster,
            settings,
            address,
            password: random_hex()?,
            names: AtomicU64::new(0),
        };
        let password = &postgres.password;
        let role = format!("create role {ROLE} login password '{password}'");
        postgres.sql_in(cluster::ADMINISTRATOR, &role).await?;
        let database = format!("create database {DATABASE} owner {ROLE}");
        postgres.sql_in(cluster::ADMINISTRATOR, &database).await?;
        if options.small_volume.is_some() {
            let volume = postgres.cluster.volume();
            let made = format!("create tablespace {VOLUME} location '{}'", volume.display());
            postgres.sql(&made).await?;
            let used = format!(
                "grant create on tablespace {VOLUME} to {ROLE}; \
                 alter role {ROLE} set default_tablespace = {VOLUME}"
            );
            postgres.sql(&used).await?;
        }
        Ok(postgres)
    }

    /// Where it listens. It stays the same when the server is stopped and started.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its database, with user and password.
    pub fn url(&self) -> String {
        self.url_through(self.address)
    }

    /// The URL of its database where somebody else passes it on: a proxy.
    pub fn url_through(&self, address: SocketAddr) -> String {
        self.url_of(address, DATABASE)
    }

    /// A file with the root of its certificate.
    pub fn root_certificate(&self) -> PathBuf {
        encryption::root(&self.cluster.folder)
    }

    /// The password in its URLs.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The name of a schema that no other test of this program uses. It isn't made.
    pub fn new_schema(&self) -> String {
        format!("test_{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a database that belongs to nobody else, and gives its URL.
    pub async fn new_database(&self) -> Result<String> {
        let name = format!("database_{}", self.names.fetch_add(1, Ordering::Relaxed));
        let made = format!("create database {name} owner {ROLE}");
        self.sql(&made).await?;
        Ok(self.url_of(self.address, &name))
    }

    /// Runs statements in the database as the administrator, in one transaction.
    /// It gives what they printed: a line per row, `|` between columns.
    pub async fn sql(&self, statements: &str) -> Result<String> {
        self.sql_in(DATABASE, statements).await
    }

    /// [`Postgres::sql`] in the database of this name.
    pub async fn sql_in(&self, database: &str, statements: &str) -> Result<String> {
        let mut psql = self.cluster.psql(self.address.port(), database);
        psql.arg("-c").arg(statements);
        let run = Command::from(psql).kill_on_drop(true).output().await;
        let Output {
            status,
            stdout,
            stderr,
        } = run.context("cannot run psql")?;
        if !status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&stderr).trim());
        }
        Ok(String::from_utf8(stdout)?.trim_end().to_owned())
    }

    /// Stops it. Nothing happens if it is stopped.
    pub async fn stop(&self, ending: Ending) -> Result<()> {
        match self.running.lock().await.take() {
            Some(running) => running.end(ending).await,
            None => Ok(()),
        }
    }

    /// Starts it again with the same data at the same address. Nothing happens if it runs.
    pub async fn start_again(&self) -> Result<()> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            *running = Some(Running::start(&self.cluster, self.address, &self.settings).await?);
        }
        Ok(())
    }

    /// Stops it and starts it again.
    pub async fn restart(&self, ending: Ending) -> Result<()> {
        self.stop(ending).await?;
        self.start_again().await
    }

    fn url_of(&self, address: SocketAddr, database: &str) -> String {
        format!("postgres://{ROLE}:{}@{address}/{database}", self.password)
    }
}

/// Whether it is installed; a note for `test` if it isn't.
fn is_here(test: &str) -> Result<bool> {
    match Binaries::find() {
        Ok(_) => Ok(true),
        Err(error) => {
            skip::note(test, &format!("{error:#}"))?;
            Ok(false)
        }
    }
}

async fn start(cluster: &Cluster, settings: &[(String, String)]) -> Result<(Running, SocketAddr)> {
    let mut failed = None;
    for _ in 0..START_TRIES {
        let address = free_address()?;
        match Running::start(cluster, address, settings).await {
            Ok(running) => return Ok((running, address)),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.context("PostgreSQL wasn't started")?)
}
