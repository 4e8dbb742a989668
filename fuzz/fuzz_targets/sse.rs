//! The decoder of server-sent events: no input makes it panic, and how the bytes are split changes nothing.
//!
//! The first byte says how the rest is split and how long an event may be.

#![no_main]

use frontdesk_model::sse::{Decoder, Frame};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let limit = if first & 1 == 0 { 64 } else { 1024 * 1024 };
    let step = usize::from(first >> 1).max(1);
    let whole = decode([stream].into_iter(), limit);
    assert_eq!(decode(stream.chunks(step), limit), whole);
    for frame in whole.0 {
        assert!(frame.data.len() <= limit * 3);
    }
});

/// The events, whether all of them fitted, and what the end left over.
fn decode<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limit: usize,
) -> (Vec<Frame>, bool, Option<Frame>) {
    let mut decoder = Decoder::new(limit);
    let mut frames = Vec::new();
    let mut fits = true;
    for piece in pieces {
        fits &= decoder
            .decode(piece, |frame| frames.push(frame.into_owned()))
            .is_ok();
    }
    (frames, fits, decoder.finish())
}
