//! The templates and expressions of a script, with bounded work.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, UndefinedBehavior, Value as Context};
use serde_json::{Map, Value};

/// How much work one template may be, in minijinja's units.
const FUEL: u64 = 100_000;
/// The most bytes of a text that a template makes.
const MAX_TEXT_BYTES: usize = 256 * 1024;
/// How deep arguments may be nested.
const MAX_DEPTH: usize = 32;

/// Renders templates: strictly where something is written, leniently where something is asked.
#[derive(Debug)]
pub(super) struct Templates {
    strict: Environment<'static>,
    lenient: Environment<'static>,
}

impl Templates {
    pub(super) fn new() -> Self {
        let environment = |undefined| {
            let mut environment = Environment::new();
            environment.set_undefined_behavior(undefined);
            environment.set_fuel(Some(FUEL));
            environment
        };
        Self {
            strict: environment(UndefinedBehavior::SemiStrict),
            lenient: environment(UndefinedBehavior::Chainable),
        }
    }

    /// Whether a text is a template.
    pub(super) fn check(&self, template: &str) -> Result<(), String> {
        self.strict
            .template_from_str(template)
            .map(drop)
            .map_err(reason)
    }

    /// Whether a text is an expression.
    pub(super) fn check_expression(&self, expression: &str) -> Result<(), String> {
        self.strict
            .compile_expression(expression)
            .map(drop)
            .map_err(reason)
    }

    /// Whether all texts in a value are templates.
    pub(super) fn check_value(&self, value: &Value) -> Result<(), String> {
        self.check_nested(value, MAX_DEPTH)
    }

    /// The text of a template.
    pub(super) fn text(&self, template: &str, context: &Context) -> Result<String, String> {
        let text = self
            .strict
            .render_str(template, context.clone())
            .map_err(reason)?;
        if text.len() > MAX_TEXT_BYTES {
            return Err(format!("it makes more text than allowed: {MAX_TEXT_BYTES}"));
        }
        Ok(text)
    }

    /// Whether an expression holds. What is missing is false.
    pub(super) fn holds(&self, expression: &str, context: &Context) -> Result<bool, String> {
        let value = self
            .lenient
            .compile_expression(expression)
            .map_err(reason)?;
        value
            .eval(context.clone())
            .map(|value| value.is_true())
            .map_err(reason)
    }

    /// The elements of the list that an expression gives; none where it is missing.
    pub(super) fn elements(
        &self,
        expression: &str,
        context: &Context,
    ) -> Result<Vec<Value>, String> {
        let value = self
            .lenient
            .compile_expression(expression)
            .map_err(reason)?;
        let value = value.eval(context.clone()).map_err(reason)?;
        match value.kind() {
            ValueKind::Undefined | ValueKind::None => Ok(Vec::new()),
            ValueKind::Seq | ValueKind::Iterable => value
                .try_iter()
                .map_err(reason)?
                .map(|element| serde_json::to_value(element).map_err(|error| error.to_string()))
                .collect(),
            kind => Err(format!("not a list: {kind}")),
        }
    }

    /// The fields with their templates filled in; those whose only expression is undefined stay out.
    pub(super) fn fields(
        &self,
        fields: &Map<String, Value>,
        context: &Context,
    ) -> Result<Map<String, Value>, String> {
        let mut filled = Map::new();
        for (name, value) in fields {
            let value = self
                .fill(value, context)
                .map_err(|reason| format!("{name}: {reason}"))?;
            if let Some(value) = value {
                filled.insert(name.clone(), value);
            }
        }
        Ok(filled)
    }

    fn fill(&self, value: &Value, context: &Context) -> Result<Option<Value>, String> {
        match value {
            Value::String(text) => match single_expression(text) {
                Some(expression) => {
                    let value = self.strict.compile_expression(expression).map_err(reason)?;
                    let value = value.eval(context.clone()).map_err(reason)?;
                    if value.is_undefined() {
                        return Ok(None);
                    }
                    serde_json::to_value(value)
                        .map(Some)
                        .map_err(|error| error.to_string())
                }
                None => self
                    .text(text, context)
                    .map(|text| Some(Value::String(text))),
            },
            Value::Array(values) => {
                let mut filled = Vec::new();
                for value in values {
                    filled.extend(self.fill(value, context)?);
                }
                Ok(Some(Value::Array(filled)))
            }
            Value::Object(fields) => self
                .fields(fields, context)
                .map(|fields| Some(Value::Object(fields))),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Some(value.clone())),
        }
    }

    fn check_nested(&self, value: &Value, depth: usize) -> Result<(), String> {
        let deeper = || {
            depth
                .checked_sub(1)
                .ok_or_else(|| format!("nested deeper than allowed: {MAX_DEPTH}"))
        };
        match value {
            Value::String(text) => match single_expression(text) {
                Some(expression) => self.check_expression(expression),
                None => self.check(text),
            },
            Value::Array(values) => {
                let depth = deeper()?;
                values
                    .iter()
                    .try_for_each(|value| self.check_nested(value, depth))
            }
            Value::Object(fields) => {
                let depth = deeper()?;
                fields
                    .values()
                    .try_for_each(|value| self.check_nested(value, depth))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }
}

/// The expression of a text that is one `{{ … }}` and nothing else.
fn single_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner);
    (!inner.contains("{{") && !inner.contains("}}")).then_some(inner)
}

/// What is wrong, with the cause where minijinja keeps it apart.
#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn reason(error: Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
