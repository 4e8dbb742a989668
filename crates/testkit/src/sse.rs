//! Reads server-sent events from a response, each within a deadline.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::pin::Pin;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

/// The most that one event may hold.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// One event as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The `id:` field of this event.
    pub id: Option<String>,
    /// The `event:` field of this event.
    pub event: Option<String>,
    /// The `data:` lines, joined by line feeds.
    pub data: String,
}

/// The events of one response, in order.
pub struct Reader {
    body: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    buffer: Vec<u8>,
    deadline: Duration,
    comments: usize,
}

impl Reader {
    /// Reads `response`; an event that takes longer than `deadline` to come is an error.
    pub fn new(response: reqwest::Response, deadline: Duration) -> Self {
        Self {
            body: Box::pin(response.bytes_stream()),
            buffer: Vec::new(),
            deadline,
            comments: 0,
        }
    }

    /// The next event, or `None` after the last. A connection that breaks is an error.
    pub async fn next(&mut self) -> Result<Option<Frame>> {
        let deadline = self.deadline;
        tokio::time::timeout(deadline, self.read())
            .await
            .with_context(|| format!("no event within {deadline:?}"))?
    }

    /// All events until the stream ends.
    pub async fn rest(&mut self) -> Result<Vec<Frame>> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// How many comment lines came so far.
    pub fn comments(&self) -> usize {
        self.comments
    }

    async fn read(&mut self) -> Result<Option<Frame>> {
        let mut frame = Frame::default();
        let mut data: Option<String> = None;
        loop {
            let Some(line) = self.line().await? else {
                return Ok(None);
            };
            if line.is_empty() {
                if let Some(data) = data.take() {
                    frame.data = data;
                    return Ok(Some(frame));
                }
                frame = Frame::default();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => self.comments += 1,
                "id" => frame.id = Some(value.to_owned()),
                "event" => frame.event = Some(value.to_owned()),
                "data" => match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_owned()),
                },
                _ => {}
            }
        }
    }

    /// The next whole line without its end; `None` when the body has ended.
    async fn line(&mut self) -> Result<Option<String>> {
        let mut seen = 0;
        loop {
            let unseen = self.buffer.iter().skip(seen);
            if let Some(end) = unseen
                .enumerate()
                .find_map(|(at, byte)| (*byte == b'\n').then_some(seen + at))
            {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(
                    String::from_utf8(line).context("a line is not UTF-8")?,
                ));
            }
            seen = self.buffer.len();
            if seen > MOST_BYTES {
                bail!("a line of more than {MOST_BYTES} bytes");
            }
            match self.body.next().await {
                Some(bytes) => self
                    .buffer
                    .extend_from_slice(&bytes.context("the stream broke")?),
                None => return Ok(None),
            }
        }
    }
}
