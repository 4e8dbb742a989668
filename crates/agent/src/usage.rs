//! What a run uses: tokens, and what they cost as long as that is known.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use frontdesk_model::{Prices, Usage};

/// Takes what models used that a tool asks by itself, so that it counts in the run: even where the call fails, or its
/// time is over. It keeps sums alone.
#[derive(Clone)]
pub struct UsageSink(Arc<Mutex<Spent>>);

/// Tokens and their cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spent {
    pub(crate) usage: Usage,
    /// In US dollars; `None` where some of it has no known price.
    pub(crate) cost: Option<f64>,
}

impl Default for Spent {
    fn default() -> Self {
        Self {
            usage: Usage::default(),
            cost: Some(0.0),
        }
    }
}

impl Spent {
    pub(crate) fn new(usage: Usage, prices: Option<Prices>) -> Self {
        let cost = prices.map(|prices| prices.cost(&usage));
        Self { usage, cost }
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        add_usage(&mut self.usage, other.usage);
        self.cost = self.cost.zip(other.cost).map(|(one, other)| one + other);
        self
    }
}

impl Default for UsageSink {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Spent::default())))
    }
}

impl UsageSink {
    /// Adds what a model call used, and what it cost in US dollars where that is known.
    pub fn add(&self, usage: Usage, cost: Option<f64>) {
        self.with(|spent| *spent = spent.and(Spent { usage, cost }));
    }

    /// Puts this in place of all that was added.
    pub(crate) fn set(&self, all: Spent) {
        self.with(|spent| *spent = all);
    }

    pub(crate) fn spent(&self) -> Spent {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with(&self, change: impl FnOnce(&mut Spent)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for UsageSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UsageSink").field(&self.spent()).finish()
    }
}

/// Adds without overflow.
pub(crate) fn add_usage(sum: &mut Usage, usage: Usage) {
    sum.input_tokens = sum.input_tokens.saturating_add(usage.input_tokens);
    sum.cached_input_tokens = sum
        .cached_input_tokens
        .saturating_add(usage.cached_input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(usage.output_tokens);
    sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(usage.reasoning_tokens);
    sum.total_tokens = sum.total_tokens.saturating_add(usage.total_tokens);
}
