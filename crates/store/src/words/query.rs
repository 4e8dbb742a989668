//! What somebody looks for, and the piece of a text that shows it.

use std::collections::BTreeSet;

use frontdesk_identity::Scope;

use super::scan::{Run, scan};
use super::{mark, normal, pair, parts, words};

/// The most words of a query that count.
const MAX_TERMS: usize = 24;

/// How much of a text shows what was found, in characters.
const SNIPPET_CHARS: usize = 160;
/// How much of it comes before what was found.
const LEAD_CHARS: usize = 40;

/// What somebody looks for. It is data: nothing in it is an operator.
///
/// A text is found if each word of the query is in it, or is the beginning of one that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<String>,
}

impl Query {
    /// Reads a query; `None` if there is no word in it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = normal(text);
        let mut terms = Vec::new();
        for run in scan(&text) {
            match run {
                Run::Word { folded, .. } => terms.push(folded),
                Run::Sign { sign, .. } => terms.push(sign.to_string()),
                Run::Dense { chars } => {
                    let chars: Vec<&str> = chars.iter().map(|(_, char)| char.as_str()).collect();
                    // What stands alone is the beginning of a pair.
                    let pairs = chars.len().saturating_sub(1).max(1);
                    terms.extend((0..pairs).map(|at| pair(&chars, at)));
                }
            }
        }
        terms.truncate(MAX_TERMS);
        (!terms.is_empty()).then_some(Self { terms })
    }

    /// What each word of an owner has to begin with, as [`indexed`](super::indexed) marks them. There is nothing in it but
    /// letters, digits, marks and pictographs.
    pub fn marked(&self, scope: &Scope) -> Vec<String> {
        let mark = mark(scope);
        let terms = self.terms.iter();
        terms.map(|term| format!("{mark}{term}")).collect()
    }

    /// Whether a text is found.
    pub fn finds(&self, text: &str) -> bool {
        let words: BTreeSet<String> = words(text);
        self.terms.iter().all(|term| {
            let mut from = words.range::<String, _>(term..);
            from.next().is_some_and(|word| word.starts_with(term))
        })
    }

    /// The piece of a text in which something of the query is, in one line; the beginning if nothing is.
    pub fn snippet(&self, text: &str) -> String {
        let text = normal(text);
        let found = scan(&text).iter().find_map(|run| self.place(run));
        let found = found.unwrap_or(0);
        let before = text.get(..found).unwrap_or_default();
        let start = match before.char_indices().rev().nth(LEAD_CHARS) {
            None => 0,
            Some((start, _)) => word_start(before, start),
        };
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.char_indices().nth(SNIPPET_CHARS);
        let cut = rest.get(..end.map_or(rest.len(), |(end, _)| end));
        let line: Vec<&str> = cut.unwrap_or_default().split_whitespace().collect();
        let before = if start > 0 { "…" } else { "" };
        let behind = if end.is_some() { "…" } else { "" };
        format!("{before}{}{behind}", line.join(" "))
    }

    /// Where a piece of a text begins that is found.
    fn place(&self, run: &Run) -> Option<usize> {
        let is_found = |word: &str| {
            self.terms
                .iter()
                .any(|term| word.starts_with(term.as_str()))
        };
        match run {
            Run::Word { start, folded } => {
                let mut all = std::iter::once(folded.as_str()).chain(parts(folded));
                all.any(is_found).then_some(*start)
            }
            Run::Sign { start, sign } => is_found(&sign.to_string()).then_some(*start),
            Run::Dense { chars } => {
                let texts: Vec<&str> = chars.iter().map(|(_, char)| char.as_str()).collect();
                let at = (0..texts.len()).find(|&at| is_found(&pair(&texts, at)))?;
                chars.get(at).map(|(start, _)| *start)
            }
        }
    }
}

/// Where the first word after this place begins, if that is soon.
fn word_start(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let space = rest.char_indices().take(LEAD_CHARS / 2);
    let mut space = space.filter(|(_, c)| c.is_whitespace());
    space
        .next()
        .map_or(from, |(at, c)| from + at + c.len_utf8())
}
