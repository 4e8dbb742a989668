//! What a model says while it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Item, Prices};

/// One event of a model's answer. `index` says which item of the answer it belongs to, `part` which part of that item.
///
/// An answer ends with exactly one [`Event::Completed`] or [`Event::Incomplete`], or with an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The provider took the request. At most once, before everything else.
    Started,
    /// Another model answers than the one that was asked. Before all content; of several the last one counts.
    AnsweredBy {
        /// Its name.
        model: String,
        /// What its tokens cost, where that is known.
        prices: Option<Prices>,
    },
    /// An item begins. A function call's name and `call_id` are known, its arguments are empty.
    ItemAdded {
        /// Which item.
        index: usize,
        /// The item as far as it is known.
        item: Item,
    },
    /// More visible text.
    TextDelta {
        /// Which item.
        index: usize,
        /// Which part of its content.
        part: usize,
        /// The text that is added.
        delta: String,
    },
    /// More of a refusal.
    RefusalDelta {
        /// Which item.
        index: usize,
        /// Which part of its content.
        part: usize,
        /// The text that is added.
        delta: String,
    },
    /// More of a reasoning summary, or of the reasoning itself where the model shows it.
    ReasoningDelta {
        /// Which item.
        index: usize,
        /// Which part of the summary.
        part: usize,
        /// The text that is added.
        delta: String,
    },
    /// More of a function call's arguments.
    ArgumentsDelta {
        /// Which item.
        index: usize,
        /// The JSON text that is added.
        delta: String,
    },
    /// A citation in the text, as the provider writes it. The finished item has it, too.
    AnnotationAdded {
        /// Which item.
        index: usize,
        /// Which part of its content.
        part: usize,
        /// The citation.
        annotation: Value,
    },
    /// An image as far as it is drawn. The finished item has the whole one.
    ImagePartial {
        /// Which item.
        index: usize,
        /// Which of the partial images, from 0.
        number: usize,
        /// The image in base64, whatever its format.
        data: String,
    },
    /// An item is finished; this is the item that counts.
    ItemDone {
        /// Which item.
        index: usize,
        /// The whole item.
        item: Item,
    },
    /// The answer is complete. The last event.
    Completed {
        /// What the call used.
        usage: Usage,
        /// The items of the answer, in order.
        output: Vec<Item>,
    },
    /// The answer was cut short, by a limit or a filter. The last event.
    Incomplete {
        /// The provider's reason, such as `max_output_tokens` or `content_filter`.
        reason: String,
        /// What the call used.
        usage: Usage,
        /// The items of the answer as far as they came.
        output: Vec<Item>,
    },
    /// An event that this crate doesn't know, as it came. Never a reason to fail.
    Unknown(Value),
}

/// What a model call used, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens that were read, cached ones included.
    pub input_tokens: u64,
    /// Tokens that were read from the provider's cache.
    pub cached_input_tokens: u64,
    /// Tokens that were written, reasoning included.
    pub output_tokens: u64,
    /// Tokens that were written as reasoning.
    pub reasoning_tokens: u64,
    /// All of them.
    pub total_tokens: u64,
}

impl Usage {
    /// What both used together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_add(other.cached_input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(other.reasoning_tokens),
            total_tokens: self.total_tokens.saturating_add(other.total_tokens),
        }
    }
}
