//! What the store has of a turn's log, read page by page: nobody holds more than a page of it.

use frontdesk_identity::Scope;
use frontdesk_store::limit::is_full_log_page;
use frontdesk_store::{EventId, LogBatch, Store, TurnId};

use super::frame::{Frame, decode};
use crate::ChatError;

/// The log of a turn.
#[derive(Clone, Copy)]
pub(super) struct StoredLog<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) scope: &'a Scope,
    pub(super) turn: &'a TurnId,
}

/// The next events of a log, in order.
#[derive(Debug, Default)]
pub(super) struct StoredPage {
    /// At least one, unless the page is the last.
    pub(super) frames: Vec<Frame>,
    /// Whether there is nothing behind them for now.
    pub(super) is_last: bool,
}

impl StoredLog<'_> {
    /// The events after this one.
    pub(super) async fn page(&self, after: Option<EventId>) -> Result<StoredPage, ChatError> {
        let mut place = after;
        loop {
            let batches = self.store.turn_log(self.scope, self.turn, place).await?;
            let is_last = !is_full_log_page(&batches);
            let mut frames = Vec::new();
            let mut last = after;
            for frame in batches.iter().flat_map(decode) {
                if frame.id > last {
                    last = frame.id;
                    frames.push(frame);
                }
            }
            if is_last || !frames.is_empty() {
                return Ok(StoredPage { frames, is_last });
            }
            // Of a whole page nothing could be read.
            place = place.max(batches.iter().map(LogBatch::last).max());
        }
    }

    /// A page without what comes after a gap in the newest attempt: of two writes under way the later one may be stored
    /// first. Nothing will fill a gap in an earlier attempt any more.
    pub(super) async fn without_gap(
        &self,
        mut page: StoredPage,
        after: Option<EventId>,
    ) -> Result<StoredPage, ChatError> {
        let Some((end, attempt)) = gap(&page.frames, after) else {
            return Ok(page);
        };
        if !page.is_last && self.has_later(attempt).await? {
            // What filled the gap until then is there now.
            return self.page(after).await;
        }
        page.frames.truncate(end);
        page.is_last = true;
        Ok(page)
    }

    /// Whether the log has anything of a later attempt.
    async fn has_later(&self, attempt: u32) -> Result<bool, ChatError> {
        let end = EventId {
            attempt,
            seq: u64::MAX,
        };
        let later = self.store.turn_log(self.scope, self.turn, Some(end));
        Ok(!later.await?.is_empty())
    }

    /// Whether the log has this event and all before it of the same attempt.
    pub(super) async fn has(&self, event: EventId) -> Result<bool, ChatError> {
        let mut next = 1;
        loop {
            let place = EventId {
                seq: next - 1,
                ..event
            };
            let page = self.page(Some(place)).await?;
            for id in page.frames.iter().filter_map(|frame| frame.id) {
                if id.attempt != event.attempt || id.seq != next {
                    return Ok(false);
                }
                if id == event {
                    return Ok(true);
                }
                next += 1;
            }
            if page.is_last {
                return Ok(false);
            }
        }
    }
}

/// The first event after a gap in the newest attempt of these events, by its place among them, and that attempt.
fn gap(frames: &[Frame], after: Option<EventId>) -> Option<(usize, u32)> {
    let newest = frames.last().and_then(|frame| frame.id)?.attempt;
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
    let end = frames.iter().position(is_beyond_gap)?;
    Some((end, newest))
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
            let frames: Vec<Frame> = ids.iter().map(frame).collect();
            let end = gap(&frames, after.map(id)).map_or(frames.len(), |(end, _)| end);
            assert_eq!(end, whole, "{after:?} {ids:?}");
        }
    }
}
