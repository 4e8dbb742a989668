//! Halves of characters in JSON text.
//!
//! A provider that cuts its text between UTF-16 units escapes half a character, which no JSON reader takes.
//! An answer shouldn't fail for that: the halves become U+FFFD.

use std::borrow::Cow;

/// The length of an escape such as `\ud83e`.
const ESCAPE: usize = 6;

/// JSON text without escaped halves of characters; everything else stays as it is.
pub(crate) fn without_halves(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u") {
        return Cow::Borrowed(json);
    }
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        whole.push_str(before);
        let (kept, length) = match unit(escape) {
            Some(0xD800..=0xDBFF) if is_second_half(escape.get(ESCAPE..)) => {
                (escape.get(..2 * ESCAPE), 2 * ESCAPE)
            }
            Some(0xD800..=0xDFFF) => (Some("\\ufffd"), ESCAPE),
            Some(_) => (escape.get(..ESCAPE), ESCAPE),
            None => (escape.get(..2), 2),
        };
        let (Some(kept), Some(after)) = (kept, escape.get(length..)) else {
            rest = escape;
            break;
        };
        whole.push_str(kept);
        rest = after;
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

fn is_second_half(text: Option<&str>) -> bool {
    matches!(text.and_then(unit), Some(0xDC00..=0xDFFF))
}

/// The UTF-16 unit that a text begins with as an escape.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.get(..ESCAPE)?.strip_prefix("\\u")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_halves_are_replaced() {
        let cases = [
            (r#"{"a":"b"}"#, r#"{"a":"b"}"#),
            (
                r#"["\ud83e\udd80 \u00fc \n \" \\ud83e"]"#,
                r#"["\ud83e\udd80 \u00fc \n \" \\ud83e"]"#,
            ),
            (r#"["\ud83e"]"#, r#"["\ufffd"]"#),
            (r#"["\udd80\uD83E\u0020"]"#, r#"["\ufffd\ufffd\u0020"]"#),
            (r#"["\ud83e\ud83e\udd80"]"#, r#"["\ufffd\ud83e\udd80"]"#),
            (r"\ud83e\u", r"\ufffd\u"),
            (r"\u00é\u12", r"\u00é\u12"),
            (r"\é \ud8", r"\é \ud8"),
        ];
        for (json, expected) in cases {
            assert_eq!(without_halves(json), expected);
        }
    }
}
