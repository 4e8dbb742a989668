//! Events of one turn on their way to the store.

use std::ops::Range;
use std::sync::Arc;

use frontdesk_identity::Scope;
use frontdesk_store::LogBatch;

use super::live::LiveTurn;
use super::tail::Tail;

/// Events on their way to the store. Dropped unsettled, they are to be taken again.
#[derive(Debug)]
pub(crate) struct Claim {
    turn: Arc<LiveTurn>,
    range: Range<u64>,
    batches: Vec<LogBatch>,
    settled: bool,
}

impl Claim {
    /// Takes the events of a range, if it has any.
    pub(super) fn of(
        turn: &Arc<LiveTurn>,
        range: impl FnOnce(&Tail) -> Range<u64>,
    ) -> Option<Self> {
        let mut tail = turn.tail();
        let range = range(&tail);
        if range.is_empty() {
            return None;
        }
        tail.unclaimed = tail.unclaimed.max(range.end);
        let batches = tail.batches(&turn.key, &range);
        Some(Self {
            turn: Arc::clone(turn),
            range,
            batches,
            settled: false,
        })
    }

    pub(crate) fn batches(&self) -> &[LogBatch] {
        &self.batches
    }

    /// The batches with the owner of their turn.
    pub(crate) fn owned(&self) -> impl Iterator<Item = (Scope, LogBatch)> {
        let batches = self.batches.iter();
        batches.map(|batch| (self.turn.scope.clone(), batch.clone()))
    }

    /// The events are in the store.
    pub(crate) fn settle(mut self) {
        self.settled = true;
        self.turn.tail().settle(&self.range);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            let mut tail = self.turn.tail();
            tail.unclaimed = tail.unclaimed.min(self.range.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use frontdesk_store::EventId;

    use super::super::frame::Audience;
    use super::super::tail::{BATCH_BYTES, KEPT_BYTES, Tailed};
    use super::*;

    fn say(turn: &LiveTurn, bytes: usize) {
        turn.push(Bytes::from(vec![b'x'; bytes]), Audience::Everyone);
        turn.publish();
    }

    fn ranges(claim: &Claim) -> Vec<(u64, u64)> {
        claim
            .batches()
            .iter()
            .map(|batch| (batch.first_seq, batch.last_seq))
            .collect()
    }

    #[test]
    fn claims_that_settle_out_of_order_are_all_remembered() {
        let turn = LiveTurn::sample();
        let claims: Vec<Claim> = (0..3)
            .map(|_| {
                say(&turn, KEPT_BYTES);
                turn.claim_visible().unwrap()
            })
            .collect();
        claims.into_iter().rev().for_each(Claim::settle);
        let tail = turn.tail();
        assert_eq!((tail.stored, tail.first, tail.settled.len()), (4, 3, 0));
    }

    #[test]
    fn the_rest_includes_what_somebody_is_just_storing() {
        let turn = LiveTurn::sample();
        say(&turn, 1);
        let flushing = turn.claim_visible().unwrap();
        say(&turn, 1);
        assert_eq!(ranges(&turn.claim_rest().unwrap()), [(1, 2)]);
        drop(flushing);
        assert_eq!(ranges(&turn.claim_rest().unwrap()), [(1, 2)]);
    }

    #[test]
    fn a_claim_is_cut_into_batches_of_bounded_size() {
        let turn = LiveTurn::sample();
        for _ in 0..5 {
            say(&turn, BATCH_BYTES / 2);
        }
        assert_eq!(
            ranges(&turn.claim_rest().unwrap()),
            [(1, 2), (3, 4), (5, 5)]
        );
    }

    #[test]
    fn a_silly_place_to_read_on_from_is_the_end() {
        let turn = LiveTurn::sample();
        say(&turn, 1);
        let after = EventId {
            attempt: 1,
            seq: u64::MAX,
        };
        assert!(matches!(turn.read(Some(after)), Tailed::Nothing));
    }
}
