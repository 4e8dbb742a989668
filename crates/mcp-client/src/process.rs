//! A tool server that is a program of the operator's: started with an environment of its own, ended with its children.

use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::answer::{MAX_ANSWER_BYTES, message_of};
use crate::credential::carried;
use crate::http_failure::{HttpFailure, bounded};
use crate::redact::Redactor;
use crate::{Command, McpError};

/// The longest line of a program's standard error that is logged, in bytes.
const MAX_LOG_LINE_BYTES: u64 = 2 * 1024;
/// How many lines of it are logged.
const MAX_LOG_LINES: usize = 1_000;
/// The secrets of how many calls are known when it is.
const MAX_CALLS: usize = 256;

/// A program that runs. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Process {
    group: Group,
    ended: CancellationToken,
    /// Waits for it and reads its standard error.
    _attending: JoinSet<()>,
}

/// The process group that a program leads, so that what it started ends with it.
#[derive(Debug, Clone, Copy)]
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

/// What must not be seen in what a program writes: its own secrets, and those of the newest calls.
#[derive(Debug, Clone)]
struct Unseen(Arc<Mutex<VecDeque<Redactor>>>);

/// Its standard input and output as a transport: a message on each line.
pub(crate) struct Pipes {
    input: Arc<tokio::sync::Mutex<Option<ChildStdin>>>,
    output: BufReader<ChildStdout>,
    /// The line that is being read.
    line: Vec<u8>,
    /// What it started may hold the pipes open when it has ended.
    ended: CancellationToken,
    unseen: Unseen,
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
        let group = Group::of(&child);
        let ended = CancellationToken::new();
        let mut attending = JoinSet::new();
        let unseen = Unseen::new(command);
        attending.spawn(log(server.to_owned(), errors, unseen.clone()));
        attending.spawn(attend(child, group, ended.clone()));
        let pipes = Pipes {
            input: Arc::new(tokio::sync::Mutex::new(Some(input))),
            output: BufReader::new(output),
            line: Vec::new(),
            ended: ended.clone(),
            unseen,
        };
        let process = Self {
            group,
            ended,
            _attending: attending,
        };
        Ok((process, pipes))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended.is_cancelled() {
            self.group.kill();
        }
    }
}

impl Unseen {
    fn new(command: &Command) -> Self {
        let own = Redactor::default();
        own.add_secrets(command.env.values());
        Self(Arc::new(Mutex::new(VecDeque::from([own]))))
    }

    fn add(&self, call: &Redactor) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > MAX_CALLS {
            // The first are its own.
            all.remove(1);
        }
        all.push_back(call.clone());
    }

    fn text(&self, text: String) -> String {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().fold(text, |text, redactor| redactor.text(text))
    }
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: leader.and_then(rustix::process::Pid::from_raw),
        }
    }

    #[cfg(not(unix))]
    fn of(_child: &Child) -> Self {
        Self {}
    }

    fn kill(self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            let _gone = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

impl rmcp::transport::Transport<RoleClient> for Pipes {
    type Error = HttpFailure;

    fn send(
        &mut self,
        mut message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), HttpFailure>> + Send + 'static {
        let input = Arc::clone(&self.input);
        if let Some(sending) = carried(&message).cloned() {
            if sending.secrets.is_some() {
                self.unseen.add(&sending.redactor);
            }
            sending.complete(&mut message);
        }
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
            let line = tokio::select! {
                biased;
                line = bounded_line(&mut self.output, &mut self.line) => line?,
                () = self.ended.cancelled() => return None,
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            match message_of(&line, &Redactor::default()) {
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

/// The next line; `None` at the end, or where a line is too long to be a message. What was read of a line is kept where
/// this is dropped.
async fn bounded_line(output: &mut BufReader<ChildStdout>, line: &mut Vec<u8>) -> Option<Vec<u8>> {
    let left = MAX_ANSWER_BYTES.saturating_sub(line.len());
    let max = u64::try_from(left).unwrap_or(u64::MAX);
    let read = output.take(max).read_until(b'\n', line).await.ok()?;
    let whole = line.last() == Some(&b'\n');
    let line = std::mem::take(line);
    (read > 0 && (whole || line.len() < MAX_ANSWER_BYTES)).then_some(line)
}

/// Ends what a program has started when it ends.
async fn attend(mut child: Child, group: Group, ended: CancellationToken) {
    let status = child.wait().await;
    group.kill();
    ended.cancel();
    tracing::debug!(?status, "a tool server's program ended");
}

async fn log(server: String, errors: ChildStderr, unseen: Unseen) {
    let mut errors = BufReader::new(errors);
    let mut logged = 0;
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut errors).take(MAX_LOG_LINE_BYTES);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) if logged < MAX_LOG_LINES => {
                logged += 1;
                let line = unseen.text(String::from_utf8_lossy(&line).into_owned());
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
