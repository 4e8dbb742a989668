//! Thinking that a server leaves in the text: `<think>…</think>` at its very beginning.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// Tells thinking and text apart while they come.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    state: State,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing but white space, or a part of the first tag.
    #[default]
    Start,
    Thinking,
    /// After the thinking, before the first text.
    Gap,
    Text,
}

/// A piece of what came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Thinking(String),
}

impl Splitter {
    /// Takes more of the content.
    pub(super) fn take(&mut self, delta: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        if self.state == State::Text {
            pieces.push(Piece::Text(delta.to_owned()));
            return pieces;
        }
        self.held.push_str(delta);
        if self.state == State::Start {
            let begun = self.held.trim_start();
            if let Some(rest) = begun.strip_prefix(OPEN) {
                self.held = rest.to_owned();
                self.state = State::Thinking;
            } else if !OPEN.starts_with(begun) {
                self.state = State::Text;
                pieces.push(Piece::Text(std::mem::take(&mut self.held)));
            }
        }
        if self.state == State::Thinking {
            let (thinking, rest) = if let Some((thinking, rest)) = self.held.split_once(CLOSE) {
                self.state = State::Gap;
                (thinking.to_owned(), rest.to_owned())
            } else {
                let at = begun_tag(&self.held);
                let (thinking, rest) = self.held.split_at_checked(at).unwrap_or_default();
                (thinking.to_owned(), rest.to_owned())
            };
            self.held = rest;
            if !thinking.is_empty() {
                pieces.push(Piece::Thinking(thinking));
            }
        }
        if self.state == State::Gap {
            let text = self.held.trim_start();
            if !text.is_empty() {
                pieces.push(Piece::Text(text.to_owned()));
                self.state = State::Text;
            }
            self.held.clear();
        }
        pieces
    }

    /// What was held back when the content ended.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        let held = std::mem::take(&mut self.held);
        let state = std::mem::replace(&mut self.state, State::Text);
        match state {
            _ if held.is_empty() => None,
            State::Start | State::Text => Some(Piece::Text(held)),
            State::Thinking => Some(Piece::Thinking(held)),
            State::Gap => None,
        }
    }
}

/// Where a text that may be cut inside a closing tag has that tag's beginning; its length where it has none.
fn begun_tag(text: &str) -> usize {
    (1..CLOSE.len())
        .rev()
        .filter_map(|length| CLOSE.get(..length))
        .find_map(|tag| text.strip_suffix(tag))
        .map_or(text.len(), str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_at_the_beginning_is_told_from_text_however_it_is_cut() {
        let cases = [
            ("plain text", "", "plain text"),
            ("  <b>no</b>", "", "  <b>no</b>"),
            (
                "\n<think>\nhm <x> </thin \n</think>\n\nYes </think>",
                "\nhm <x> </thin \n",
                "Yes </think>",
            ),
            ("<think></think>Yes", "", "Yes"),
            ("<think>cut </thi", "cut </thi", ""),
            ("<thi", "", "<thi"),
            ("Say <think>x</think>", "", "Say <think>x</think>"),
        ];
        for (content, thinking, text) in cases {
            for size in 1..=content.len() {
                let mut splitter = Splitter::default();
                let chars: Vec<char> = content.chars().collect();
                let mut pieces = Vec::new();
                for chunk in chars.chunks(size) {
                    pieces.extend(splitter.take(&chunk.iter().collect::<String>()));
                }
                pieces.extend(splitter.finish());
                let (mut thought, mut said) = (String::new(), String::new());
                for piece in pieces {
                    match piece {
                        Piece::Thinking(piece) => thought.push_str(&piece),
                        Piece::Text(piece) => said.push_str(&piece),
                    }
                }
                assert_eq!(
                    (thought.as_str(), said.as_str()),
                    (thinking, text),
                    "{size}"
                );
            }
        }
    }
}
