//! A turn's events as [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::fmt::Write;
use std::io;
use std::time::Duration;
use std::vec::IntoIter;

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
/// Bytes of one write, unless a single event has more: so much stands in memory twice.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes of an event besides its JSON, at most: `id: 4294967295-18446744073709551615`, `data: ` and line ends.
const FRAME_BYTES: usize = 64;

/// The answer that a reader's events make. Dropping it tells the turn that the reader has gone. Where the events break
/// off before the turn's end, so does the answer: its client sees a broken connection and comes back for the rest.
pub(crate) fn stream(reader: TurnReader, framing: Framing) -> Response {
    let pieces = Pieces {
        reader,
        framing,
        read: Vec::new().into_iter(),
    };
    let chunks = unfold(Some(pieces), move |pieces| async move {
        let mut pieces = pieces?;
        match pieces.next().await {
            Some(piece) => Some((Ok(piece), Some(pieces))),
            None if pieces.reader.has_broken_off() => {
                Some((Err(io::Error::other(BROKEN_OFF)), None))
            }
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

/// A reader's events as they are written.
struct Pieces {
    reader: TurnReader,
    framing: Framing,
    /// What was read and not written yet.
    read: IntoIter<Frame>,
}

impl Pieces {
    async fn next(&mut self) -> Option<Bytes> {
        if self.read.as_slice().is_empty() {
            let next = self.reader.next();
            let read = match self.framing {
                Framing::Plain => next.await,
                Framing::Resumable => match tokio::time::timeout(KEEP_ALIVE, next).await {
                    Ok(read) => read,
                    Err(_) => return Some(Bytes::from_static(COMMENT)),
                },
            };
            self.read = read?.into_iter();
        }
        Some(self.encode())
    }

    /// One write for all that is there, up to a piece.
    fn encode(&mut self) -> Bytes {
        let there: usize = self
            .read
            .as_slice()
            .iter()
            .map(|frame| frame.json.len() + FRAME_BYTES)
            .sum();
        let mut piece = BytesMut::with_capacity(there.min(PIECE_BYTES));
        while piece.len() < PIECE_BYTES
            && let Some(frame) = self.read.next()
        {
            if let (Framing::Resumable, Some(id)) = (self.framing, frame.id) {
                // Writing to a growing buffer can't fail.
                let _ = writeln!(piece, "id: {id}");
            }
            piece.extend_from_slice(b"data: ");
            piece.extend_from_slice(&frame.json);
            piece.extend_from_slice(b"\n\n");
        }
        piece.freeze()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use frontdesk_chat::{
        Client, Options, Page, Parts, Reply, RequestContext, Responder, Service, Turn, TurnError,
    };
    use frontdesk_clock::{RandomIds, SystemClock};
    use frontdesk_identity::{Credentials, Principal, TenantId, UserId};
    use frontdesk_protocol::{Request, ThreadEvent, UserMessageItem};
    use frontdesk_store::memory::MemoryStore;
    use futures_util::TryStreamExt;
    use serde_json::json;

    use super::*;

    const TEXT: usize = 1_000;

    /// Shows its progress again and again.
    struct Busy;

    #[async_trait]
    impl Responder for Busy {
        async fn respond(
            &self,
            turn: &mut Turn,
            _: Option<UserMessageItem>,
        ) -> Result<(), TurnError> {
            for _ in 0..1_000 {
                turn.emit(ThreadEvent::progress("x".repeat(TEXT))).await?;
            }
            Ok(())
        }
    }

    fn caller() -> RequestContext {
        let principal = Principal::new(TenantId::single(), UserId::new("dev").unwrap());
        RequestContext {
            principal: Arc::new(principal),
            credentials: Credentials::default(),
            request_id: "req_test".to_owned(),
            locale: None,
            client: Client::Resuming,
            idempotency_key: None,
            page: Page::default(),
        }
    }

    #[tokio::test]
    async fn what_is_there_at_once_is_written_in_pieces() {
        let store = Arc::new(MemoryStore::new());
        let service = Service::new(Parts {
            store: store.clone(),
            maintenance: store.clone(),
            wakeups: store,
            responder: Arc::new(Busy),
            uploads: None,
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            options: Options::default(),
        });
        let input = json!({"content": [{"type": "input_text", "text": "hi"}], "attachments": [], "inference_options": {}});
        let request = json!({"type": "threads.create", "params": {"input": input}});
        let request = Request::parse(&serde_json::to_vec(&request).unwrap()).unwrap();
        let Reply::Stream {
            turn: Some(turn),
            mut reader,
        } = service.handle(request, caller()).await.unwrap()
        else {
            panic!("no stream")
        };
        let mut frames = Vec::new();
        while let Some(next) = reader.next().await {
            frames.extend(next);
        }
        for framing in [Framing::Plain, Framing::Resumable] {
            let mut expected = Vec::new();
            for frame in &frames {
                if let (Framing::Resumable, Some(id)) = (framing, frame.id) {
                    expected.extend_from_slice(format!("id: {id}\n").as_bytes());
                }
                expected.extend_from_slice(b"data: ");
                expected.extend_from_slice(&frame.json);
                expected.extend_from_slice(b"\n\n");
            }
            let late = service.events(&caller(), &turn, None).await.unwrap();
            let body = stream(late, framing).into_body();
            let pieces: Vec<Bytes> = body.into_data_stream().try_collect().await.unwrap();
            let longest = pieces.iter().map(Bytes::len).max().unwrap();
            assert!(longest < PIECE_BYTES + 2 * TEXT, "{longest}");
            assert!(pieces.concat() == expected, "{} pieces", pieces.len());
        }
        service.shutdown(Duration::ZERO).await;
    }
}
