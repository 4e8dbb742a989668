//! Python as applications have it today: tool servers, clients and an application, each in a process of its own.

use std::env;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::clients;

/// The interpreters that `cargo xtask test` has prepared.
const CURRENT: &str = "FRONTDESK_TEST_PYTHON";
const OLDER: &str = "FRONTDESK_TEST_OLDER_PYTHON";
const S3: &str = "FRONTDESK_TEST_S3_PYTHON";
const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python");
/// How long a server may take to listen, and a client to be done; the imports alone take seconds on a slow machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// A Python that has what the scripts need.
#[derive(Debug, Clone)]
pub struct Python {
    interpreter: PathBuf,
}

/// A tool server that counts what it is asked. It is killed when this is dropped.
pub struct ToolsServer {
    port: u16,
    child: Child,
}

/// A service that speaks S3, with one bucket. It is killed when this is dropped.
pub struct S3Server(ToolsServer);

/// An application that uvicorn runs. It is killed when this is dropped.
pub struct Application {
    _child: Child,
}

impl Python {
    /// The interpreter with fastmcp 4, openai-agents, openai, anthropic and `FastAPI`, or why there is none.
    pub fn find() -> Result<Self, String> {
        Self::prepared(CURRENT)
    }

    /// The interpreter with `mcp` 1.x, or why there is none.
    pub fn find_older() -> Result<Self, String> {
        Self::prepared(OLDER)
    }

    /// The interpreter with moto, or why there is none.
    pub fn find_s3() -> Result<Self, String> {
        Self::prepared(S3)
    }

    fn prepared(variable: &str) -> Result<Self, String> {
        match env::var_os(variable) {
            Some(path) => Ok(Self {
                interpreter: path.into(),
            }),
            None => Err(format!(
                "{variable} is not set; cargo xtask test prepares a Python and sets it"
            )),
        }
    }

    /// Starts the tool server with `lookup(city)`, `meet(count)`, `slow(seconds)`, `fail()` and `stats()`,
    /// on a free port of loopback.
    pub async fn tools_server(&self) -> Result<ToolsServer> {
        self.server("tools_server.py", Stdio::null()).await
    }

    /// Starts the tool server of `mcp` 1.x with `lookup(city)`, `count(to)`, `greet(user_id, word)` and `wait()`,
    /// on a socket that listens already: another process can follow it at the same address.
    pub async fn older_tools_server(&self, listener: TcpListener) -> Result<ToolsServer> {
        let script = "older_tools_server.py";
        self.server(script, OwnedFd::from(listener).into()).await
    }

    /// Starts a service that speaks S3, on a free port of loopback. It takes any key.
    pub async fn s3_server(&self) -> Result<S3Server> {
        let server = self.server("s3_server.py", Stdio::null());
        Ok(S3Server(server.await?))
    }

    /// Runs a script to its end and gives back the JSON that it printed.
    pub async fn run(&self, script: &str, arguments: &[&str]) -> Result<Value> {
        self.run_on(script, arguments, "").await
    }

    /// Runs a script that reads `input` to its end, and gives back the JSON that it printed.
    pub async fn run_on(&self, script: &str, arguments: &[&str], input: &str) -> Result<Value> {
        let mut command = self.command(script, arguments)?;
        let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot run {script}"))?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        let work = async {
            let write = async {
                // A script that ended early says why by itself.
                let _broken = stdin.write_all(input.as_bytes()).await;
                drop(stdin);
            };
            tokio::join!(write, child.wait_with_output()).1
        };
        let ended = tokio::time::timeout(PATIENCE, work)
            .await
            .with_context(|| format!("{script} is not done within {PATIENCE:?}"))?
            .with_context(|| format!("cannot run {script}"))?;
        if !ended.status.success() {
            bail!("{script}: {}", String::from_utf8_lossy(&ended.stderr));
        }
        let printed = String::from_utf8_lossy(&ended.stdout);
        serde_json::from_slice(&ended.stdout)
            .with_context(|| format!("{script} printed: {printed}"))
    }

    /// Runs `app` of the folder's `app.py` in that folder with uvicorn, on a socket that listens already:
    /// who connects before it is ready waits.
    pub fn application(
        &self,
        folder: &Path,
        listener: TcpListener,
        variables: &[(&str, &str)],
    ) -> Result<Application> {
        let child = Command::new(&self.interpreter)
            .args(["-m", "uvicorn", "app:app", "--fd", "0"])
            .args(["--log-level", "warning"])
            .current_dir(folder)
            .envs(variables.iter().copied())
            .stdin(OwnedFd::from(listener))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start uvicorn")?;
        Ok(Application { _child: child })
    }

    async fn server(&self, script: &str, input: Stdio) -> Result<ToolsServer> {
        let mut child = self
            .command(script, &[])?
            .stdin(input)
            .spawn()
            .with_context(|| format!("cannot start {}", self.interpreter.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line())
            .await
            .with_context(|| format!("{script} is not ready within {PATIENCE:?}"))?
            .with_context(|| format!("cannot read what {script} wrote"))?
            .with_context(|| format!("{script} ended; its standard error says why"))?;
        let port = line
            .strip_prefix("port ")
            .and_then(|port| port.parse().ok())
            .with_context(|| format!("{script} wrote: {line}"))?;
        Ok(ToolsServer { port, child })
    }

    fn command(&self, script: &str, arguments: &[&str]) -> Result<Command> {
        let script = Path::new(SCRIPTS).join(script);
        if !script.is_file() {
            bail!("{} is missing", script.display());
        }
        let mut command = Command::new(&self.interpreter);
        command
            .arg(script)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }
}

impl ToolsServer {
    /// What `MCP_SERVER_URL` has to be.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// Ends it as a crash does.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// What it counted: `calls`, each with `tool`, `arguments` and `authorization`, and what the script says besides.
    pub async fn stats(&self) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/stats", self.port);
        let answer = clients::http()?
            .get(url)
            .send()
            .await
            .context("cannot ask for the stats")?;
        let bytes = answer.bytes().await.context("cannot read the stats")?;
        serde_json::from_slice(&bytes).context("the stats are not JSON")
    }
}

impl S3Server {
    /// The bucket that there is.
    pub const BUCKET: &str = "files";

    /// The address of the service.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }

    /// The names of all objects in the bucket.
    pub async fn objects(&self) -> Result<Vec<String>> {
        let url = format!("{}/{}?list-type=2", self.endpoint(), Self::BUCKET);
        let answer = clients::http()?.get(url).send().await;
        let listed = answer.context("cannot ask for the objects")?.text().await;
        let listed = listed.context("cannot read the objects")?;
        let keys = listed.split("<Key>").skip(1);
        let names = keys.filter_map(|rest| rest.split("</Key>").next());
        Ok(names.map(str::to_owned).collect())
    }
}
