//! The newest message of the user: what input guardrails check, and replace.

use frontdesk_model::{ContentPart, Item, Message, Role};

/// The newest message of the user in a conversation.
pub(crate) fn newest(input: &[Item]) -> Option<&Message> {
    input.iter().rev().find_map(|item| match item {
        Item::Message(message) if message.role == Role::User => Some(message),
        _ => None,
    })
}

/// Whether the user wrote something that no model has answered yet.
pub(crate) fn is_unanswered(input: &[Item]) -> bool {
    let of_user_or_model = input.iter().rev().find_map(|item| match item {
        Item::Message(message) => match message.role {
            Role::User => Some(true),
            Role::Assistant => Some(false),
            Role::System | Role::Developer => None,
        },
        Item::FunctionCall(_) | Item::FunctionCallOutput(_) | Item::Reasoning(_) => Some(false),
        Item::Other(_) => None,
    });
    of_user_or_model.unwrap_or(false)
}

/// Puts a text in place of the text of the user's newest message. What isn't text stays, behind it.
pub(crate) fn replace_newest(input: &mut [Item], text: &str) {
    let newest = input.iter_mut().rev().find_map(|item| match item {
        Item::Message(message) if message.role == Role::User => Some(message),
        _ => None,
    });
    if let Some(message) = newest {
        message.content.retain(|part| part.as_text().is_none());
        let text = ContentPart::InputText {
            text: text.to_owned(),
        };
        message.content.insert(0, text);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_message_keeps_what_is_not_text() {
        let image = json!({"type": "input_image", "image_url": "data:,"});
        let message = |texts: &[&str]| {
            let mut content: Vec<_> = texts
                .iter()
                .map(|text| json!({"type": "input_text", "text": text}))
                .collect();
            content.insert(1, image.clone());
            Item::from_value(json!({"type": "message", "role": "user", "content": content}))
                .unwrap()
        };
        let mut input = vec![
            Item::user("before"),
            message(&["my card", "is 4111"]),
            Item::developer("a note"),
        ];
        assert!(is_unanswered(&input));
        replace_newest(&mut input, "my card is [card]");
        let expected = [
            Item::user("before"),
            message(&["my card is [card]"]),
            Item::developer("a note"),
        ];
        assert_eq!(input, expected);
        assert_eq!(newest(&input).unwrap().text(), "my card is [card]");
    }

    #[test]
    fn what_a_model_has_answered_is_not_unanswered() {
        let call = || Item::function_call("a", "add", "{}");
        let cases = [
            (vec![], false),
            (vec![Item::user("hello")], true),
            (vec![Item::user("hello"), Item::assistant("hi")], false),
            (
                vec![
                    Item::user("hello"),
                    call(),
                    Item::function_call_output("a", "1"),
                ],
                false,
            ),
            (vec![call(), Item::user("go on")], true),
        ];
        for (input, expected) in cases {
            assert_eq!(is_unanswered(&input), expected, "{input:?}");
        }
    }
}
