//! What a model call costs.

use std::sync::Arc;

use frontdesk_model::{Model, Priced, Prices, Request, Usage};

use crate::planned::{Planned, answer, said};
use crate::server::collect;

fn usage(input: u64, cached: u64, output: u64) -> Usage {
    Usage {
        input_tokens: input,
        cached_input_tokens: cached,
        output_tokens: output,
        reasoning_tokens: output,
        total_tokens: input + output,
    }
}

#[test]
fn a_call_costs_what_its_tokens_cost() {
    let prices = Prices::new(2.0, Some(0.5), 8.0).unwrap();
    let cases = [
        (usage(0, 0, 0), 0.0),
        (usage(1_000_000, 0, 0), 2.0),
        (usage(1_000_000, 1_000_000, 0), 0.5),
        (usage(1_000_000, 500_000, 250_000), 3.25),
        // More from the cache than was read: a provider's mistake costs nothing below zero.
        (usage(500_000, 1_000_000, 0), 0.25),
    ];
    for (usage, cost) in cases {
        assert!(
            (prices.cost(&usage) - cost).abs() < 1e-9,
            "{usage:?}: {}",
            prices.cost(&usage)
        );
    }
    let whole = Prices::new(2.0, None, 8.0).unwrap();
    assert_eq!(whole, Prices::new(2.0, Some(2.0), 8.0).unwrap());
}

#[test]
fn what_is_no_price_is_refused() {
    for price in [-0.01, f64::NAN, f64::INFINITY] {
        for prices in [
            Prices::new(price, Some(1.0), 1.0),
            Prices::new(1.0, Some(price), 1.0),
            Prices::new(1.0, None, price),
        ] {
            let detail = prices.unwrap_err().detail;
            assert!(
                detail.ends_with(&format!("is no price: {price}")),
                "{detail}"
            );
        }
    }
    assert!(Prices::new(0.0, Some(0.0), 0.0).is_ok());
}

#[tokio::test]
async fn a_model_has_the_prices_that_it_is_given() {
    let prices = Prices::new(2.0, None, 8.0).unwrap();
    let plain: Arc<dyn Model> = Planned::new("m", vec![answer("a")]);
    assert_eq!(plain.prices(), None);
    let model = Priced::new(plain, prices);
    assert_eq!((model.name(), model.prices()), ("m", Some(prices)));
    assert_eq!(
        collect(&model, Request::default()).await,
        (said("a", 0), None)
    );
}
