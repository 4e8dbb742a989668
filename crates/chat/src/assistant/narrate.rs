//! Sentences of the server's own: how a run ended when the model itself didn't say it.

use frontdesk_agent::Ended;

use super::events::Speech;

/// What the user is told about the end, if anything.
pub(super) fn ending(ended: &Ended, speech: Speech) -> Option<&'static str> {
    match ended {
        Ended::Answered | Ended::Refused => match speech {
            Speech::Spoke => None,
            Speech::Silent => Some("I have nothing to say to that. Ask me in other words."),
        },
        // The widget or the page asks, the tool has said it, or a message says it elsewhere.
        Ended::WaitingForApproval
        | Ended::WaitingForClient { .. }
        | Ended::AnsweredByTool { .. }
        | Ended::Blocked { .. }
        | Ended::InvalidOutput { .. } => None,
        Ended::TurnLimit => Some(
            "I stopped here because this took more steps than I may take at once. \
             Tell me to go on if I should continue.",
        ),
        Ended::Incomplete { reason } => Some(match reason.as_str() {
            "max_output_tokens" => {
                "My answer was cut short because it reached the length limit. Ask me to go on."
            }
            "content_filter" => {
                "My answer was cut short by a filter of the model's provider. Ask me in other words."
            }
            _ => "My answer was cut short. Ask me to go on.",
        }),
    }
}

/// A tool's name for people: `add_task` reads “Add task”.
pub(super) fn tool_title(name: &str) -> String {
    let words = name
        .rsplit("__")
        .next()
        .unwrap_or(name)
        .replace(['_', '-', '.'], " ");
    let mut chars = words.trim().chars();
    chars.next().map_or_else(
        || "Tool".to_owned(),
        |first| first.to_uppercase().chain(chars).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_have_names_for_people() {
        for (name, title) in [
            ("add_task", "Add task"),
            ("taskflow__list-tasks", "List tasks"),
            ("__", "Tool"),
            ("über", "Über"),
        ] {
            assert_eq!(tool_title(name), title);
        }
    }
}
