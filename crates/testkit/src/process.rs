//! The product as a process: started with its own environment, waited for until it is ready, killed like a crash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long it may take to be ready.
const READY: Duration = Duration::from_secs(30);
const READY_LINE: &str = "listening on ";
/// How much of its standard error is kept.
const MOST_LOG_BYTES: usize = 8 * 1024 * 1024;
/// Stands at the end of a log that was longer.
const CUT: &str = "(the rest of the log wasn't kept)\n";
/// What the environment of a test may keep of the one it runs in.
const KEPT: [&str; 6] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "SystemRoot",
    "LLVM_PROFILE_FILE",
    "LANG",
];

/// How to start it.
#[derive(Debug, Clone)]
pub struct Launch {
    binary: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    folder: Option<PathBuf>,
}

/// A started process; it is killed when this is dropped.
pub struct Server {
    child: Child,
    url: String,
    log: Arc<Mutex<String>>,
    reader: JoinSet<()>,
}

impl Launch {
    /// Of `binary`, which a test names by `env!("CARGO_BIN_EXE_frontdesk")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            folder: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable. Of the surrounding environment it gets only what programs need to run.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Starts in this folder.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_path_buf());
        self
    }

    /// Starts it and waits for the line on standard error that says where it listens.
    /// The error tells what it wrote instead.
    pub async fn start(&self) -> Result<Server> {
        let mut command = Command::new(&self.binary);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| *name == **kept)))
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        let stderr = child.stderr.take().context("no standard error")?;
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, mut listening) = watch::channel(None);
        let mut reader = JoinSet::new();
        reader.spawn(read(stderr, Arc::clone(&log), ready));
        let found = tokio::time::timeout(READY, listening.wait_for(Option::is_some)).await;
        // The sender is gone when the process has closed its standard error.
        let url = match found {
            Ok(Ok(url)) => url.clone(),
            Ok(Err(_)) | Err(_) => None,
        };
        let Some(url) = url else {
            bail!("not ready within {READY:?}; it wrote: {}", text(&log));
        };
        Ok(Server {
            child,
            url,
            log,
            reader,
        })
    }
}

impl Server {
    /// `http://` and its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id; none after it was killed.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What it wrote to standard error so far, as far as it was read: something in it that mustn't be there may come
    /// yet.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    /// Kills it, and gives all that it wrote to standard error. An error if that was more than is kept.
    pub async fn whole_log(&mut self) -> Result<String> {
        self.kill().await?;
        let log = self.log();
        if log.ends_with(CUT) {
            bail!("it wrote more than {MOST_LOG_BYTES} bytes");
        }
        Ok(log)
    }

    /// Ends it as a crash does, with SIGKILL, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")?;
        while self.reader.join_next().await.is_some() {}
        Ok(())
    }

    /// Waits until it has ended by itself.
    pub async fn wait(&mut self, deadline: Duration) -> Result<ExitStatus> {
        let ended = tokio::time::timeout(deadline, self.child.wait()).await;
        let status = ended
            .with_context(|| format!("still running after {deadline:?}"))?
            .context("cannot wait for the server")?;
        while self.reader.join_next().await.is_some() {}
        Ok(status)
    }
}

async fn read(stderr: ChildStderr, log: Arc<Mutex<String>>, ready: watch::Sender<Option<String>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, address)) = line.split_once(READY_LINE) {
            let url = address.split_whitespace().next().unwrap_or_default();
            ready.send_replace(Some(url.trim_end_matches('/').to_owned()));
        }
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.ends_with(CUT) {
            continue;
        }
        if log.len() + line.len() < MOST_LOG_BYTES {
            log.push_str(&line);
            log.push('\n');
        } else {
            log.push_str(CUT);
        }
    }
}

fn text(log: &Mutex<String>) -> String {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
