//! Texts that a column can't hold.
//!
//! PostgreSQL's texts have no U+0000. A text with one is stored as another text: U+0000 as two U+0001, and U+0001 as
//! U+0001 and U+0002. Nothing is lost, and texts keep their order.
//! In JSON both are written as escapes, which `json` takes and `jsonb` doesn't: see [`Json`].

use std::borrow::Cow;

/// A text as a column holds it.
pub(crate) fn stored(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', '\u{1}']) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        match character {
            '\0' => stored.push_str("\u{1}\u{1}"),
            '\u{1}' => stored.push_str("\u{1}\u{2}"),
            other => stored.push(other),
        }
    }
    Cow::Owned(stored)
}

/// The text that a column holds.
pub(crate) fn read(stored: String) -> String {
    if !stored.contains('\u{1}') {
        return stored;
    }
    let mut text = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1}' => text.push(if characters.next() == Some('\u{1}') {
                '\0'
            } else {
                '\u{1}'
            }),
            other => text.push(other),
        }
    }
    text
}

/// A JSON text as two columns hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Json {
    /// What `jsonb` takes; U+FFFD stands for U+0000 there.
    pub(crate) binary: String,
    /// The text as it was written, where `jsonb` would change what it says: because of U+0000, or because of a number
    /// with an exponent or a negative zero, which it writes otherwise, and some of them at length.
    pub(crate) as_written: Option<String>,
}

impl Json {
    /// Takes what a serializer wrote.
    pub(crate) fn new(json: String) -> Self {
        match changed(&json) {
            Changed::Nothing => Self {
                binary: json,
                as_written: None,
            },
            Changed::Numbers => Self {
                binary: json.clone(),
                as_written: Some(json),
            },
            Changed::Nul(places) => Self {
                binary: replaced(&json, &places),
                as_written: Some(json),
            },
        }
    }
}

const NUL: &str = "\\u0000";
const REPLACEMENT: &str = "\u{fffd}";

enum Changed {
    Nothing,
    Numbers,
    /// Where the escapes of U+0000 begin.
    Nul(Vec<usize>),
}

/// What `jsonb` would change.
fn changed(json: &str) -> Changed {
    let mut nul = Vec::new();
    let (mut in_string, mut numbers, mut last) = (false, false, b' ');
    let mut bytes = json.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => {
                if json.get(at..).is_some_and(|rest| rest.starts_with(NUL)) {
                    nul.push(at);
                }
                // What is escaped ends no string and begins no escape.
                bytes.next();
            }
            b'e' | b'E' if !in_string => numbers |= last.is_ascii_digit(),
            b'0' if !in_string => numbers |= last == b'-',
            _ => {}
        }
        last = byte;
    }
    if !nul.is_empty() {
        Changed::Nul(nul)
    } else if numbers {
        Changed::Numbers
    } else {
        Changed::Nothing
    }
}

fn replaced(json: &str, places: &[usize]) -> String {
    let mut text = String::with_capacity(json.len());
    let mut done = 0;
    for &at in places {
        text.push_str(json.get(done..at).unwrap_or_default());
        text.push_str(REPLACEMENT);
        done = at + NUL.len();
    }
    text.push_str(json.get(done..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_is_kept_in_its_order() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "\0\u{1}",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{2}",
            "\u{2}",
            "a",
            "a\0b",
            "ä\0",
        ];
        for pair in texts.windows(2) {
            let [one, next] = [stored(pair[0]), stored(pair[1])];
            assert!(!one.contains('\0') && one < next, "{pair:?}");
        }
        for text in texts {
            assert_eq!(read(stored(text).into_owned()), text);
        }
    }

    #[test]
    fn json_is_kept_as_written_only_where_it_would_change() {
        let same = [
            r#"{"a":[1,1.0,-1.5,12345678901234567890,true,false,null]}"#,
            r#""\\u0000 1e5 -0.0""#,
            r#""\"1e5\"""#,
        ];
        for json in same {
            let expected = Json {
                binary: json.to_owned(),
                as_written: None,
            };
            assert_eq!(Json::new(json.to_owned()), expected);
        }
        for (json, binary) in [
            (r#"["\u0000"]"#, "[\"\u{fffd}\"]"),
            (
                r#"{"\\\u0000":"\\\\\u0000x\u0001\u0000"}"#,
                "{\"\\\\\u{fffd}\":\"\\\\\\\\\u{fffd}x\\u0001\u{fffd}\"}",
            ),
            ("[1e16]", "[1e16]"),
            ("[-0.0]", "[-0.0]"),
        ] {
            let expected = Json {
                binary: binary.to_owned(),
                as_written: Some(json.to_owned()),
            };
            assert_eq!(Json::new(json.to_owned()), expected);
        }
    }
}
