//! What a tool is called with and what it answers, in a line for people: short, and as text that can't become markup.

mod unfinished;

use serde_json::{Map, Value};

/// Characters of one value.
const VALUE_CHARS: usize = 80;

/// Values of a line.
const MOST_VALUES: usize = 6;

/// Characters of a line, but for its last value.
const LINE_CHARS: usize = 200;

/// Characters of what went wrong.
const FAILURE_CHARS: usize = 300;

/// The arguments of a call as far as they are written; `None` where there is nothing to read yet.
pub(super) fn arguments(json: &str) -> Option<String> {
    let whole = serde_json::from_str(json).ok();
    match whole.or_else(|| unfinished::read(json))? {
        Value::Object(members) => line_of(&members),
        _ => None,
    }
}

/// A result; `None` where it says nothing to people.
pub(super) fn result(text: &str) -> Option<String> {
    let line = match serde_json::from_str(text) {
        Ok(Value::Object(members)) => return line_of(&members),
        Ok(Value::Null) => return None,
        Ok(value) => brief(&value)?,
        Err(_) => text
            .lines()
            .find(|line| !line.trim().is_empty())?
            .to_owned(),
    };
    Some(literal(&cut(&line, LINE_CHARS)))
}

/// What went wrong.
pub(super) fn failure(text: &str) -> String {
    literal(&cut(text, FAILURE_CHARS))
}

/// The name of a value for people: `due_date` reads “Due date”. Unlike a tool's, no part of it goes without saying.
pub(super) fn value_title(name: &str) -> String {
    let name = name.replace(['_', '-', '.'], " ");
    let mut chars = name.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

fn line_of(members: &Map<String, Value>) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut chars = 0;
    for (name, value) in members {
        let Some(value) = brief(value) else {
            continue;
        };
        if chars >= LINE_CHARS || parts.len() == MOST_VALUES {
            parts.push("…".to_owned());
            break;
        }
        let part = format!(
            "{}: {}",
            cut(&value_title(name), VALUE_CHARS),
            cut(&value, VALUE_CHARS)
        );
        chars += part.chars().count();
        parts.push(part);
    }
    (!parts.is_empty()).then(|| literal(&parts.join(" · ")))
}

/// A value in a few words; `None` where it is empty.
fn brief(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list)
            if list
                .iter()
                .any(|entry| entry.is_object() || entry.is_array()) =>
        {
            Some(match list.len() {
                1 => "1 entry".to_owned(),
                count => format!("{count} entries"),
            })
        }
        Value::Array(list) => {
            let entries: Vec<String> = list.iter().filter_map(brief).collect();
            Some(entries.join(", "))
        }
        Value::Object(members) if members.is_empty() => None,
        Value::Object(_) => Some("{…}".to_owned()),
        other => Some(other.to_string()),
    }
}

/// The text in one line of so many characters.
fn cut(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        let gap = if line.is_empty() { "" } else { " " };
        for c in gap.chars().chain(word.chars()).filter(|c| !c.is_control()) {
            if chars == most {
                line.push('…');
                return line;
            }
            line.push(c);
            chars += 1;
        }
    }
    line
}

/// The text as Markdown that shows just it.
fn literal(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    if line.starts_with(['#', '>', '-', '+', '~', '=']) {
        text.push('\\');
    }
    for c in line.chars() {
        if matches!(c, '\\' | '[' | ']' | '<' | '*' | '`') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_can_be_read_while_they_are_written() {
        let cases = [
            ("", None),
            ("{", None),
            (r#"{"tit"#, None),
            (r#"{"title": "Bu"#, Some("Title: Bu")),
            (r#"{"title": "Buy\"#, Some("Title: Buy")),
            (r#"{"title": "Buy milk","du"#, Some("Title: Buy milk")),
            (r#"{"tags": ["a", "b"#, Some("Tags: a, b")),
            (r#"{"due_date": "x", "done": tr"#, Some("Due date: x")),
            (r#"{"a": {"b": [1, {"c": "#, Some("A: {…}")),
            (
                r#"{"count": 3, "all": true, "none": null}"#,
                Some("All: true · Count: 3"),
            ),
            ("[1, 2]", None),
            ("}{", None),
        ];
        for (json, line) in cases {
            assert_eq!(arguments(json).as_deref(), line, "{json}");
        }
        assert_eq!(arguments(&"[".repeat(5_000)), None);
    }

    #[test]
    fn results_are_short_and_never_markup() {
        let cases = [
            ("", None),
            ("null", None),
            ("{}", None),
            ("\n\n  done,\tall\nof it", Some("done, all")),
            (r##""# title""##, Some(r"\# title")),
            (
                r#"{"id": 7, "list": [{}, {}]}"#,
                Some("Id: 7 · List: 2 entries"),
            ),
            (r#"[{"id": 1}]"#, Some("1 entry")),
            ("[1, 2]", Some("1, 2")),
            (
                "![x](http://x) <b> `a`",
                Some(r"!\[x\](http://x) \<b> \`a\`"),
            ),
        ];
        for (text, line) in cases {
            assert_eq!(result(text).as_deref(), line, "{text}");
        }
        assert_eq!(
            result(&"x".repeat(500)).unwrap().chars().count(),
            LINE_CHARS + 1
        );
        let many: Map<String, Value> = (0..99).map(|n| (format!("k{n}"), "y".into())).collect();
        let line = result(&Value::Object(many).to_string()).unwrap();
        assert!(
            line.ends_with(" · …") && line.matches(" · ").count() == MOST_VALUES,
            "{line}"
        );
    }
}
