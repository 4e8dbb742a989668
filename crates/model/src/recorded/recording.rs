//! Reading a recording. What can't be played is refused here, with its line.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;

use super::playback::{Act, Answer, Try};
use crate::{Retry, Timeouts};

/// The most bytes that a recording may have.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most tries of all its answers together.
const MAX_TRIES: usize = 10_000;
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// The model's name where none is said.
const NAME: &str = "recorded";

/// A recording that was checked. [`crate::recorded`] has its form.
#[derive(Clone, Debug)]
pub struct Recording {
    pub(super) name: String,
    pub(super) dialect: Dialect,
    pub(super) answers: Vec<Answer>,
}

/// The dialect in which a recording's answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// [`crate::openai_responses`].
    OpenAiResponses,
    /// [`crate::openai_chat`].
    OpenAiChat,
    /// [`crate::anthropic`].
    Anthropic,
}

/// Why a recording can't be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the recording: {reason}")]
pub struct RecordingError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// A recording that is being read.
#[derive(Debug, Default)]
struct Draft {
    name: Option<String>,
    dialect: Option<Dialect>,
    pace: Duration,
    patience: Option<Duration>,
    answers: Vec<Vec<DraftTry>>,
    tries: usize,
}

#[derive(Debug)]
struct DraftTry {
    made: Try,
    acts: Vec<Act>,
    /// Lines that aren't sent yet.
    lines: String,
}

impl Recording {
    /// Reads and checks a recording.
    pub fn read(text: &str) -> Result<Self, RecordingError> {
        let refused = |line: usize| move |reason: String| RecordingError { line, reason };
        if text.len() > MAX_BYTES {
            let reason = format!("the recording has more bytes than allowed: {MAX_BYTES}");
            return Err(refused(1)(reason));
        }
        let mut draft = Draft::default();
        let mut number = 0;
        for line in text.split_inclusive('\n') {
            number += 1;
            draft.read_line(line).map_err(refused(number))?;
        }
        draft.finish().map_err(refused(number.max(1)))
    }
}

impl Draft {
    fn read_line(&mut self, line: &str) -> Result<(), String> {
        if let Some(directive) = line.strip_prefix('@') {
            let directive = directive.split(" #").next().unwrap_or_default();
            let mut words = directive.split_whitespace();
            let name = words.next().unwrap_or_default();
            return self.obey(name, &words.collect::<Vec<_>>());
        }
        let pace = self.pace;
        let Some(last) = self.answers.last_mut().and_then(|tries| tries.last_mut()) else {
            let text = line.trim();
            if text.is_empty() || text.starts_with('#') {
                return Ok(());
            }
            return Err(
                "nothing but @ lines and comments may stand before the first @answer".to_owned(),
            );
        };
        last.take_line(line, pace)
    }

    fn obey(&mut self, name: &str, arguments: &[&str]) -> Result<(), String> {
        match (name, arguments) {
            ("answer", []) => {
                self.answers.push(Vec::new());
                self.begin_try()
            }
            ("again", []) if !self.answers.is_empty() => self.begin_try(),
            ("dialect", [name]) if self.answers.is_empty() => {
                self.dialect = Some(dialect(name)?);
                Ok(())
            }
            ("name", [name]) if self.answers.is_empty() => {
                self.name = Some((*name).to_owned());
                Ok(())
            }
            ("pace", [pause]) if self.answers.is_empty() => {
                self.pace = duration(pause)?;
                Ok(())
            }
            ("patience", [patience]) if self.answers.is_empty() => {
                self.patience = Some(duration(patience)?);
                Ok(())
            }
            (_, _) => {
                let last = self.answers.last_mut().and_then(|tries| tries.last_mut());
                let last = last.ok_or_else(|| unknown(name))?;
                last.obey(name, arguments)
            }
        }
    }

    fn begin_try(&mut self) -> Result<(), String> {
        self.tries += 1;
        if self.tries > MAX_TRIES {
            return Err(format!("more tries than allowed: {MAX_TRIES}"));
        }
        if let Some(tries) = self.answers.last_mut() {
            tries.push(DraftTry {
                made: Try::Streamed(Arc::new([])),
                acts: Vec::new(),
                lines: String::new(),
            });
        }
        Ok(())
    }

    fn finish(self) -> Result<Recording, String> {
        let dialect = self
            .dialect
            .ok_or("it doesn't say its @dialect before the first @answer")?;
        let mut timeouts = Timeouts::default();
        if let Some(patience) = self.patience {
            timeouts.first_byte = patience;
            timeouts.idle = patience;
        }
        let pace = self.pace;
        let answers = self.answers.into_iter().map(|tries| Answer {
            timeouts,
            retry: Retry {
                times: u32::try_from(tries.len().saturating_sub(1)).unwrap_or(u32::MAX),
                ..Retry::default()
            },
            tries: tries.into_iter().map(|it| it.finish(pace)).collect(),
        });
        Ok(Recording {
            name: self.name.unwrap_or_else(|| NAME.to_owned()),
            dialect,
            answers: answers.collect(),
        })
    }
}

impl DraftTry {
    fn take_line(&mut self, line: &str, pace: Duration) -> Result<(), String> {
        match &mut self.made {
            Try::Streamed(_) => {
                self.lines.push_str(line);
                if line.trim().is_empty() {
                    self.send(pace);
                }
                Ok(())
            }
            Try::Refused { body, .. } => {
                body.push_str(line);
                Ok(())
            }
            Try::Unreachable if line.trim().is_empty() => Ok(()),
            Try::Unreachable => Err("nobody is there to say this".to_owned()),
        }
    }

    fn obey(&mut self, name: &str, arguments: &[&str]) -> Result<(), String> {
        let is_untouched = self.acts.is_empty() && self.lines.trim().is_empty();
        match (name, arguments, &self.made) {
            ("status", [status], Try::Streamed(_)) if is_untouched => {
                self.made = Try::refused(error_status(status)?, None);
                return Ok(());
            }
            ("status", [status, "retry-after", wait], Try::Streamed(_)) if is_untouched => {
                let wait = wait
                    .parse()
                    .map_err(|_| format!("not a number of seconds: {wait}"))?;
                self.made = Try::refused(error_status(status)?, Some(wait));
                return Ok(());
            }
            ("unreachable", [], Try::Streamed(_)) if is_untouched => {
                self.made = Try::Unreachable;
                return Ok(());
            }
            _ => {}
        }
        let act = match (name, arguments, &self.made) {
            ("delay", [pause], Try::Streamed(_)) => Act::Pause(duration(pause)?),
            ("cut", [], Try::Streamed(_)) => Act::Cut,
            ("stall", [], Try::Streamed(_)) => Act::Stall,
            _ => return Err(unknown(name)),
        };
        // What stands before it has gone out by then, and without a pause of its own where it is half an event.
        self.send(Duration::ZERO);
        self.acts.push(act);
        Ok(())
    }

    fn send(&mut self, pace: Duration) {
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return;
        }
        if !pace.is_zero() && !lines.trim().is_empty() {
            self.acts.push(Act::Pause(pace));
        }
        self.acts.push(Act::Send(Bytes::from(lines)));
    }

    fn finish(mut self, pace: Duration) -> Try {
        self.send(pace);
        match self.made {
            Try::Streamed(_) => Try::Streamed(self.acts.into()),
            made => made,
        }
    }
}

fn dialect(name: &str) -> Result<Dialect, String> {
    match name {
        "openai_responses" => Ok(Dialect::OpenAiResponses),
        "openai_chat" => Ok(Dialect::OpenAiChat),
        "anthropic" => Ok(Dialect::Anthropic),
        other => Err(format!(
            "openai_responses, openai_chat or anthropic is expected here, not: {other}"
        )),
    }
}

/// A status that isn't a success.
fn error_status(text: &str) -> Result<StatusCode, String> {
    text.parse()
        .ok()
        .filter(|status: &StatusCode| !status.is_success() && !status.is_informational())
        .ok_or_else(|| format!("not the status of an error: {text}"))
}

/// A duration such as `200ms` or `2s`.
fn duration(text: &str) -> Result<Duration, String> {
    let malformed = || format!("not a duration such as 200ms or 2s: {text}");
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, Duration::from_millis(1)),
        (None, Some(number)) => (number, Duration::from_secs(1)),
        (None, None) => return Err(malformed()),
    };
    let number: u32 = number.parse().map_err(|_| malformed())?;
    let duration = unit.saturating_mul(number);
    if duration > LONGEST_PAUSE {
        let longest = LONGEST_PAUSE.as_secs();
        return Err(format!("longer than allowed, {longest}s: {text}"));
    }
    Ok(duration)
}

fn unknown(name: &str) -> String {
    format!("@{name} isn't known, or not here, or not with this behind it")
}
