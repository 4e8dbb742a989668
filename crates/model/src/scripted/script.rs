//! Reading a script. Everything that can be checked without a conversation is checked here.

use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::template::Templates;

/// The most bytes that a script may have.
const MAX_SCRIPT_BYTES: usize = 1024 * 1024;
/// The most rules of a script.
const MAX_RULES: usize = 500;
/// The most steps of a rule.
const MAX_STEPS: usize = 50;
/// The longest pause before a word.
const MAX_PACE: Duration = Duration::from_secs(2);

const NAME: &str = "scripted";
const INTRO: &str = "I am a scripted demonstration model, not an AI: I answer by fixed rules.\
    {% if examples %} Try: {% for example in examples %}“{{ example }}”{% if not loop.last %}, {% endif %}{% endfor %}.{% endif %}";
const OTHERWISE: &str = "{{ intro }}";
const ON_ERROR: &str =
    "That didn't work: the tool “{{ error.tool }}” failed. It says: {{ error.message }}";

/// A script that was checked.
#[derive(Debug)]
pub struct Script {
    pub(super) name: String,
    pub(super) intro: String,
    pub(super) otherwise: String,
    pub(super) pace: Duration,
    pub(super) tool_results: ToolResults,
    pub(super) rules: Vec<Rule>,
    pub(super) templates: Templates,
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// It isn't TOML, or not of the form that a script has.
    #[error("the script can't be read: {0}")]
    Malformed(String),
    /// One of its parts makes no sense.
    #[error("{part} of the script: {reason}")]
    Part {
        /// Which part: the rule by name or number, or a setting.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) when: Regex,
    pub(super) example: Option<String>,
    pub(super) on_error: String,
    pub(super) steps: Vec<Step>,
}

/// One step of a rule.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) condition: Option<String>,
    pub(super) act: Act,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Act {
    Say(String),
    Call(Vec<Call>),
}

/// A tool call, its arguments as templates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) tool: String,
    #[serde(default)]
    pub(super) arguments: Map<String, Value>,
    /// An expression for a list: one call for each element.
    pub(super) each: Option<String>,
}

/// How a tool's result is told from its failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ToolResults {
    /// What isn't JSON is a failure.
    Json,
    /// A text is a failure if it begins like one.
    #[default]
    Any,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    name: Option<String>,
    intro: Option<String>,
    otherwise: Option<String>,
    on_error: Option<String>,
    pace_ms: Option<u64>,
    #[serde(default)]
    tool_results: ToolResults,
    #[serde(default)]
    rule: Vec<RuleFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: Option<String>,
    when: String,
    example: Option<String>,
    on_error: Option<String>,
    #[serde(default)]
    step: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    #[serde(rename = "if")]
    condition: Option<String>,
    say: Option<String>,
    call: Option<Call>,
    calls: Option<Vec<Call>>,
}

impl Script {
    /// Reads and checks a script. An error names the rule and what is wrong with it.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        if text.len() > MAX_SCRIPT_BYTES {
            return Err(ScriptError::Malformed(format!(
                "it has more bytes than allowed: {MAX_SCRIPT_BYTES}"
            )));
        }
        let file: ScriptFile =
            toml::from_str(text).map_err(|error| ScriptError::Malformed(error.to_string()))?;
        if file.rule.len() > MAX_RULES {
            return Err(ScriptError::Malformed(format!(
                "it has more rules than allowed: {MAX_RULES}"
            )));
        }
        let pace = Duration::from_millis(file.pace_ms.unwrap_or_default());
        if pace > MAX_PACE {
            return Err(part("pace_ms")(format!(
                "longer than allowed: {}",
                MAX_PACE.as_millis()
            )));
        }
        let templates = Templates::new();
        let or = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
        let intro = or(file.intro, INTRO);
        let otherwise = or(file.otherwise, OTHERWISE);
        let on_error = or(file.on_error, ON_ERROR);
        for (name, text) in [
            ("intro", &intro),
            ("otherwise", &otherwise),
            ("on_error", &on_error),
        ] {
            templates.check(text).map_err(part(name))?;
        }
        let rules = file
            .rule
            .into_iter()
            .enumerate()
            .map(|(index, rule)| Rule::read(index, rule, &on_error, &templates))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: or(file.name, NAME),
            intro,
            otherwise,
            pace,
            tool_results: file.tool_results,
            rules,
            templates,
        })
    }
}

impl Rule {
    fn read(
        index: usize,
        file: RuleFile,
        on_error: &str,
        templates: &Templates,
    ) -> Result<Self, ScriptError> {
        let name = file.name.map_or_else(
            || format!("rule {} ({})", index + 1, file.when),
            |name| format!("rule {} ({name})", index + 1),
        );
        let when = Regex::new(&file.when).map_err(|error| part(&name)(format!("when: {error}")))?;
        let on_error = file.on_error.unwrap_or_else(|| on_error.to_owned());
        templates
            .check(&on_error)
            .map_err(|reason| part(&name)(format!("on_error: {reason}")))?;
        if file.step.is_empty() || file.step.len() > MAX_STEPS {
            return Err(part(&name)(format!(
                "it has no steps, or more than allowed: {MAX_STEPS}"
            )));
        }
        let steps = file
            .step
            .into_iter()
            .enumerate()
            .map(|(index, step)| {
                Step::read(step, templates)
                    .map_err(|reason| part(&name)(format!("step {}: {reason}", index + 1)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            when,
            example: file.example,
            on_error,
            steps,
        })
    }
}

impl Step {
    fn read(file: StepFile, templates: &Templates) -> Result<Self, String> {
        if let Some(condition) = &file.condition {
            templates
                .check_expression(condition)
                .map_err(|reason| format!("if: {reason}"))?;
        }
        let act = match (file.say, file.call, file.calls) {
            (Some(text), None, None) => {
                templates
                    .check(&text)
                    .map_err(|reason| format!("say: {reason}"))?;
                Act::Say(text)
            }
            (None, Some(call), None) => Act::Call(vec![call]),
            (None, None, Some(calls)) if !calls.is_empty() => Act::Call(calls),
            _ => return Err("it needs exactly one of say, call and calls".to_owned()),
        };
        if let Act::Call(calls) = &act {
            for call in calls {
                call.check(templates)
                    .map_err(|reason| format!("call of {}: {reason}", call.tool))?;
            }
        }
        Ok(Self {
            condition: file.condition,
            act,
        })
    }
}

impl Call {
    fn check(&self, templates: &Templates) -> Result<(), String> {
        if let Some(each) = &self.each {
            templates
                .check_expression(each)
                .map_err(|reason| format!("each: {reason}"))?;
        }
        for (name, value) in &self.arguments {
            templates
                .check_value(value)
                .map_err(|reason| format!("{name}: {reason}"))?;
        }
        Ok(())
    }
}

fn part(name: &str) -> impl FnOnce(String) -> ScriptError {
    let part = name.to_owned();
    move |reason| ScriptError::Part { part, reason }
}
