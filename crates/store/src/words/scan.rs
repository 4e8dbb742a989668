//! Takes a text apart: words, runs of characters without spaces between words, and pictographs.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::MAX_WORD_CHARS;

/// The most characters that a character of a dense script has with its marks, so that no word outgrows what an index
/// takes.
const MAX_DENSE_CHARS: usize = 8;

/// A piece of a text, with the byte at which it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// A word, folded.
    Word { start: usize, folded: String },
    /// Characters of a script that sets no spaces between words, each folded.
    Dense { chars: Vec<(usize, String)> },
    /// A pictograph.
    Sign { start: usize, sign: char },
}

/// How a character goes together with its neighbours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Dense,
    Sign,
    /// It belongs to what is before it.
    Joiner,
    Gap,
}

/// The pieces of a text, which is in NFC.
pub(super) fn scan(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut before = Kind::Gap;
    for (start, c) in text.char_indices() {
        let kind = kind(c);
        match (kind, runs.last_mut()) {
            (Kind::Joiner, None) | (Kind::Gap, _) => {}
            (Kind::Joiner, Some(run)) if before != Kind::Gap => join(run, c),
            (Kind::Joiner, Some(_)) => continue,
            (Kind::Letter, Some(Run::Word { folded, .. })) if before == Kind::Letter => {
                add(folded, c, MAX_WORD_CHARS);
            }
            (Kind::Letter, _) => runs.push(Run::Word {
                start,
                folded: fold(c),
            }),
            (Kind::Dense, Some(Run::Dense { chars })) if before == Kind::Dense => {
                chars.push((start, fold(c)));
            }
            (Kind::Dense, _) => runs.push(Run::Dense {
                chars: vec![(start, fold(c))],
            }),
            (Kind::Sign, _) => runs.push(Run::Sign { start, sign: c }),
        }
        if kind != Kind::Joiner {
            before = kind;
        }
    }
    runs.into_iter().filter_map(whole).collect()
}

/// The piece, if folding has left anything of it.
fn whole(run: Run) -> Option<Run> {
    match run {
        Run::Word { start, folded } => {
            let folded: String = folded.chars().take(MAX_WORD_CHARS).collect();
            (!folded.is_empty()).then_some(Run::Word { start, folded })
        }
        Run::Dense { mut chars } => {
            for (_, folded) in &mut chars {
                *folded = folded.chars().take(MAX_DENSE_CHARS).collect();
            }
            chars.retain(|(_, folded)| !folded.is_empty());
            (!chars.is_empty()).then_some(Run::Dense { chars })
        }
        Run::Sign { .. } => Some(run),
    }
}

fn join(run: &mut Run, c: char) {
    match run {
        Run::Word { folded, .. } => add(folded, c, MAX_WORD_CHARS),
        Run::Dense { chars } => {
            if let Some((_, last)) = chars.last_mut() {
                add(last, c, MAX_DENSE_CHARS);
            }
        }
        Run::Sign { .. } => {}
    }
}

/// Adds a character, folded, unless so many are there.
fn add(folded: &mut String, c: char, most: usize) {
    if folded.chars().count() < most {
        folded.push_str(&fold(c));
    }
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() {
            Kind::Letter
        } else {
            Kind::Gap
        };
    }
    if is_joiner(c) {
        Kind::Joiner
    } else if is_sign(c) {
        Kind::Sign
    } else if c.is_alphanumeric() && is_dense(c) {
        Kind::Dense
    } else if c.is_alphanumeric() {
        Kind::Letter
    } else {
        Kind::Gap
    }
}

/// A character as it is compared: without case, accents and the forms that mean the same.
fn fold(c: char) -> String {
    if c.is_ascii() {
        return c.to_ascii_lowercase().to_string();
    }
    if let Some(written) = apart(c) {
        return written.to_owned();
    }
    let plain = std::iter::once(c).nfkd().filter(|&part| counts(part));
    // To upper case and back, so that ß is ss and the two sigmas are one.
    let folded = plain.flat_map(char::to_uppercase);
    let folded = folded.flat_map(char::to_lowercase).nfkd();
    folded.filter(|&part| counts(part)).nfc().collect()
}

/// Letters of Latin scripts that are written with others where a keyboard hasn't got them.
fn apart(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        _ => return None,
    })
}

/// Whether a part of a character counts: letters and digits, and the marks that change a sound. Accents and the points
/// of Hebrew and Arabic don't; see the [combining classes](https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values).
fn counts(part: char) -> bool {
    match canonical_combining_class(part) {
        0 => part.is_alphanumeric(),
        class => class < 10,
    }
}

/// Marks, and characters that one doesn't see and that don't part a word.
fn is_joiner(c: char) -> bool {
    let is_unseen = matches!(
        c,
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}'
    );
    let is_skin = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
    is_unseen || is_skin || canonical_combining_class(c) != 0
}

/// Pictographs and symbols.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
        && !c.is_alphanumeric()
}

/// Scripts without spaces between words (Thai, Lao, Burmese, Khmer, Japanese, Chinese), and Hangul, whose words take on
/// endings: see the [blocks of Unicode](https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt).
fn is_dense(c: char) -> bool {
    matches!(
        c,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3000}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{3ffff}'
    )
}
