//! Sends the events of a response at their pace, cut and broken as the script says.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Response as HttpResponse, StatusCode};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::frames::{self, Event};
use super::script::{Fault, Framing, Response};

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

pub(super) fn play(response: &Response, number: u64) -> HttpResponse<Body> {
    if let Fault::Status { code, retry_after } = response.fault {
        return refuse(code, retry_after);
    }
    let mut events = frames::events(response, number);
    let last = match response.fault {
        Fault::DropAfter(count) => cut(&mut events, count, Last::Break),
        Fault::EndAfter(count) => cut(&mut events, count, Last::End),
        Fault::StallAfter(count) => cut(&mut events, count, Last::Stall),
        _ => Last::End,
    };
    let playing = Playing {
        chunks: chunks(&events, response),
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

fn cut(events: &mut Vec<Event>, count: usize, last: Last) -> Last {
    events.truncate(count);
    last
}

fn chunks(events: &[Event], response: &Response) -> VecDeque<(Duration, Bytes)> {
    let mut chunks = VecDeque::new();
    for event in events {
        let kind = event
            .body
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let frame = Bytes::from(format!("event: {kind}\ndata: {}\n\n", event.body));
        let pause = if event.paced {
            response.pause
        } else {
            Duration::ZERO
        };
        match response.framing {
            Framing::Events => chunks.push_back((pause, frame)),
            Framing::Bytes(size) => {
                for (at, piece) in frame.chunks(size.max(1)).enumerate() {
                    let pause = if at == 0 { pause } else { Duration::ZERO };
                    chunks.push_back((pause, frame.slice_ref(piece)));
                }
            }
        }
    }
    chunks
}

fn refuse(code: u16, retry_after: Option<u64>) -> HttpResponse<Body> {
    let error =
        json!({"error": {"message": format!("scripted status {code}"), "code": "scripted"}});
    let mut http = HttpResponse::new(Body::from(error.to_string()));
    *http.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut http, "content-type", "application/json");
    if let Some(seconds) = retry_after {
        set(&mut http, "retry-after", &seconds.to_string());
    }
    http
}

fn set(http: &mut HttpResponse<Body>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        http.headers_mut().insert(name, value);
    }
}
