//! The decoder of Messages answers: no input makes it panic, it ends once, each item is begun and done once,
//! and how the bytes are split changes nothing.
//!
//! The first byte says how the rest is split.

#![no_main]

mod answer;

use frontdesk_model::anthropic::replayed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let whole = replayed([stream]);
    assert_eq!(replayed(stream.chunks(usize::from(*first).max(1))), whole);
    answer::check(&whole.0, whole.1.as_ref());
});
