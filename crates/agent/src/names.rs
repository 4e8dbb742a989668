//! Texts and names within bounds: cutting, names that providers take, near names.

/// The longest tool name that model providers take, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 64;

/// How many near names are offered for an unknown one.
const MAX_SUGGESTIONS: usize = 3;

/// How near a name must be to be offered, from 0 to 1.
const NEAR: f64 = 0.75;

/// The longest start of `text` that is at most `max` bytes and ends between characters.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    text.split_at_checked(text.floor_char_boundary(max))
        .map_or(text, |(head, _)| head)
}

/// A tool's name as providers take it: `[A-Za-z0-9_-]{1,64}`. Everything else becomes `_`.
pub(crate) fn model_name(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(MAX_NAME_BYTES)
        .collect();
    if name.is_empty() {
        "_".to_owned()
    } else {
        name
    }
}

/// The names that the model may have meant, nearest first.
pub(crate) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_ascii_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .map(|known| {
            (
                strsim::jaro_winkler(&wanted, &known.to_ascii_lowercase()),
                known,
            )
        })
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter()
        .take(MAX_SUGGESTIONS)
        .map(|(_, known)| known)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("größe", 4), "grö");
        assert_eq!(cut("größe", 3), "gr");
        assert_eq!(cut("a", 100), "a");
        assert_eq!(cut("ü", 0), "");
    }

    #[test]
    fn names_become_what_providers_take() {
        assert_eq!(model_name("files/read.text"), "files_read_text");
        assert_eq!(model_name("größe"), "gr__e");
        assert_eq!(model_name(""), "_");
        assert_eq!(model_name(&"x".repeat(100)), "x".repeat(64));
    }

    #[test]
    fn near_names_come_first_and_far_ones_not_at_all() {
        let known = ["list_tasks", "add_task", "delete_everything"];
        assert_eq!(near("add_tasks", known.into_iter()), ["add_task"]);
        assert_eq!(
            near("ListTasks", known.into_iter()).first(),
            Some(&"list_tasks")
        );
        assert!(near("zzz", known.into_iter()).is_empty());
    }
}
