//! What users say to the model of chaos, and what it answers: the words of `rules.toml`.

use super::random::Random;

/// What a user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To hear a sentence.
    Say,
    /// To know what there is.
    List,
    /// A task.
    Add,
    /// A task that is done.
    Do,
}

/// What the model has told to have done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Promise {
    /// The task's number among the user's.
    pub(super) task: String,
    pub(super) title: String,
    pub(super) is_done: bool,
}

impl Wish {
    pub(super) fn any(random: &mut Random) -> Self {
        match random.below(100) {
            0..40 => Self::Say,
            40..60 => Self::Add,
            60..80 => Self::Do,
            _ => Self::List,
        }
    }

    /// Whether it asks to add a task.
    pub(super) fn adds(self) -> bool {
        matches!(self, Self::Add | Self::Do)
    }

    /// The message, with a word that no other message has.
    pub(super) fn message(self, word: &str) -> String {
        let verb = match self {
            Self::Say => "say",
            Self::List => "list",
            Self::Add => "add",
            Self::Do => "do",
        };
        format!("{verb} {word}")
    }

    /// With what a whole answer ends.
    pub(super) fn ending(self, word: &str) -> String {
        match self {
            Self::Say => format!("before it comes to its end: {word}."),
            Self::List => format!("all that I have to say of them for now, {word}."),
            Self::Add => format!("its title is {word} as you wanted it to be."),
            Self::Do => format!("all that there was to do about {word}."),
        }
    }
}

/// Whether this says that a tool failed: then the answer ends there.
pub(super) fn is_failure(text: &str) -> bool {
    text.starts_with("That failed: ")
}

/// What this text says to have done, where it is whole.
pub(super) fn promise(text: &str) -> Option<Promise> {
    let (task, rest) = text.strip_prefix("Task ")?.split_once(' ')?;
    let added = rest
        .strip_prefix("is on your list, and its title is ")
        .and_then(|rest| rest.strip_suffix(" as you wanted it to be."));
    let done = rest
        .strip_prefix("was added and is done, which is all that there was to do about ")
        .and_then(|rest| rest.strip_suffix('.'));
    Some(Promise {
        task: task.to_owned(),
        title: added.or(done)?.to_owned(),
        is_done: done.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = include_str!("rules.toml");
    const WORD: &str = "{{ match.word }}";

    #[test]
    fn every_wish_and_its_ending_is_in_the_rules() {
        for wish in [Wish::Say, Wish::List, Wish::Add, Wish::Do] {
            let verb = wish.message("");
            assert!(
                RULES.contains(&format!("when = '^{verb}(?<word>")),
                "{verb}"
            );
            assert!(RULES.contains(&wish.ending(WORD)), "{verb}");
        }
    }

    #[test]
    fn a_promise_is_a_whole_sentence_of_the_rules() {
        let sentences: Vec<_> = RULES
            .lines()
            .filter_map(|line| line.strip_prefix("say = \"Task "))
            .map(|rest| format!("Task {}", rest.trim_end_matches('"')))
            .map(|text| text.replace("{{ results.add_task.id }}", "7"))
            .collect();
        let promised = |is_done| Promise {
            task: "7".to_owned(),
            title: WORD.to_owned(),
            is_done,
        };
        let found: Vec<_> = sentences.iter().map(|text| promise(text)).collect();
        assert_eq!(found, [Some(promised(false)), Some(promised(true))]);
        for text in [
            "Task 7 is on your list, and its title is a",
            "Task 7",
            "You said a",
        ] {
            assert_eq!(promise(text), None, "{text}");
        }
    }
}
