//! `[guardrail.NAME]`: checks of what users write, what agents answer, and what tools are given and give.

use std::collections::BTreeMap;

use frontdesk_agent::{OnMatch, PatternGuardrail, Timing};

use super::layers::Layers;
use super::names::Names;
use super::section::Section;
use super::{ConfigError, ModelSection, Setting};

/// `[guardrail.NAME]`.
#[derive(Debug, Clone)]
pub struct GuardrailSection {
    /// `on`: what it checks.
    pub on: Setting<Vec<Checked>>,
    /// How it checks.
    pub check: Check,
    /// `timing`: when it is asked about what the user wrote.
    pub timing: Option<Setting<Timing>>,
}

/// What a guardrail checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// What the user wrote.
    Input,
    /// The answer.
    Output,
    /// What a tool is given.
    ToolInput,
    /// What a tool gives.
    ToolOutput,
}

/// How a guardrail checks.
#[derive(Debug, Clone)]
pub enum Check {
    /// By `pattern` or `patterns`, with `stop` or `replace`.
    Patterns(PatternGuardrail),
    /// By asking a model.
    Question {
        /// `model`: which of the models is asked.
        model: Setting<String>,
        /// `question`: what it is asked; yes stops.
        question: Setting<String>,
        /// `stop`: what the user reads then.
        stop: Setting<String>,
    },
}

const PLACES: [(&str, Checked); 4] = [
    ("input", Checked::Input),
    ("output", Checked::Output),
    ("tool_input", Checked::ToolInput),
    ("tool_output", Checked::ToolOutput),
];

/// Reads all guardrails.
pub(crate) fn read_all(
    layers: &mut Layers,
    models: &BTreeMap<String, ModelSection>,
) -> Result<BTreeMap<String, GuardrailSection>, ConfigError> {
    let mut guardrails = BTreeMap::new();
    for name in layers.names("guardrail") {
        let guardrail = GuardrailSection::read(layers, &name, models)?;
        guardrails.insert(name, guardrail);
    }
    Section::new(layers, "guardrail").finish()?;
    Ok(guardrails)
}

impl GuardrailSection {
    fn read(
        layers: &mut Layers,
        name: &str,
        models: &BTreeMap<String, ModelSection>,
    ) -> Result<Self, ConfigError> {
        let mut section = Section::new(layers, format!("guardrail.{name}"));
        let on = places(&mut section)?;
        let timings = [
            ("parallel", Timing::Parallel),
            ("blocking", Timing::Blocking),
        ];
        let timing = section.choice("timing", &timings)?;
        let stop = section.name("stop")?;
        let check = match section.name("question")? {
            Some(question) => asking(&mut section, question, stop, models)?,
            None => matching(&mut section, name, stop)?,
        };
        let timing_key = section.key("timing");
        section.finish()?;
        match &timing {
            Some(timing) if !on.value.contains(&Checked::Input) => Err(ConfigError::Conflict {
                message: format!(
                    "{timing_key} (from {}) has a meaning where \"on\" has \"input\" alone",
                    timing.origin
                ),
            }),
            Some(_) | None => Ok(Self { on, check, timing }),
        }
    }
}

fn places(section: &mut Section<'_>) -> Result<Setting<Vec<Checked>>, ConfigError> {
    let words: Vec<String> = PLACES
        .iter()
        .map(|(word, _)| format!("\"{word}\""))
        .collect();
    let expected = format!("some of {}", words.join(", "));
    let missing = ConfigError::Missing {
        key: section.key("on"),
        expected: expected.clone(),
    };
    let key = section.key("on");
    let on = section.list("on")?.ok_or(missing)?;
    let invalid = |origin, found| ConfigError::Invalid {
        key: key.clone(),
        origin,
        expected: expected.clone(),
        found: Some(found),
    };
    let mut places = Vec::new();
    for word in &on.value {
        let place = PLACES.iter().find(|(known, _)| known == word);
        let (_, place) = place.ok_or_else(|| invalid(on.origin.clone(), format!("{word:?}")))?;
        if !places.contains(place) {
            places.push(*place);
        }
    }
    if places.is_empty() {
        return Err(invalid(on.origin, "none".to_owned()));
    }
    Ok(on.map(|_| places))
}

fn asking(
    section: &mut Section<'_>,
    question: Setting<String>,
    stop: Option<Setting<String>>,
    models: &BTreeMap<String, ModelSection>,
) -> Result<Check, ConfigError> {
    let model = section.name("model")?;
    let model = model.unwrap_or_else(|| super::model::usual(models));
    Names::of("[model.NAME]", models).check(&section.key("model"), &model.origin, &model.value)?;
    section.refuse(
        &["pattern", "patterns", "replace"],
        "has no meaning for a guardrail that asks a question",
    )?;
    Ok(Check::Question {
        model,
        question,
        stop: stop.ok_or_else(|| ConfigError::Missing {
            key: section.key("stop"),
            expected: "what the user reads when the answer is yes".to_owned(),
        })?,
    })
}

fn matching(
    section: &mut Section<'_>,
    name: &str,
    stop: Option<Setting<String>>,
) -> Result<Check, ConfigError> {
    let one = section.name("pattern")?;
    let several = section.list("patterns")?;
    let replace = section.text("replace")?;
    section.refuse(&["model"], "has no meaning without a question")?;
    let both = |one: &str, other: &str| ConfigError::Conflict {
        message: format!(
            "{} and {} are both set: keep one",
            section.key(one),
            section.key(other)
        ),
    };
    let (key, patterns) = match (one, several) {
        (Some(_), Some(_)) => return Err(both("pattern", "patterns")),
        (Some(one), None) => ("pattern", one.map(|one| vec![one])),
        (None, Some(several)) => ("patterns", several),
        (None, None) => {
            return Err(ConfigError::Missing {
                key: section.key("pattern"),
                expected: "a regular expression; or a question for a model".to_owned(),
            });
        }
    };
    let on_match = match (stop, replace) {
        (Some(_), Some(_)) => return Err(both("stop", "replace")),
        (Some(stop), None) => OnMatch::Stop {
            message: stop.value,
        },
        (None, Some(replace)) => OnMatch::Replace {
            with: replace.value,
        },
        (None, None) => {
            return Err(ConfigError::Missing {
                key: section.key("stop"),
                expected: "what the user reads when a pattern fits; or replace".to_owned(),
            });
        }
    };
    let made = PatternGuardrail::new(name, &patterns.value, on_match);
    let made = made.map_err(|error| ConfigError::Invalid {
        key: section.key(key),
        origin: patterns.origin,
        expected: "regular expressions".to_owned(),
        found: Some(error.detail),
    })?;
    Ok(Check::Patterns(made))
}
