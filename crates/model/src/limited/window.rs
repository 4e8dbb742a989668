//! What was asked in the last minute.
//!
//! Requests of the same moment are counted together, so the window is bounded whatever the limits are. A moment counts
//! until a minute after its end, so no minute ever has more than is allowed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::Limits;

/// How long what was asked counts.
const MINUTE: Duration = Duration::from_mins(1);
/// How long a moment is.
const MOMENT: Duration = Duration::from_millis(250);

/// The requests and tokens of the last minute.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Oldest first.
    moments: VecDeque<Moment>,
    requests: u64,
    tokens: u64,
}

#[derive(Debug)]
struct Moment {
    begin: Instant,
    requests: u64,
    tokens: u64,
}

impl Window {
    /// Counts a request of so many tokens, or says when it's worth asking again.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        tokens: u64,
        limits: &Limits,
    ) -> Result<(), Instant> {
        while let Some(oldest) = self.moments.front() {
            if oldest.end_of_count() > now {
                break;
            }
            self.requests = self.requests.saturating_sub(oldest.requests);
            // A sum that was too large to be kept may be less than its parts.
            self.tokens = self.tokens.saturating_sub(oldest.tokens);
            self.moments.pop_front();
        }
        let too_many = |limit: Option<u64>, count: u64, more: u64| {
            limit.is_some_and(|limit| count > 0 && count.saturating_add(more) > limit)
        };
        let requests = limits.requests_per_minute.map(|limit| limit.get().into());
        let full = too_many(requests, self.requests, 1)
            || too_many(
                limits.tokens_per_minute.map(std::num::NonZero::get),
                self.tokens,
                tokens,
            );
        if let (true, Some(oldest)) = (full, self.moments.front()) {
            return Err(oldest.end_of_count());
        }
        self.requests += 1;
        self.tokens = self.tokens.saturating_add(tokens);
        match self.moments.back_mut() {
            Some(newest) if now < newest.begin + MOMENT => {
                newest.requests += 1;
                newest.tokens = newest.tokens.saturating_add(tokens);
            }
            _ => self.moments.push_back(Moment {
                begin: now,
                requests: 1,
                tokens,
            }),
        }
        Ok(())
    }

    /// Counts these tokens in place of those that were estimated for a request that was admitted then.
    pub(super) fn settle(&mut self, admitted: Instant, estimate: u64, tokens: u64) {
        let moment = self
            .moments
            .iter_mut()
            .rev()
            .find(|moment| moment.begin <= admitted);
        if let Some(moment) = moment.filter(|moment| admitted < moment.begin + MOMENT) {
            let others = moment.tokens.saturating_sub(estimate);
            let settled = others.saturating_add(tokens);
            self.tokens = self
                .tokens
                .saturating_sub(moment.tokens)
                .saturating_add(settled);
            moment.tokens = settled;
        }
    }
}

impl Moment {
    fn end_of_count(&self) -> Instant {
        self.begin + MOMENT + MINUTE
    }
}
