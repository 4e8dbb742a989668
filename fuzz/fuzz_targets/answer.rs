//! What the events of any answer hold to.

use frontdesk_model::{Error, Event};

/// Checks that the events are those of one answer: one end, and each item begun and done once.
pub fn check(events: &[Event], error: Option<&Error>) {
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
