//! Playing a script: from a request to what is said and called next.
//!
//! Nothing is remembered. The rule is walked from its start each time, and a step that calls tools counts as done
//! when their results are there.

use minijinja::Value as Context;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::{Map, Value};

use super::conversation::{Conversation, Output};
use super::script::{Act, Call, Rule, Script};
use crate::{Request, ToolChoice};

/// The most calls that one step makes.
const MAX_CALLS: usize = 16;
/// What is said where a rule ends without a word.
const DONE: &str = "Done.";

/// What a script says and calls.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reply {
    pub(super) say: Option<String>,
    pub(super) calls: Vec<PlannedCall>,
}

/// A call with its arguments as JSON text.
#[derive(Debug, PartialEq)]
pub(super) struct PlannedCall {
    pub(super) tool: String,
    pub(super) arguments: String,
}

/// What templates see.
#[derive(Serialize)]
struct View<'a> {
    message: &'a str,
    #[serde(rename = "match")]
    captures: &'a Map<String, Value>,
    results: Map<String, Value>,
    outputs: Vec<&'a Value>,
    earlier: &'a Map<String, Value>,
    intro: &'a str,
    examples: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Value>,
}

#[derive(Serialize)]
struct Failed<'a> {
    tool: &'a str,
    message: &'a str,
}

impl View<'_> {
    fn context(&self) -> Context {
        Context::from(Serde(self))
    }
}

/// One rule, being played.
struct Player<'a> {
    script: &'a Script,
    request: &'a Request,
    conversation: &'a Conversation,
    captures: Map<String, Value>,
    examples: Vec<&'a str>,
    intro: String,
}

/// What the script answers. An error names the rule and what is wrong with it.
pub(super) fn play(script: &Script, request: &Request) -> Result<Reply, String> {
    let conversation = Conversation::of(&request.input, script.tool_results);
    let mut player = Player {
        script,
        request,
        conversation: &conversation,
        captures: Map::new(),
        examples: script
            .rules
            .iter()
            .filter_map(|rule| rule.example.as_deref())
            .collect(),
        intro: String::new(),
    };
    player.intro = player
        .text(&script.intro, &player.view(0))
        .map_err(in_part("intro"))?;
    for rule in &script.rules {
        if let Some(captures) = captures(rule, &conversation.message) {
            player.captures = captures;
            return player.play(rule).map_err(in_part(&rule.name));
        }
    }
    let text = player.text(&script.otherwise, &player.view(0));
    text.map(say).map_err(in_part("otherwise"))
}

impl<'a> Player<'a> {
    fn play(&self, rule: &'a Rule) -> Result<Reply, String> {
        let outputs = &self.conversation.outputs;
        if let Some(failed) = outputs.iter().find_map(failed) {
            let view = View {
                error: Some(failed),
                ..self.view(outputs.len())
            };
            return self.text(&rule.on_error, &view).map(say);
        }
        let mut said = Vec::new();
        let mut used = 0;
        for step in &rule.steps {
            let view = self.view(used);
            if let Some(condition) = &step.condition
                && !self.script.templates.holds(condition, &view.context())?
            {
                continue;
            }
            match &step.act {
                Act::Say(text) => said.push(text),
                Act::Call(calls) => {
                    let calls = self.plan(calls, view)?;
                    let there = outputs.len().saturating_sub(used);
                    if there >= calls.len() {
                        used += calls.len();
                        said.clear();
                        continue;
                    }
                    if let Some(missing) = calls.iter().find(|call| !self.has_tool(&call.tool)) {
                        return Ok(say(format!(
                            "For this I would call the tool “{}”, but it isn't available here.",
                            missing.tool
                        )));
                    }
                    return Ok(Reply {
                        say: self.all_said(&said, used)?,
                        calls: calls.into_iter().skip(there).collect(),
                    });
                }
            }
        }
        let text = self.all_said(&said, used)?;
        Ok(say(text.unwrap_or_else(|| DONE.to_owned())))
    }

    /// What templates see once this many results are used.
    fn view(&self, used: usize) -> View<'_> {
        let outputs = || self.conversation.outputs.iter().take(used);
        View {
            message: &self.conversation.message,
            captures: &self.captures,
            results: outputs()
                .map(|output| (output.tool.clone(), output.value.clone()))
                .collect(),
            outputs: outputs().map(|output| &output.value).collect(),
            earlier: &self.conversation.earlier,
            intro: &self.intro,
            examples: &self.examples,
            error: None,
            item: None,
        }
    }

    fn text(&self, template: &str, view: &View<'_>) -> Result<String, String> {
        self.script
            .templates
            .text(template, &view.context())
            .map(|text| text.trim().to_owned())
    }

    fn all_said(&self, said: &[&String], used: usize) -> Result<Option<String>, String> {
        let view = self.view(used);
        let mut texts = Vec::new();
        for template in said {
            texts.push(self.text(template, &view)?);
        }
        texts.retain(|text| !text.is_empty());
        Ok((!texts.is_empty()).then(|| texts.join("\n\n")))
    }

    fn plan(&self, calls: &[Call], mut view: View<'_>) -> Result<Vec<PlannedCall>, String> {
        let templates = &self.script.templates;
        let mut planned = Vec::new();
        for call in calls {
            let items = match &call.each {
                Some(each) => templates
                    .elements(each, &view.context())?
                    .into_iter()
                    .map(Some)
                    .collect(),
                None => vec![None],
            };
            for item in items {
                view.item = item;
                let arguments = templates
                    .fields(&call.arguments, &view.context())
                    .map_err(|reason| format!("call of {}: {reason}", call.tool))?;
                planned.push(PlannedCall {
                    tool: call.tool.clone(),
                    arguments: Value::Object(arguments).to_string(),
                });
                if planned.len() > MAX_CALLS {
                    return Err(format!("a step makes more calls than allowed: {MAX_CALLS}"));
                }
            }
            view.item = None;
        }
        Ok(planned)
    }

    fn has_tool(&self, name: &str) -> bool {
        self.request.tool_choice != ToolChoice::None
            && self.request.tools.iter().any(|tool| tool.name == name)
    }
}

fn failed(output: &Output) -> Option<Failed<'_>> {
    let message = output.failure.as_deref()?;
    Some(Failed {
        tool: &output.tool,
        message,
    })
}

/// The named groups of a rule's pattern, if it fits.
fn captures(rule: &Rule, message: &str) -> Option<Map<String, Value>> {
    let found = rule.when.captures(message)?;
    let groups = rule.when.capture_names().flatten().filter_map(|name| {
        let text = found.name(name)?.as_str().trim();
        Some((name.to_owned(), Value::from(text)))
    });
    Some(groups.collect())
}

fn say(text: String) -> Reply {
    let text = if text.is_empty() {
        DONE.to_owned()
    } else {
        text
    };
    Reply {
        say: Some(text),
        calls: Vec::new(),
    }
}

fn in_part(name: &str) -> impl FnOnce(String) -> String {
    move |reason| format!("{name}: {reason}")
}
