//! A tool server in Python, as applications have them today: `fastmcp`, in a process of its own.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::clients;

/// The interpreter that `cargo xtask test` has prepared.
const VARIABLE: &str = "FRONTDESK_TEST_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/tools_server.py");
/// How long it may take to listen; the imports alone take seconds on a slow machine.
const READY: Duration = Duration::from_mins(1);

/// A Python that has what the tool server needs.
#[derive(Debug, Clone)]
pub struct Python {
    interpreter: PathBuf,
}

/// The tool server, with `lookup(city)`, `meet(count)`, `slow(seconds)`, `fail()` and `stats()`.
/// It is killed when this is dropped.
pub struct ToolsServer {
    port: u16,
    _child: Child,
}

impl Python {
    /// The interpreter, or why there is none.
    pub fn find() -> Result<Self, String> {
        match env::var_os(VARIABLE) {
            Some(path) => Ok(Self {
                interpreter: path.into(),
            }),
            None => Err(format!(
                "{VARIABLE} is not set; cargo xtask test prepares a Python and sets it"
            )),
        }
    }

    /// Starts the tool server on a free port of loopback.
    pub async fn tools_server(&self) -> Result<ToolsServer> {
        let mut child = Command::new(&self.interpreter)
            .arg(SCRIPT)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.interpreter.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let line = tokio::time::timeout(READY, lines.next_line())
            .await
            .with_context(|| format!("the tool server is not ready within {READY:?}"))?
            .context("cannot read what the tool server wrote")?
            .context("the tool server ended; its standard error says why")?;
        let port = line
            .strip_prefix("port ")
            .and_then(|port| port.parse().ok())
            .with_context(|| format!("the tool server wrote: {line}"))?;
        Ok(ToolsServer {
            port,
            _child: child,
        })
    }
}

impl ToolsServer {
    /// What `MCP_SERVER_URL` has to be.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// What it counted: `calls` (each with `tool`, `arguments` and `authorization`) and `most_at_once`.
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
