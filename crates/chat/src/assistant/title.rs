//! A title for a new thread, from the first words of its first message.

use frontdesk_protocol::{UserContent, UserMessageItem};

/// The longest title that is made, in characters.
const TITLE_CHARS: usize = 60;

/// The title that the message suggests; `None` for a message without words.
pub(super) fn of_message(message: &UserMessageItem) -> Option<String> {
    let text: String = message
        .content
        .iter()
        .map(|part| match part {
            UserContent::Text(text) => text.text.as_str(),
            UserContent::Tag(tag) => tag.text.as_str(),
        })
        .collect();
    of_text(&text)
}

fn of_text(text: &str) -> Option<String> {
    let mut title = String::new();
    let mut chars = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let gap = usize::from(chars > 0);
        if chars + gap + length > TITLE_CHARS {
            if chars == 0 {
                title.extend(word.chars().take(TITLE_CHARS - 1));
            }
            title.push('…');
            return Some(title);
        }
        if gap > 0 {
            title.push(' ');
        }
        title.push_str(word);
        chars += gap + length;
    }
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_first_words() {
        let cases = [
            ("  Add a task:\n buy milk ", Some("Add a task: buy milk")),
            ("", None),
            (" \n\t", None),
            ("你好，世界", Some("你好，世界")),
        ];
        for (text, title) in cases {
            assert_eq!(of_text(text).as_deref(), title, "{text:?}");
        }
        let long = "word ".repeat(40);
        let title = of_text(&long).unwrap();
        assert!(
            title.chars().count() <= TITLE_CHARS + 1 && title.ends_with("word…"),
            "{title}"
        );
        let endless = of_text(&"x".repeat(500)).unwrap();
        assert_eq!(endless.chars().count(), TITLE_CHARS);
    }
}
