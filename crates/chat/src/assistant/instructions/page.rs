//! The page as template data. Whatever a page sends, the template renders: what it names and the page doesn't tell is
//! an empty text, and no text and no name has a line break.

use frontdesk_protocol::Map;
use serde_json::Value;

use crate::Page;

/// What a template asks of the page: paths of names, such as `project.title`.
#[derive(Debug, Default)]
pub(super) struct PageNames(Vec<String>);

impl PageNames {
    /// The paths that follow `page.` in the names that a template uses. Where it uses `page` as a whole, all
    /// attributes that it asks for by whatever way may be the page's.
    pub(super) fn of(used: &[String], attributes: &[String]) -> Self {
        let mut paths: Vec<String> = used
            .iter()
            .filter_map(|name| name.strip_prefix("page."))
            .map(str::to_owned)
            .collect();
        if used.iter().any(|name| name == "page") {
            paths.extend(attributes.iter().cloned());
            // So that it isn't empty, even where nothing else is asked for.
            paths.push("title".to_owned());
        }
        Self(paths)
    }

    /// Whether the template names the page at all.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The page as this template can render it.
    pub(super) fn fill(&self, page: &Page) -> Value {
        let mut fields = Map::new();
        for (name, value) in page.fields() {
            fields.insert(one_line_of(name), one_line(value.clone()));
        }
        for path in &self.0 {
            fill(&mut fields, path);
        }
        Value::Object(fields)
    }
}

fn fill(fields: &mut Map, path: &str) {
    let Some((name, rest)) = path.split_once('.') else {
        fields
            .entry(path)
            .or_insert_with(|| Value::from(String::new()));
        return;
    };
    let inner = fields
        .entry(name)
        .or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let Value::Object(inner) = inner {
        fill(inner, rest);
    }
}

fn one_line(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(one_line_of(&text)),
        Value::Array(values) => values.into_iter().map(one_line).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (one_line_of(&name), one_line(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

fn one_line_of(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.replace(breaks, " ")
}
