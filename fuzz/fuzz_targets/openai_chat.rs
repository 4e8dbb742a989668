//! The decoder of Chat Completions answers: no input makes it panic, it ends once, each item is begun and done once,
//! and how the bytes are split changes nothing.
//!
//! The first byte says how the rest is split.

#![no_main]

use frontdesk_model::openai_chat::replayed;
use frontdesk_model::{Error, Event};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let whole = replayed([stream]);
    assert_eq!(replayed(stream.chunks(usize::from(*first).max(1))), whole);
    check(&whole.0, whole.1.as_ref());
});

/// Checks that the events are those of one answer.
fn check(events: &[Event], error: Option<&Error>) {
    let (mut begun, mut done) = (Vec::new(), Vec::new());
    let mut ends = usize::from(error.is_some());
    for event in events {
        assert!(ends == 0 || error.is_some(), "nothing follows the end");
        match event {
            Event::ItemAdded { index, .. } => begun.push(*index),
            Event::ItemDone { index, .. } => done.push(*index),
            Event::Completed { output, .. } | Event::Incomplete { output, .. } => {
                assert_eq!(output.len(), begun.len());
                ends += 1;
            }
            _ => {}
        }
    }
    assert_eq!(ends, 1);
    assert!(begun.iter().copied().eq(0..begun.len()));
    done.sort_unstable();
    if error.is_none() {
        assert_eq!(done, begun);
    }
}
