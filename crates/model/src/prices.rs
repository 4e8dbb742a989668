//! What a model's tokens cost, and a model that knows it.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Error, ErrorKind, EventStream, Model, Request, Usage};

/// Prices are told for so many tokens.
const TOKENS_PER_PRICE: f64 = 1_000_000.0;

/// What a model's tokens cost, in US dollars per million tokens. Every price is finite and not negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    input: f64,
    cached_input: f64,
    output: f64,
}

/// A model with its prices. Everything else is as the model has it.
#[derive(Debug)]
pub struct Priced {
    model: Arc<dyn Model>,
    prices: Prices,
}

impl Prices {
    /// The prices of what is read, of what is read from the provider's cache, and of what is written.
    ///
    /// Without a price of its own, what is read from the cache costs as much as the rest.
    pub fn new(input: f64, cached_input: Option<f64>, output: f64) -> Result<Self, Error> {
        let cached_input = cached_input.unwrap_or(input);
        for (name, price) in [
            ("input", input),
            ("cached_input", cached_input),
            ("output", output),
        ] {
            if !price.is_finite() || price < 0.0 {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!("the price of {name} is no price: {price}"),
                ));
            }
        }
        Ok(Self {
            input,
            cached_input,
            output,
        })
    }

    /// What a model call cost, in US dollars.
    pub fn cost(&self, usage: &Usage) -> f64 {
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let fresh = usage.input_tokens - cached;
        let priced = [
            (fresh, self.input),
            (cached, self.cached_input),
            (usage.output_tokens, self.output),
        ];
        priced
            .into_iter()
            .map(|(tokens, price)| count(tokens) * price / TOKENS_PER_PRICE)
            .sum()
    }
}

impl Priced {
    /// This model at these prices.
    pub fn new(model: Arc<dyn Model>, prices: Prices) -> Self {
        Self { model, prices }
    }
}

#[async_trait]
impl Model for Priced {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn prices(&self) -> Option<Prices> {
        Some(self.prices)
    }

    async fn stream(&self, request: Request) -> Result<EventStream, Error> {
        self.model.stream(request).await
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count above 2^53 tokens is rounded, and nobody can pay for so many"
)]
fn count(tokens: u64) -> f64 {
    tokens as f64
}
