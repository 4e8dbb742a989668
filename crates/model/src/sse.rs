//! A bounded decoder for server-sent events: bytes in any split in, whole events out.
//!
//! It follows <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>:
//! LF, CRLF or CR end a line, a byte order mark at the start and comments are skipped, several `data` lines are one
//! text, bytes that aren't UTF-8 are replaced. No input makes it panic, and how the bytes are split changes nothing.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The event's name, where it has one.
    pub event: Option<String>,
    /// Its data; the lines of several `data` fields are joined with a line feed.
    pub data: String,
    /// The id that this very event carries; an id isn't carried over to later events.
    pub id: Option<String>,
}

/// An event as the decoder holds it, for readers that need no copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRef<'a> {
    /// As [`Frame::event`].
    pub event: Option<Cow<'a, str>>,
    /// As [`Frame::data`].
    pub data: Cow<'a, str>,
    /// As [`Frame::id`].
    pub id: Option<Cow<'a, str>>,
}

/// An event is longer than the decoder allows. The decoder stays in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event has more bytes than allowed: {limit}")]
pub struct TooLong {
    /// The most bytes that are held of one event.
    pub limit: usize,
}

/// Decodes one stream.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The beginning of a line whose end hasn't come.
    line: Vec<u8>,
    block: Block,
    position: Position,
    overflown: bool,
}

/// What the last byte leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// In the first line, where a byte order mark may stand.
    Start,
    /// After a CR, to which an LF may belong.
    AfterCarriageReturn,
    Elsewhere,
}

/// The fields of the event that is being read.
#[derive(Debug, Default)]
struct Block {
    event: Vec<u8>,
    data: Vec<u8>,
    data_lines: usize,
    id: Option<Vec<u8>>,
}

impl Decoder {
    /// A decoder that holds at most `max_event_bytes` of an unfinished event.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            limit: max_event_bytes,
            line: Vec::new(),
            block: Block::default(),
            position: Position::Start,
            overflown: false,
        }
    }

    /// Takes the next bytes and gives the events that they complete. Events before a too long one are lost with it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, TooLong> {
        let mut frames = Vec::new();
        self.decode(bytes, |frame| frames.push(frame.into_owned()))?;
        Ok(frames)
    }

    /// Takes the next bytes and hands over each event that they complete, without copying it.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        mut on_frame: impl FnMut(FrameRef<'_>),
    ) -> Result<(), TooLong> {
        self.check(0)?;
        let mut rest = bytes;
        if self.position == Position::AfterCarriageReturn && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.position = Position::Elsewhere;
        }
        while let Some((line, end, after)) = split_line(rest) {
            self.check(line.len())?;
            rest = after;
            if self.line.is_empty() {
                self.end_line(line, &mut on_frame);
            } else {
                self.line.extend_from_slice(line);
                let mut whole = std::mem::take(&mut self.line);
                self.end_line(&whole, &mut on_frame);
                whole.clear();
                self.line = whole;
            }
            self.position = Position::Elsewhere;
            if end == b'\r' {
                match rest.strip_prefix(b"\n") {
                    Some(stripped) => rest = stripped,
                    None if rest.is_empty() => self.position = Position::AfterCarriageReturn,
                    None => {}
                }
            }
        }
        self.check(rest.len())?;
        self.line.extend_from_slice(rest);
        Ok(())
    }

    /// The event that the stream's end cut short of its empty line, if there is one.
    ///
    /// The specification drops it; some servers end their last event so, therefore a reader may look at it.
    pub fn finish(&mut self) -> Option<Frame> {
        let line = std::mem::take(&mut self.line);
        let mut last = None;
        if !self.overflown {
            self.end_line(&line, &mut |frame| last = Some(frame.into_owned()));
            self.block.end(&mut |frame| last = Some(frame.into_owned()));
        }
        last
    }

    /// Checks that `more` bytes fit beside what is held.
    fn check(&mut self, more: usize) -> Result<(), TooLong> {
        if self.overflown || self.block.len() + self.line.len() + more > self.limit {
            self.overflown = true;
            self.line = Vec::new();
            self.block = Block::default();
            return Err(TooLong { limit: self.limit });
        }
        Ok(())
    }

    fn end_line(&mut self, line: &[u8], on_frame: &mut impl FnMut(FrameRef<'_>)) {
        let line = match self.position {
            Position::Start => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
            Position::AfterCarriageReturn | Position::Elsewhere => line,
        };
        if line.is_empty() {
            self.block.end(on_frame);
        } else {
            self.block.take_field(line);
        }
    }
}

impl Block {
    fn len(&self) -> usize {
        self.event.len() + self.data.len() + self.id.as_ref().map_or(0, Vec::len)
    }

    fn take_field(&mut self, line: &[u8]) {
        let (name, value) = match memchr(b':', line).and_then(|at| line.split_at_checked(at)) {
            Some((name, value)) => (name, value.strip_prefix(b":").unwrap_or(value)),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if self.data_lines > 0 {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.data_lines += 1;
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            b"id" if memchr(0, value).is_none() => self.id = Some(value.to_vec()),
            // A comment (no name), `retry`, or what nobody knows.
            _ => {}
        }
    }

    /// Hands over the event, if it has data, and begins the next one. The buffers stay.
    fn end(&mut self, on_frame: &mut impl FnMut(FrameRef<'_>)) {
        if self.data_lines > 0 {
            on_frame(FrameRef {
                event: (!self.event.is_empty()).then(|| String::from_utf8_lossy(&self.event)),
                data: String::from_utf8_lossy(&self.data),
                id: self.id.as_deref().map(String::from_utf8_lossy),
            });
        }
        self.event.clear();
        self.data.clear();
        self.data_lines = 0;
        self.id = None;
    }
}

impl Frame {
    /// The event as a view.
    pub fn as_ref(&self) -> FrameRef<'_> {
        FrameRef {
            event: self.event.as_deref().map(Cow::Borrowed),
            data: Cow::Borrowed(&self.data),
            id: self.id.as_deref().map(Cow::Borrowed),
        }
    }
}

impl FrameRef<'_> {
    /// The event as a value of its own.
    pub fn into_owned(self) -> Frame {
        Frame {
            event: self.event.map(Cow::into_owned),
            data: self.data.into_owned(),
            id: self.id.map(Cow::into_owned),
        }
    }
}

/// The first line, the byte that ends it, and what follows.
fn split_line(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr2(b'\r', b'\n', bytes)?)?;
    let (end, after) = rest.split_first()?;
    Some((line, *end, after))
}
