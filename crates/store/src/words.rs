//! Words: by what a text is found. Every store indexes the same ones and asks for the same ones, so they all find alike.
//!
//! - Case, accents and forms of a letter don't count: `Ärzte` is found by `arzte`, `Straße` by `strasse`, `ｅ` by `e`.
//! - Scripts that set no spaces between words, and Hangul, are cut into overlapping pairs of characters.
//! - A long word is also found by its parts, which German and its neighbours write together.
//! - A pictograph is a word.

mod query;
mod scan;

use std::collections::BTreeSet;

use frontdesk_identity::Scope;
use frontdesk_protocol::{ThreadItem, UserContent};

use unicode_normalization::UnicodeNormalization;

use scan::{Run, scan};

pub use query::Query;

/// The part of a text that is searched, in bytes from its beginning.
pub const MAX_TEXT_BYTES: usize = 64 << 10;
/// The most words by which one text is found.
pub const MAX_WORDS: usize = 8_192;
/// The most characters of a word that count.
pub const MAX_WORD_CHARS: usize = 40;

/// From how many characters on a word has parts.
const COMPOUND_CHARS: usize = 8;
/// The fewest characters before a part of a word.
const HEAD_CHARS: usize = 3;
/// The fewest characters of a part of a word.
const PART_CHARS: usize = 4;

/// The words by which a text is found.
pub fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for run in scan(&normal(text)) {
        match run {
            Run::Word { folded, .. } => {
                words.extend(parts(&folded).map(str::to_owned));
                words.insert(folded);
            }
            Run::Dense { chars, .. } => {
                let chars: Vec<&str> = chars.iter().map(|(_, folded)| folded.as_str()).collect();
                words.extend((0..chars.len()).map(|at| pair(&chars, at)));
            }
            Run::Sign { sign, .. } => {
                words.insert(sign.to_string());
            }
        }
        if words.len() > MAX_WORDS {
            break;
        }
    }
    words.into_iter().take(MAX_WORDS).collect()
}

/// The words of a text as an index of all owners has them: each begins with its owner's mark, so that a search never
/// looks at another owner's words.
pub fn indexed(scope: &Scope, text: &str) -> Vec<String> {
    let mark = mark(scope);
    let words = words(text);
    words.iter().map(|word| format!("{mark}{word}")).collect()
}

/// What an item is found by: the text of a message and the names of its attachments. Empty for what isn't a message.
pub fn text_of(item: &ThreadItem) -> String {
    let parts: Vec<&str> = match item {
        ThreadItem::UserMessage(message) => {
            let names = message.attachments.iter();
            let names = names.map(frontdesk_protocol::Attachment::name);
            message
                .content
                .iter()
                .map(UserContent::text)
                .chain(names)
                .collect()
        }
        ThreadItem::AssistantMessage(message) => {
            let parts = message.content.iter();
            parts.map(|part| part.text.as_str()).collect()
        }
        _ => return String::new(),
    };
    parts.join("\n")
}

/// The part of a text that is searched, in the form in which equal texts have equal bytes.
fn normal(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().nfc().collect()
}

/// The mark of an owner. Two owners may have the same one, so it keeps nobody's data apart by itself.
fn mark(scope: &Scope) -> String {
    let name = [scope.tenant.as_str(), "\0", scope.user.as_str()].concat();
    // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// The parts of a long word: its ends.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let length = word.chars().count();
    let last = if length < COMPOUND_CHARS {
        0
    } else {
        length - PART_CHARS
    };
    let starts = word.char_indices().enumerate();
    starts
        .filter(move |(at, _)| (HEAD_CHARS..=last).contains(at))
        .filter_map(|(_, (start, _))| word.get(start..))
}

/// The pair of characters at this place; the last character stands alone.
fn pair(chars: &[&str], at: usize) -> String {
    chars.iter().skip(at).take(2).copied().collect()
}
