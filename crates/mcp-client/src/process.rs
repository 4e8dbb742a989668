//! A tool server that is a program of the operator's: started with an environment of its own, ended with its children.

use std::process::Stdio;

use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinSet;

use crate::answer::{MAX_ANSWER_BYTES, message_of};
use crate::http_failure::{HttpFailure, bounded};
use crate::{Command, McpError};

/// The longest line of a program's standard error that is logged, in bytes.
const MAX_LOG_LINE_BYTES: u64 = 2 * 1024;
/// How many lines of it are logged.
const MAX_LOG_LINES: usize = 1_000;

/// A program that runs. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Reads its standard error.
    _reading: JoinSet<()>,
}

/// Its standard input and output as a transport: a message on each line.
pub(crate) struct Pipes {
    input: std::sync::Arc<tokio::sync::Mutex<Option<ChildStdin>>>,
    output: BufReader<ChildStdout>,
}

impl Process {
    pub(crate) fn start(server: &str, command: &Command) -> Result<(Self, Pipes), McpError> {
        let mut program = tokio::process::Command::new(&command.program);
        program
            .args(&command.args)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs(
                command
                    .env
                    .iter()
                    .map(|(name, value)| (name, value.expose())),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        program.process_group(0);
        if let Some(dir) = &command.working_dir {
            program.current_dir(dir);
        }
        let away = |detail: String| McpError::Away { detail };
        let mut child = program
            .spawn()
            .map_err(|error| away(format!("the program doesn't start: {error}")))?;
        let (Some(input), Some(output), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(away("the program has no pipes".to_owned()));
        };
        let mut reading = JoinSet::new();
        reading.spawn(log(server.to_owned(), errors));
        let pipes = Pipes {
            input: std::sync::Arc::new(tokio::sync::Mutex::new(Some(input))),
            output: BufReader::new(output),
        };
        let process = Self {
            child,
            _reading: reading,
        };
        Ok((process, pipes))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The program leads a group of its own, so that what it started ends with it.
        #[cfg(unix)]
        if let Some(group) = self
            .child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            let _gone = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _gone = self.child.start_kill();
    }
}

impl rmcp::transport::Transport<RoleClient> for Pipes {
    type Error = HttpFailure;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), HttpFailure>> + Send + 'static {
        let input = std::sync::Arc::clone(&self.input);
        async move {
            let broken = |error: std::io::Error| HttpFailure::Broken(error.to_string());
            let mut line = serde_json::to_vec(&message)
                .map_err(|error| HttpFailure::NotProtocol(error.to_string()))?;
            line.push(b'\n');
            let mut input = input.lock().await;
            let Some(input) = input.as_mut() else {
                return Err(HttpFailure::Broken("it is closed".to_owned()));
            };
            input.write_all(&line).await.map_err(broken)?;
            input.flush().await.map_err(broken)
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let line = bounded_line(&mut self.output).await?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match message_of(&line) {
                Ok(message) => return Some(message),
                // A line that some library printed beside the messages.
                Err(failure) => tracing::debug!(%failure, "a line of a tool server is no message"),
            }
        }
    }

    async fn close(&mut self) -> Result<(), HttpFailure> {
        self.input.lock().await.take();
        Ok(())
    }
}

/// The next line; `None` at the end, or where a line is too long to be a message.
async fn bounded_line(output: &mut BufReader<ChildStdout>) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let max = u64::try_from(MAX_ANSWER_BYTES).unwrap_or(u64::MAX);
    let read = output.take(max).read_until(b'\n', &mut line).await.ok()?;
    let whole = line.last() == Some(&b'\n');
    (read > 0 && (whole || line.len() < MAX_ANSWER_BYTES)).then_some(line)
}

async fn log(server: String, errors: ChildStderr) {
    let mut errors = BufReader::new(errors);
    let mut logged = 0;
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut errors).take(MAX_LOG_LINE_BYTES);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) if logged < MAX_LOG_LINES => {
                logged += 1;
                let line = String::from_utf8_lossy(&line);
                tracing::debug!(
                    server,
                    line = bounded(line.trim_end()),
                    "a tool server wrote"
                );
            }
            Ok(_) => {
                drain(&mut errors).await;
                return;
            }
        }
    }
}

/// Reads on without keeping anything, so that the program isn't held up.
async fn drain(from: &mut (impl AsyncRead + Unpin)) {
    let _ended = tokio::io::copy(from, &mut tokio::io::sink()).await;
}
