//! JSON that isn't written to its end, read as far as it goes.

use serde_json::Value;

/// How deep it may be.
const MOST_DEPTH: usize = 32;

/// The value that this is the beginning of; `None` where that can't be said.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut open: Vec<char> = Vec::new();
    let mut in_string = false;
    let mut is_escaped = false;
    // Where the last member before the unfinished one ends.
    let mut last_whole = None;
    for (at, c) in text.char_indices() {
        if in_string {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                open.pop();
            }
            ',' => last_whole = Some((at, open.clone())),
            _ => {}
        }
        if open.len() > MOST_DEPTH {
            return None;
        }
    }
    let begun = if is_escaped {
        text.strip_suffix('\\').unwrap_or(text)
    } else {
        text
    };
    let quote = if in_string { "\"" } else { "" };
    let closed = |end: &str, open: &[char]| {
        let brackets: String = open.iter().rev().collect();
        serde_json::from_str(&format!("{end}{brackets}")).ok()
    };
    closed(&format!("{begun}{quote}"), &open)
        .or_else(|| closed(&format!("{begun}{quote}null"), &open))
        .or_else(|| {
            let (at, open) = last_whole?;
            closed(text.get(..at)?, &open)
        })
}
