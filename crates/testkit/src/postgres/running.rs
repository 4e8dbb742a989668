//! The server as a process, and a shell that watches over it: when whoever started it is gone, however that came,
//! the shell ends the server and removes its files.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

use super::Ending;
use super::cluster::Cluster;

/// How long it may take to be ready; after a crash it reads its log first.
const READY: Duration = Duration::from_mins(1);
/// How long it may take to end.
const ENDED: Duration = Duration::from_mins(1);
/// How often it is looked whether it is ready.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How much of its log an error shows, in bytes.
const LOG_SHOWN: usize = 4_000;
/// A line on standard input is a signal for the server; the end of standard input is the end of everything.
/// Standard output is the server's alone: it closes when the last process of the server is gone.
const WATCH: &str = r#"
folder=$1
shift
"$@" 2>>"$folder/server.log" &
server=$!
exec >&-
if read -r signal; then
    kill -s "$signal" "$server"
    wait "$server"
else
    kill -s QUIT "$server"
    wait "$server"
    rm -rf "$folder"
fi
"#;

/// A server that runs; it is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    watcher: Child,
    orders: Option<ChildStdin>,
    gone: watch::Receiver<bool>,
}

impl Running {
    /// Starts it and waits until it takes connections.
    pub(super) async fn start(
        cluster: &Cluster,
        address: SocketAddr,
        settings: &[(String, String)],
    ) -> Result<Self> {
        // After a crash the file still says that the server is ready; none of its processes is left.
        let _none = fs::remove_file(cluster.state());
        let mut command = cluster.shell()?;
        command
            .args(["-c", WATCH, "postgres-watch"])
            .arg(&cluster.folder);
        command
            .arg(cluster.binaries.path("postgres"))
            .arg("-D")
            .arg(cluster.data());
        command.arg("-h").arg(address.ip().to_string());
        command.arg("-p").arg(address.port().to_string());
        command.arg("-k").arg(&cluster.folder);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // Apart from our group, so that Ctrl-C ends us first and the watcher can clear up.
        command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut watcher = command.spawn().context("cannot start PostgreSQL")?;
        let orders = watcher.stdin.take();
        let mut output = watcher.stdout.take().context("no standard output")?;
        let (gone, is_gone) = watch::channel(false);
        thread::spawn(move || {
            let _closed = output.read_to_end(&mut Vec::new());
            gone.send_replace(true);
        });
        let running = Self {
            watcher,
            orders,
            gone: is_gone,
        };
        running.ready(cluster).await?;
        Ok(running)
    }

    /// Ends it, and waits until all of its processes are gone.
    pub(super) async fn end(mut self, ending: Ending) -> Result<()> {
        let signal = match ending {
            Ending::Fast => "INT\n",
            Ending::Immediate => "QUIT\n",
            Ending::Kill => "KILL\n",
        };
        let mut orders = self.orders.take().context("it is ending already")?;
        orders
            .write_all(signal.as_bytes())
            .context("cannot signal PostgreSQL")?;
        let gone = tokio::time::timeout(ENDED, self.gone.wait_for(|gone| *gone)).await;
        gone.with_context(|| format!("PostgreSQL still runs after {ENDED:?}"))?
            .context("nobody looks whether PostgreSQL is gone")?;
        self.watcher.wait().context("cannot wait for PostgreSQL")?;
        Ok(())
    }

    async fn ready(&self, cluster: &Cluster) -> Result<()> {
        let state = cluster.state();
        let waited = tokio::time::timeout(READY, async {
            loop {
                if *self.gone.borrow() {
                    bail!("PostgreSQL ended: {}", log(cluster));
                }
                let told = fs::read_to_string(&state).unwrap_or_default();
                if told
                    .lines()
                    .last()
                    .is_some_and(|line| line.trim() == "ready")
                {
                    return Ok(());
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        match waited.await {
            Ok(done) => done,
            Err(_) => bail!("PostgreSQL isn't ready within {READY:?}: {}", log(cluster)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ended = self.watcher.wait();
    }
}

/// The end of its log.
fn log(cluster: &Cluster) -> String {
    let log = fs::read(cluster.log()).unwrap_or_default();
    let end = log.len().saturating_sub(LOG_SHOWN);
    String::from_utf8_lossy(log.get(end..).unwrap_or_default()).into_owned()
}
