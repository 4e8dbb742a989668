//! A guardrail of patterns: stops, or replaces what fits. Checks words, arguments and results alike.

use async_trait::async_trait;
use frontdesk_model::Item;
use regex::{NoExpand, Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::newest::newest;
use super::{
    GuardrailError, InputGuardrail, InsteadOfCall, OutputGuardrail, Timing, ToolGuardrail, Verdict,
};
use crate::context::RunContext;
use crate::state::ToolCall;

/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 4_096;

/// How many patterns a guardrail may have.
pub const MAX_PATTERNS: usize = 64;

/// The most memory that a compiled pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 1024 * 1024;

/// What happens to a text that a pattern fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnMatch {
    /// The run ends.
    Stop {
        /// What the user reads.
        message: String,
    },
    /// Each place that fits is replaced.
    Replace {
        /// By this, as it is.
        with: String,
    },
}

/// Checks texts by regular expressions, as the crate [`regex`] reads them; they run in linear time.
///
/// Of a conversation it reads the user's newest message; of a call all names, texts and numbers in its arguments.
#[derive(Debug, Clone)]
pub struct PatternGuardrail {
    name: String,
    patterns: Vec<Regex>,
    on_match: OnMatch,
    timing: Timing,
}

impl PatternGuardrail {
    /// A guardrail of these patterns. It is asked before the model, since it takes no time.
    ///
    /// The error says which pattern can't be used, and why.
    pub fn new(
        name: impl Into<String>,
        patterns: impl IntoIterator<Item = impl AsRef<str>>,
        on_match: OnMatch,
    ) -> Result<Self, GuardrailError> {
        let patterns: Vec<Regex> = patterns
            .into_iter()
            .map(|pattern| compile(pattern.as_ref()))
            .collect::<Result<_, _>>()?;
        if patterns.is_empty() || patterns.len() > MAX_PATTERNS {
            return Err(GuardrailError {
                detail: format!(
                    "a guardrail has 1 to {MAX_PATTERNS} patterns, not {}",
                    patterns.len()
                ),
            });
        }
        Ok(Self {
            name: name.into(),
            patterns,
            on_match,
            timing: Timing::Blocking,
        })
    }

    /// The same, asked at another time as an input guardrail.
    #[must_use]
    pub fn timed(self, timing: Timing) -> Self {
        Self { timing, ..self }
    }

    fn text(&self, text: &str) -> Verdict<String> {
        if !self.fits(text) {
            return Verdict::Allow;
        }
        match &self.on_match {
            OnMatch::Stop { message } => Verdict::Stop {
                message: message.clone(),
            },
            OnMatch::Replace { with } => Verdict::Replace(self.replaced(text, with)),
        }
    }

    fn fits(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_match(text))
    }

    fn replaced(&self, text: &str, with: &str) -> String {
        let replace =
            |text: String, pattern: &Regex| pattern.replace_all(&text, NoExpand(with)).into_owned();
        self.patterns.iter().fold(text.to_owned(), replace)
    }

    fn arguments(&self, arguments: &Map<String, Value>) -> Verdict<InsteadOfCall> {
        if !arguments
            .iter()
            .any(|(name, value)| self.fits(name) || self.fits_in(value))
        {
            return Verdict::Allow;
        }
        match &self.on_match {
            OnMatch::Stop { message } => Verdict::Stop {
                message: message.clone(),
            },
            OnMatch::Replace { with } => Verdict::Replace(InsteadOfCall::Arguments(
                self.replaced_in_all(arguments.clone(), with),
            )),
        }
    }

    fn fits_in(&self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(number) => self.fits(&number.to_string()),
            Value::String(text) => self.fits(text),
            Value::Array(values) => values.iter().any(|value| self.fits_in(value)),
            Value::Object(map) => map
                .iter()
                .any(|(name, value)| self.fits(name) || self.fits_in(value)),
        }
    }

    fn replaced_in(&self, value: Value, with: &str) -> Value {
        match value {
            Value::Number(number) if self.fits(&number.to_string()) => {
                Value::String(self.replaced(&number.to_string(), with))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
            Value::String(text) => Value::String(self.replaced(&text, with)),
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.replaced_in(value, with))
                .collect(),
            Value::Object(map) => Value::Object(self.replaced_in_all(map, with)),
        }
    }

    fn replaced_in_all(&self, map: Map<String, Value>, with: &str) -> Map<String, Value> {
        map.into_iter()
            .map(|(name, value)| (self.replaced(&name, with), self.replaced_in(value, with)))
            .collect()
    }
}

#[async_trait]
impl<C: Send + Sync> InputGuardrail<C> for PatternGuardrail {
    fn name(&self) -> &str {
        &self.name
    }

    fn timing(&self) -> Timing {
        self.timing
    }

    async fn check(
        &self,
        input: &[Item],
        _context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError> {
        Ok(newest(input).map_or(Verdict::Allow, |message| self.text(&message.text())))
    }
}

#[async_trait]
impl<C: Send + Sync> OutputGuardrail<C> for PatternGuardrail {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(
        &self,
        output: &str,
        _context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError> {
        Ok(self.text(output))
    }
}

/// Checks both: use [`ToolInputOnly`](super::ToolInputOnly) or [`ToolOutputOnly`](super::ToolOutputOnly) for one of them.
#[async_trait]
impl<C: Send + Sync> ToolGuardrail<C> for PatternGuardrail {
    fn name(&self) -> &str {
        &self.name
    }

    async fn before(
        &self,
        _call: &ToolCall,
        arguments: &Map<String, Value>,
        _context: &RunContext<C>,
    ) -> Result<Verdict<InsteadOfCall>, GuardrailError> {
        Ok(self.arguments(arguments))
    }

    async fn after(
        &self,
        _call: &ToolCall,
        result: &str,
        _context: &RunContext<C>,
    ) -> Result<Verdict<String>, GuardrailError> {
        Ok(self.text(result))
    }
}

fn compile(pattern: &str) -> Result<Regex, GuardrailError> {
    let unusable = |reason: &str| GuardrailError {
        detail: format!("the pattern can't be used: {reason}"),
    };
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(unusable(&format!(
            "it is longer than {MAX_PATTERN_BYTES} bytes"
        )));
    }
    let compiled = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| unusable(&error.to_string()))?;
    if compiled.is_match("") {
        return Err(unusable("it fits nothing at all, so it fits everything"));
    }
    Ok(compiled)
}
