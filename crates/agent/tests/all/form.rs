//! Answers that have a form: what the model is told of it, what is taken, and what is sent back.

use std::sync::Arc;

use frontdesk_agent::{Agent, Ended, OutputSchema};
use frontdesk_model::{Item, OutputFormat, Role, Strictness};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::scene::{Desk, PlayedModel, added, agent, completed, done, play, says};

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Invoice {
    number: String,
    total: u32,
}

fn extracting(model: &Arc<PlayedModel>) -> Agent<Desk> {
    let mut agent = agent(model, vec![]);
    agent.output = Some(OutputSchema::of::<Invoice>("invoice"));
    agent
}

const FITS: &str = r#"{"number":"A1","total":7}"#;

#[tokio::test]
async fn an_answer_of_the_form_is_read_with_or_without_a_fence() {
    for text in [
        FITS.to_owned(),
        format!("```json\n{FITS}\n```"),
        format!("\n```\n{FITS}\n```\n"),
    ] {
        let model = PlayedModel::new(vec![says(&text)]);
        let (outcome, notes) = play(extracting(&model)).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ended, Ended::Answered, "{text}");
        assert_eq!(outcome.output, Some(json!({"number": "A1", "total": 7})));
        let invoice = Invoice {
            number: "A1".to_owned(),
            total: 7,
        };
        assert_eq!(outcome.parse::<Invoice>().unwrap(), invoice);
        let unfit = outcome.parse::<Vec<u8>>().unwrap_err().to_string();
        assert!(
            unfit.starts_with("the answer doesn't fit the type: "),
            "{unfit}"
        );
        assert_eq!(notes.lines()[1], "text 1.0");
        let OutputFormat::Json {
            name,
            schema,
            strict,
        } = model.request(0).output
        else {
            panic!("no form was asked for");
        };
        assert_eq!((name.as_str(), strict), ("invoice", Strictness::Strict));
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}

#[tokio::test]
async fn an_answer_of_another_form_is_sent_back_once_and_not_shown() {
    let cases = [
        (
            "It is 7.",
            "it is not JSON: expected value at line 1 column 1",
        ),
        (
            "",
            "it is not JSON: EOF while parsing a value at line 1 column 0",
        ),
        (r#"{"number":"A1"}"#, "\"total\" is a required property"),
    ];
    for (wrong, why) in cases {
        let model = PlayedModel::new(vec![says(wrong), says(FITS)]);
        let (outcome, notes) = play(extracting(&model)).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.ended, Ended::Answered, "{wrong}");
        assert!(outcome.output.is_some());
        let told = model.request(1).input;
        let Some(Item::Message(complaint)) = told.last() else {
            panic!("no complaint: {told:?}");
        };
        assert_eq!(complaint.role, Role::Developer);
        let expected = format!(
            "The answer doesn't have the form that it has to have: {why}. \
             Answer again, with JSON that fits the schema and nothing else."
        );
        assert_eq!(complaint.text(), expected);
        let lines = notes.lines();
        assert_eq!(
            lines[..3],
            ["model 1", "step 1: 2 items, 10 tokens", "model 2"]
        );
        assert_eq!(outcome.new_items[..2], told[1..]);
    }
}

#[tokio::test]
async fn a_second_answer_of_another_form_ends_the_run() {
    let wrong = || says("It is 7.");
    let model = PlayedModel::new(vec![wrong(), wrong()]);
    let (outcome, notes) = play(extracting(&model)).await;
    let outcome = outcome.unwrap();
    assert!(
        matches!(&outcome.ended, Ended::InvalidOutput { detail } if detail.contains("not JSON")),
        "{outcome:?}"
    );
    assert_eq!(outcome.output, None);
    let missing = outcome.parse::<Invoice>().unwrap_err().to_string();
    assert_eq!(missing, "the run has no answer that has a form");
    assert!(!notes.lines().iter().any(|line| line.starts_with("text")));

    // Nor is a model asked again that may not be.
    let model = PlayedModel::new(vec![wrong()]);
    let mut agent = extracting(&model);
    agent.limits.max_turns = 1;
    let (outcome, _) = play(agent).await;
    assert!(matches!(
        outcome.unwrap().ended,
        Ended::InvalidOutput { .. }
    ));
}

#[tokio::test]
async fn a_refusal_is_told_and_not_sent_back() {
    let parts = json!([{"type": "refusal", "refusal": "I can't help with that."}]);
    let refusal = || {
        Item::from_value(json!({"type": "message", "role": "assistant", "content": parts})).unwrap()
    };
    let model = PlayedModel::new(vec![vec![
        added(0, Item::assistant("")),
        done(0, refusal()),
        completed(vec![refusal()]),
    ]]);
    let (outcome, notes) = play(extracting(&model)).await;
    let outcome = outcome.unwrap();
    assert_eq!((outcome.ended, outcome.output), (Ended::Refused, None));
    let expected = [
        "model 1",
        "text 1.0",
        "text 1.0 = I can't help with that. 0",
        "step 1: 1 items, 10 tokens",
    ];
    assert_eq!(notes.lines(), expected);
}
