//! SPDX licence expressions, as far as packages use them: names, `AND`, `OR`, `WITH`, brackets and the old `/`.
//! <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::vec::IntoIter;

/// How deep brackets may go.
const MOST_BRACKETS: usize = 16;

/// Whether the expression can be met with the licences that are allowed. What cannot be read is not allowed.
pub(super) fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(str::to_owned).collect();
    let mut reader = Reader {
        words: words.into_iter().peekable(),
        allowed,
        depth: 0,
    };
    let met = reader.any();
    met == Some(true) && reader.words.next().is_none()
}

/// `None` means that the expression cannot be read.
struct Reader<'a> {
    words: Peekable<IntoIter<String>>,
    allowed: &'a BTreeSet<String>,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.takes("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.takes("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            self.depth += 1;
            if self.depth > MOST_BRACKETS {
                return None;
            }
            let met = self.any()?;
            self.depth -= 1;
            return self.takes(")").then_some(met);
        }
        let name = self.words.next()?;
        if matches!(name.as_str(), ")" | "AND" | "OR" | "WITH") {
            return None;
        }
        let name = if self.takes("WITH") {
            format!("{name} WITH {}", self.words.next()?)
        } else {
            name
        };
        Some(self.allowed.contains(&name))
    }

    fn takes(&mut self, word: &str) -> bool {
        self.words.next_if(|next| next == word).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_or_not() {
        let allowed: BTreeSet<String> = ["MIT", "Apache-2.0", "ISC"].map(str::to_owned).into();
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0 AND MIT", false),
            ("MIT/Apache-2.0", true),
            ("ISC AND (GPL-3.0 OR Apache-2.0)", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
            ("Apache-2.0 WITH LLVM-exception", false),
            ("Apache-2.0 WITH LLVM-exception OR MIT", true),
            ("MIT OR", false),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
        assert!(!is_allowed(&"(".repeat(1000), &allowed));
    }
}
