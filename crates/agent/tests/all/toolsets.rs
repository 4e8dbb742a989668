//! Where tools come from: several toolsets, some away, some with the same names.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_agent::{
    Annotations, Ended, RunContext, ToolContext, ToolError, ToolInfo, ToolOutput, Toolset,
    ToolsetError,
};
use frontdesk_model::{Item, Schema, Strictness, ToolDefinition};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::scene::{Desk, PlayedModel, agent, calls, play, results, says};

/// A toolset elsewhere.
struct Server {
    name: &'static str,
    tools: &'static [&'static str],
    health: Health,
}

#[derive(Clone, Copy)]
enum Health {
    Well,
    Refusing,
    Crashing,
    Hanging,
    Patient,
}

#[async_trait]
impl Toolset<Desk> for Server {
    fn name(&self) -> &str {
        self.name
    }

    async fn list(&self, _: &RunContext<Desk>) -> Result<Vec<ToolInfo>, ToolsetError> {
        match self.health {
            Health::Well | Health::Patient => {}
            Health::Refusing => {
                return Err(ToolsetError {
                    detail: "connection refused".to_owned(),
                });
            }
            Health::Crashing => panic!("the list is broken"),
            Health::Hanging => std::future::pending().await,
        }
        Ok(self
            .tools
            .iter()
            .map(|tool| info(tool, json!({"type": "object"})))
            .collect())
    }

    async fn call(
        &self,
        name: &str,
        _: Map<String, Value>,
        _: ToolContext<Desk>,
    ) -> Result<ToolOutput, ToolError> {
        if matches!(self.health, Health::Patient) {
            tokio::time::sleep(Duration::from_mins(3)).await;
        }
        Ok(ToolOutput::text(format!("{name} of {}", self.name)))
    }

    fn call_timeout(&self) -> Option<Duration> {
        matches!(self.health, Health::Patient).then(|| Duration::from_mins(5))
    }
}

fn info(name: &str, schema: Value) -> ToolInfo {
    let definition = ToolDefinition {
        name: name.to_owned(),
        description: String::new(),
        parameters: Schema::new(schema),
        strict: Strictness::Lenient,
    };
    ToolInfo::new(definition, Annotations::default())
}

fn server(
    name: &'static str,
    tools: &'static [&'static str],
    health: Health,
) -> Arc<dyn Toolset<Desk>> {
    Arc::new(Server {
        name,
        tools,
        health,
    })
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_without_the_toolsets_that_are_away_and_says_so() {
    let model = PlayedModel::new(vec![calls(&[("a", "find", "{}")]), says("Done.")]);
    let mut agent = agent(&model, vec![]);
    agent.toolsets = vec![
        server("refusing", &["x"], Health::Refusing),
        server("hanging", &["y"], Health::Hanging),
        server("well", &["find"], Health::Well),
        server("crashing", &["z"], Health::Crashing),
    ];
    let start = Instant::now();
    let (outcome, notes) = play(agent).await;

    assert_eq!(start.elapsed(), Duration::from_secs(15));
    let outcome = outcome.unwrap();
    assert_eq!(outcome.ended, Ended::Answered);
    assert_eq!(results(&outcome.new_items), ["a: find of well"]);
    assert_eq!(
        notes.lines()[..4],
        ["away refusing", "away hanging", "away crashing", "model 1"]
    );
    for number in 0..2 {
        let Item::Message(told) = &model.request(number).input[0] else {
            panic!("no message")
        };
        assert!(
            told.text()
                .contains("missing: refusing, hanging, crashing."),
            "{}",
            told.text()
        );
    }
    // It is said to the model, and isn't part of the conversation.
    assert!(
        !outcome
            .new_items
            .iter()
            .any(|item| matches!(item, Item::Message(m) if m.text().contains("missing")))
    );
}

#[tokio::test]
async fn equal_names_are_told_apart_and_calls_reach_the_right_toolset() {
    let model = PlayedModel::new(vec![
        calls(&[
            ("a", "find", "{}"),
            ("b", "two__find", "{}"),
            ("c", "two__more_io", "{}"),
        ]),
        says("Done."),
    ]);
    let mut agent = agent(&model, vec![]);
    agent.toolsets = vec![
        server("one", &["find", "more_io"], Health::Well),
        server("two", &["find", "more/io", "find"], Health::Well),
    ];
    let (outcome, _) = play(agent).await;

    let names: Vec<String> = model
        .request(0)
        .tools
        .iter()
        .map(|tool| tool.name.clone())
        .collect();
    assert_eq!(names, ["find", "more_io", "two__find", "two__more_io"]);
    assert_eq!(
        results(&outcome.unwrap().new_items),
        ["a: find of one", "b: find of two", "c: more/io of two"]
    );
}

#[tokio::test]
async fn schemas_are_sent_with_what_providers_insist_on() {
    let model = PlayedModel::new(vec![says("Done.")]);
    let mut agent = agent(&model, vec![]);
    agent.toolsets = vec![server("one", &["find"], Health::Well)];
    play(agent).await.0.unwrap();
    let sent = Value::clone(&model.request(0).tools[0].parameters);
    assert_eq!(sent, json!({"type": "object", "properties": {}}));
}

#[tokio::test(start_paused = true)]
async fn a_toolset_may_give_its_calls_more_time() {
    let model = PlayedModel::new(vec![calls(&[("a", "find", "{}")]), says("Done.")]);
    let mut agent = agent(&model, vec![]);
    agent.toolsets = vec![server("patient", &["find"], Health::Patient)];
    let (outcome, _) = play(agent).await;
    assert_eq!(results(&outcome.unwrap().new_items), ["a: find of patient"]);
}

/// Tools with the schemas of a careless or hostile server; counts the calls that get through.
struct Careless {
    tools: Vec<ToolInfo>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Toolset<Desk> for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    async fn list(&self, _: &RunContext<Desk>) -> Result<Vec<ToolInfo>, ToolsetError> {
        Ok(self.tools.clone())
    }

    async fn call(
        &self,
        _: &str,
        _: Map<String, Value>,
        _: ToolContext<Desk>,
    ) -> Result<ToolOutput, ToolError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(ToolOutput::text("called"))
    }
}

#[tokio::test]
async fn schemas_that_make_no_sense_check_nothing_and_harm_nothing() {
    let schemas = [
        json!({"$ref": "#"}),
        json!({"$ref": "http://127.0.0.1:9/schema.json"}),
        json!({"$ref": "file:///etc/hostname"}),
        json!({"type": "no such type"}),
        json!({"properties": {"x": {"pattern": "(?=lookahead"}}}),
        json!({"properties": {"x": {"pattern": "^(a+)+$"}}}),
        json!({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        json!(null),
        json!([1, 2]),
        json!(true),
    ];
    let names: Vec<String> = (0..schemas.len())
        .map(|number| format!("t{number}"))
        .collect();
    let tools: Vec<ToolInfo> = names
        .iter()
        .zip(&schemas)
        .map(|(name, schema)| info(name, schema.clone()))
        .collect();
    let asked: Vec<(&str, &str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str(), "{\"x\": \"a\"}"))
        .collect();
    let model = PlayedModel::new(vec![calls(&asked), says("Done.")]);
    let mut agent = agent(&model, vec![]);
    let count = Arc::new(AtomicUsize::new(0));
    agent.toolsets = vec![Arc::new(Careless {
        tools,
        calls: Arc::clone(&count),
    })];
    let (outcome, _) = play(agent).await;
    let expected: Vec<String> = names.iter().map(|name| format!("{name}: called")).collect();
    assert_eq!(results(&outcome.unwrap().new_items), expected);
    assert_eq!(count.load(Ordering::SeqCst), schemas.len());
}
