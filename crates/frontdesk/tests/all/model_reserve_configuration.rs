//! `[model.NAME]`: models in reserve, limits and prices.

use frontdesk::config::{ModelSection, Origin};
use frontdesk_model::{Prices, Usage};

use super::model_configuration::read;

fn model(keys: &str) -> ModelSection {
    let config = read(
        &format!("[model.default]\n{keys}\n[model.b]\n[model.c]"),
        &[],
    )
    .unwrap();
    config.models["default"].clone()
}

#[test]
fn models_in_reserve_are_named_in_their_order() {
    assert!(model("").fallback.is_none());
    let reserve = model("fallback = [\"c\", \"b\"]").fallback.unwrap();
    assert_eq!(reserve.value, ["c", "b"]);
    assert!(matches!(reserve.origin, Origin::File(_)));

    let variables = &[("FRONTDESK__MODEL__DEFAULT__FALLBACK", "b, c")];
    let config = read("[model.default]\n[model.b]\n[model.c]", variables).unwrap();
    let reserve = config.models["default"].fallback.as_ref().unwrap();
    assert_eq!(reserve.value, ["b", "c"]);
    let origin = "FRONTDESK__MODEL__DEFAULT__FALLBACK".to_owned();
    assert_eq!(reserve.origin, Origin::Variable(origin));
}

#[test]
fn a_model_is_asked_no_more_than_configured() {
    let calls = model("").calls;
    assert!(calls.at_once.is_none() && calls.requests_per_minute.is_none());
    let calls = model("at_once = 8\nrequests_per_minute = 60\ntokens_per_minute = 100000").calls;
    assert_eq!(calls.at_once.unwrap().value, 8);
    assert_eq!(calls.requests_per_minute.unwrap().value, 60);
    let tokens = calls.tokens_per_minute.unwrap();
    assert_eq!(tokens.value, 100_000);
    assert!(matches!(tokens.origin, Origin::File(_)));
}

#[test]
fn tokens_have_prices() {
    assert!(model("").prices.is_none());
    let file = "price_per_million = { input = 1.25, cached_input = 0.125, output = 10 }";
    let prices = model(file).prices.unwrap();
    assert_eq!(prices.value, Prices::new(1.25, Some(0.125), 10.0).unwrap());
    assert!(matches!(prices.origin, Origin::File(_)));

    let prices = model("price_per_million = { input = 1, output = 2 }").prices;
    let usage = Usage {
        input_tokens: 1_000_000,
        cached_input_tokens: 500_000,
        output_tokens: 1_000_000,
        ..Usage::default()
    };
    assert!((prices.unwrap().value.cost(&usage) - 3.0).abs() < 1e-9);
}

const MISTAKES: &[(&str, &str)] = &[
    (
        "fallback = [\"d\"]",
        "model.default.fallback (from FILE): expected names of [model.NAME] sections, found \"d\"; did you mean \"b\"?",
    ),
    (
        "fallback = [\"elsewhere\"]",
        "model.default.fallback (from FILE): expected names of [model.NAME] sections, found \"elsewhere\"",
    ),
    (
        "fallback = [\"b\", \"c\", \"b\"]",
        "model.default.fallback (from FILE) says \"b\" twice",
    ),
    (
        "fallback = [\"default\"]",
        "model.default.fallback (from FILE) goes in a circle: default > default",
    ),
    (
        "fallback = [\"b\"]\n[model.b]\nfallback = [\"c\"]\n[model.c]\nfallback = [\"default\"]",
        "model.b.fallback (from FILE) goes in a circle: b > c > default > b",
    ),
    (
        "at_once = 0",
        "model.default.at_once (from FILE): expected a number of answers from 1, found 0",
    ),
    (
        "requests_per_minute = \"many\"",
        "model.default.requests_per_minute (from FILE): expected a number of requests from 1, found \"many\"",
    ),
    (
        "tokens_per_minute = 0",
        "model.default.tokens_per_minute (from FILE): expected a number of tokens from 1, found 0",
    ),
    (
        "price_per_million = { input = 1.0 }",
        "model.default.price_per_million.output is missing: expected US dollars for a million tokens",
    ),
    (
        "price_per_million = { input = -1.0, output = 1.0 }",
        "model.default.price_per_million.input (from FILE): expected a number from 0, found -1.0",
    ),
    (
        "price_per_million = { input = 1, output = 1, cached = 1 }",
        "unknown key: model.default.price_per_million.cached (from FILE)",
    ),
];

#[test]
fn mistakes_about_reserve_limits_and_prices_are_told() {
    for (keys, expected) in MISTAKES {
        let others = ["b", "c"].map(|name| format!("[model.{name}]"));
        let others = others.iter().filter(|head| !keys.contains(head.as_str()));
        let file = others.fold(format!("[model.default]\n{keys}"), |file, head| {
            format!("{file}\n{head}")
        });
        let said = read(&file, &[]).map(|_| ());
        assert_eq!(said, Err((*expected).to_owned()), "{keys}");
    }
}
