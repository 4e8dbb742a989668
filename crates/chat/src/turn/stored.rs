//! What the store has of a turn's log.

use frontdesk_identity::Scope;
use frontdesk_store::{EventId, Store, TurnId};

use super::frame::{Frame, decode};
use crate::ChatError;

/// All events after this one, in order.
pub(super) async fn stored_frames(
    store: &dyn Store,
    scope: &Scope,
    turn: &TurnId,
    after: Option<EventId>,
) -> Result<Vec<Frame>, ChatError> {
    let batches = store.turn_log(scope, turn, after).await?;
    let mut frames = Vec::new();
    let mut last = after;
    for frame in batches.iter().flat_map(decode) {
        if frame.id > last {
            last = frame.id;
            frames.push(frame);
        }
    }
    Ok(frames)
}

/// Whether the log has this event.
pub(super) async fn is_stored(
    store: &dyn Store,
    scope: &Scope,
    turn: &TurnId,
    event: EventId,
) -> Result<bool, ChatError> {
    let before = EventId {
        seq: event.seq.saturating_sub(1),
        ..event
    };
    let frames = stored_frames(store, scope, turn, Some(before)).await?;
    Ok(frames.first().is_some_and(|frame| frame.id == Some(event)))
}

/// Leaves out what comes after a gap in the newest attempt: of two writes under way the later one may be stored first.
/// Nothing will fill a gap in an earlier attempt any more.
pub(super) fn without_gap(frames: &mut Vec<Frame>, after: Option<EventId>) {
    let newest = frames.last().and_then(|frame| frame.id);
    let Some(newest) = newest.map(|id| id.attempt) else {
        return;
    };
    let mut expected = match after {
        Some(after) if after.attempt == newest => after.seq.saturating_add(1),
        _ => 1,
    };
    let is_beyond_gap = |frame: &Frame| match frame.id {
        Some(id) if id.attempt == newest => {
            let is_next = id.seq == expected;
            expected = expected.saturating_add(1);
            !is_next
        }
        _ => false,
    };
    if let Some(end) = frames.iter().position(is_beyond_gap) {
        frames.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id((attempt, seq): (u32, u64)) -> EventId {
        EventId { attempt, seq }
    }

    #[test]
    fn what_comes_after_a_gap_waits_for_what_is_missing() {
        let (begun, four) = (None, Some((1, 4)));
        let cases: [(_, &[(u32, u64)], usize); 8] = [
            (begun, &[(1, 1), (1, 2), (1, 3)], 3),
            (begun, &[(1, 1), (1, 3)], 1),
            (begun, &[(1, 2)], 0),
            (four, &[(1, 5), (1, 6)], 2),
            (four, &[(1, 6)], 0),
            (four, &[(1, 6), (2, 1), (2, 2), (2, 4)], 3),
            (four, &[(1, 6), (2, 2)], 1),
            (four, &[], 0),
        ];
        for (after, ids, whole) in cases {
            let frame = |seen: &(u32, u64)| Frame {
                id: Some(id(*seen)),
                ..Frame::loose(Vec::new())
            };
            let mut frames: Vec<Frame> = ids.iter().map(frame).collect();
            without_gap(&mut frames, after.map(id));
            assert_eq!(frames.len(), whole, "{after:?} {ids:?}");
        }
    }
}
