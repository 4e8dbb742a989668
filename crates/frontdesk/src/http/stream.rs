//! A turn's events as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::fmt::Write;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use frontdesk_chat::{Frame, TurnReader};
use futures_util::stream::unfold;

use crate::config::Framing;

/// How long a stream is silent before a comment shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The comment.
const COMMENT: &[u8] = b":\n\n";
/// Why an answer breaks off.
const BROKEN_OFF: &str = "the turn goes on elsewhere";
/// Bytes of an event besides its JSON, at most: `id: 4294967295-18446744073709551615`, `data: ` and line ends.
const FRAME_BYTES: usize = 64;

/// The answer that a reader's events make. Dropping it tells the turn that the reader has gone. Where the events break
/// off before the turn's end, so does the answer: its client sees a broken connection and comes back for the rest.
pub(crate) fn stream(reader: TurnReader, framing: Framing) -> Response {
    let chunks = unfold(Some(reader), move |reader| async move {
        let mut reader = reader?;
        match next_chunk(&mut reader, framing).await {
            Some(chunk) => Some((Ok(chunk), Some(reader))),
            None if reader.has_broken_off() => Some((Err(io::Error::other(BROKEN_OFF)), None)),
            None => None,
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

async fn next_chunk(reader: &mut TurnReader, framing: Framing) -> Option<Bytes> {
    match framing {
        Framing::Plain => Some(encode(&reader.next().await?, framing)),
        Framing::Resumable => match tokio::time::timeout(KEEP_ALIVE, reader.next()).await {
            Ok(frames) => Some(encode(&frames?, framing)),
            Err(_) => Some(Bytes::from_static(COMMENT)),
        },
    }
}

/// One write for all that is there.
fn encode(frames: &[Frame], framing: Framing) -> Bytes {
    let size = frames
        .iter()
        .map(|frame| frame.json.len() + FRAME_BYTES)
        .sum();
    let mut chunk = BytesMut::with_capacity(size);
    for frame in frames {
        if let (Framing::Resumable, Some(id)) = (framing, frame.id) {
            // Writing to a growing buffer can't fail.
            let _ = writeln!(chunk, "id: {id}");
        }
        chunk.extend_from_slice(b"data: ");
        chunk.extend_from_slice(&frame.json);
        chunk.extend_from_slice(b"\n\n");
    }
    chunk.freeze()
}
