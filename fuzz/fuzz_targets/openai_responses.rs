//! The decoder of Responses answers: no input makes it panic, it ends once, and how the bytes are split changes nothing.
//! Items may be done without a beginning here, because the provider says which one is which.
//!
//! The first byte says how the rest is split.

#![no_main]

use frontdesk_model::Event;
use frontdesk_model::openai_responses::replayed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let whole = replayed([stream]);
    assert_eq!(replayed(stream.chunks(usize::from(*first).max(1))), whole);
    let (events, error) = whole;
    let ends = events
        .iter()
        .filter(|event| matches!(event, Event::Completed { .. } | Event::Incomplete { .. }));
    assert_eq!(ends.count() + usize::from(error.is_some()), 1);
    if error.is_none() {
        assert!(matches!(
            events.last(),
            Some(Event::Completed { .. } | Event::Incomplete { .. })
        ));
    }
});
