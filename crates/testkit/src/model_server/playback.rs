//! Sends the events of a response at their pace, cut and broken as the script says.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Response as HttpResponse, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::dialect::Dialect;
use super::frame::{Frame, Pace};
use super::script::{Fault, Framing, Lines, Response};

/// What proxies send to keep a connection open.
const COMMENT: &[u8] = b": still here\n\n";

/// What happens after the last chunk.
enum Last {
    End,
    Break,
    Stall,
}

struct Playing {
    chunks: VecDeque<(Duration, Bytes)>,
    last: Last,
}

pub(super) fn play(dialect: Dialect, response: &Response, number: u64) -> HttpResponse<Body> {
    if let Fault::Status { code, retry_after } = response.fault {
        return refuse(code, retry_after);
    }
    let mut frames = dialect.played(response, number);
    let last = match response.fault {
        Fault::DropAfter(count) => cut(&mut frames, count, Last::Break),
        Fault::EndAfter(count) => cut(&mut frames, count, Last::End),
        Fault::StallAfter(count) => cut(&mut frames, count, Last::Stall),
        _ => Last::End,
    };
    let playing = Playing {
        chunks: chunks(&frames, response),
        last,
    };
    let body = stream::unfold(playing, |mut playing| async {
        let chunk = playing.next().await?;
        Some((chunk, playing))
    });
    let mut http = HttpResponse::new(Body::from_stream(body));
    set(&mut http, "content-type", "text/event-stream");
    http
}

impl Playing {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let Some((pause, chunk)) = self.chunks.pop_front() else {
            return match self.last {
                Last::End => None,
                Last::Break => {
                    self.last = Last::End;
                    Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
                }
                Last::Stall => match std::future::pending::<Infallible>().await {},
            };
        };
        if pause.is_zero() {
            // Lets what is written so far go out, as a model's deltas do: one by one.
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(pause).await;
        }
        Some(Ok(chunk))
    }
}

fn cut(frames: &mut Vec<Frame>, count: usize, last: Last) -> Last {
    frames.truncate(count);
    last
}

fn chunks(frames: &[Frame], response: &Response) -> VecDeque<(Duration, Bytes)> {
    let mut chunks = VecDeque::new();
    for frame in frames {
        let mut bytes = match response.lines {
            Lines::LineFeed | Lines::Commented => frame.bytes("\n"),
            Lines::Crlf => frame.bytes("\r\n"),
        };
        if response.lines == Lines::Commented {
            bytes.splice(0..0, COMMENT.iter().copied());
        }
        let bytes = Bytes::from(bytes);
        let pause = match frame.pace {
            Pace::Paced => response.pause,
            Pace::AtOnce => Duration::ZERO,
        };
        match response.framing {
            Framing::Events => chunks.push_back((pause, bytes)),
            Framing::Bytes(size) => {
                for (at, piece) in bytes.chunks(size.max(1)).enumerate() {
                    let pause = if at == 0 { pause } else { Duration::ZERO };
                    chunks.push_back((pause, bytes.slice_ref(piece)));
                }
            }
        }
    }
    chunks
}

pub(super) fn refuse(code: u16, retry_after: Option<u64>) -> HttpResponse<Body> {
    let error = json!({"type": "error", "error": {"type": "scripted", "message": format!("scripted status {code}"), "code": "scripted"}});
    let mut http = HttpResponse::new(Body::from(error.to_string()));
    *http.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut http, "content-type", "application/json");
    if let Some(seconds) = retry_after {
        set(&mut http, "retry-after", &seconds.to_string());
    }
    http
}

pub(super) fn set(http: &mut HttpResponse<Body>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        http.headers_mut().insert(name, value);
    }
}
