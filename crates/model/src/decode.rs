//! The seam between a dialect's decoder and whoever brings it an answer's bytes: a live call, or a recorded file.

use std::collections::VecDeque;
use std::fmt::Debug;

use crate::failure::Failure;
use crate::sse::{self, FrameRef};
use crate::{Error, Event};

/// The most bytes that one event may have: a whole answer may come in one.
const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// How far an answer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
    /// Nothing was handed on.
    #[default]
    Silent,
    /// Only that the provider took the request.
    Started,
    /// Something that can't be taken back.
    Content,
    /// All of the answer; what may follow is bookkeeping.
    Whole,
    /// The last event.
    Ended,
}

/// Reads the frames of one answer.
pub(crate) trait Decode: Debug + Send {
    /// How far the answer has come.
    fn progress(&self) -> Progress;

    /// Reads one frame and adds the events that it means.
    fn read(&mut self, frame: &FrameRef<'_>, events: &mut VecDeque<Event>) -> Result<(), Failure>;

    /// Nothing more comes: adds the last event where the answer is whole without a word about it.
    fn end(&mut self, events: &mut VecDeque<Event>);

    /// A decoder for the next try, which doesn't say again what was said.
    fn again(&self) -> Box<dyn Decode>;
}

/// An answer's bytes as events.
#[derive(Debug)]
pub(crate) struct Reader {
    sse: sse::Decoder,
    decoder: Box<dyn Decode>,
    events: VecDeque<Event>,
    failure: Option<Failure>,
}

impl Reader {
    pub(crate) fn new(decoder: Box<dyn Decode>) -> Self {
        Self {
            sse: sse::Decoder::new(MAX_EVENT_BYTES),
            decoder,
            events: VecDeque::new(),
            failure: None,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        self.decoder.progress()
    }

    /// The next event that was read.
    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Why there are no more events, where something failed.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let Self {
            sse,
            decoder,
            events,
            failure,
        } = self;
        let taken = sse.decode(bytes, |frame| {
            if failure.is_none() && decoder.progress() != Progress::Ended {
                *failure = decoder.read(&frame, events).err();
            }
        });
        let more_to_come = self.failure.is_none() && self.decoder.progress() != Progress::Ended;
        if let (Err(error), true) = (taken, more_to_come) {
            self.failure = Some(Failure::malformed(error.to_string()));
        }
    }

    /// The body is at its end; `cut` says what to complain of where the answer isn't.
    pub(crate) fn take_end(&mut self, cut: impl FnOnce() -> String) {
        if let Some(frame) = self.sse.finish() {
            // A frame that the end cut in two isn't JSON; that the answer was cut is what there is to say.
            let _ = self.decoder.read(&frame.as_ref(), &mut self.events);
        }
        self.break_off(|| Failure::cut(cut()));
    }

    /// No more bytes can be read; that is a failure where the answer isn't whole.
    pub(crate) fn break_off(&mut self, failure: impl FnOnce() -> Failure) {
        if self.decoder.progress() != Progress::Ended {
            self.decoder.end(&mut self.events);
        }
        if self.decoder.progress() != Progress::Ended {
            self.failure = Some(failure());
        }
    }

    /// Begins anew, with the bytes of the next try.
    pub(crate) fn start_again(&mut self) {
        self.sse = sse::Decoder::new(MAX_EVENT_BYTES);
        self.decoder = self.decoder.again();
    }
}

/// The events of a recorded answer, and why it ended before its end where it did. `pieces` are its bytes in any split.
pub(crate) fn replay<'a>(
    decoder: Box<dyn Decode>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Event>, Option<Error>) {
    let mut reader = Reader::new(decoder);
    for piece in pieces {
        reader.take(piece);
        if reader.failure.is_some() || reader.progress() == Progress::Ended {
            break;
        }
    }
    if reader.failure.is_none() && reader.progress() != Progress::Ended {
        reader.take_end(|| "the recorded answer ended without a last event".to_owned());
    }
    let failure = reader.failure.map(|failure| failure.into_error(None));
    (reader.events.into(), failure)
}
