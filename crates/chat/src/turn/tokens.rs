//! What a turn costs its user: what models said that they used, and a guess at the call that was never finished.

/// Bytes of text that are about one token.
const BYTES_OF_A_TOKEN: u64 = 4;

/// The tokens of a turn.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    counted: u64,
    under_way: u64,
}

impl Tokens {
    /// Counts what a model call used, now that it is over.
    pub(crate) fn count(&mut self, tokens: u64) {
        self.counted = self.counted.saturating_add(tokens);
        self.under_way = 0;
    }

    /// Notes bytes that a model reads or writes in a call that isn't over.
    pub(crate) fn note(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.under_way = self.under_way.saturating_add(bytes);
    }

    /// All so far. A call that is broken off costs as much as it seems to.
    pub(crate) fn sum(&self) -> u64 {
        self.counted
            .saturating_add(self.under_way.div_ceil(BYTES_OF_A_TOKEN))
    }
}
