//! The names that a template uses: unknown ones are refused, and so is every one that asks for a secret.

use minijinja::Environment;

use super::InstructionsError;
use super::page::PageNames;
use crate::secret_names::is_secret;

/// What to do instead of telling the model a secret.
pub(super) const BETTER_WAY: &str = "no secret is told to a model: a tool server learns who is calling by \
     `auth = \"exchange\"` or `auth = \"signed\"`, and one whose tools take the user or a token as parameters by \
     `auth = \"arguments\"`";

/// What a template may use.
const KNOWN: [&str; 9] = [
    "date",
    "locale",
    "page",
    "page.title",
    "page.url",
    "user",
    "user.email",
    "user.id",
    "user.name",
];

/// Words of the template language that a value can follow.
const OPERATORS: [&str; 9] = ["and", "elif", "else", "do", "if", "in", "is", "not", "or"];

/// How alike two names are that may have been mixed up.
const ALIKE: f64 = 0.75;

/// Refuses a template that asks for a secret, or for what isn't there; answers with what it asks of the page.
pub(super) fn check(
    environment: &Environment<'_>,
    template: &str,
    source: &str,
) -> Result<PageNames, InstructionsError> {
    let parsed = environment.get_template(template).map_err(super::wrong)?;
    let mut used: Vec<String> = parsed.undeclared_variables(true).into_iter().collect();
    used.sort();
    used.retain(|name| !environment.globals().any(|(global, _)| global == name));
    let attributes = attributes(source);
    let mut names = used.iter().chain(&attributes);
    if let Some(secret) = names.find(|name| is_secret(name)) {
        let reason = format!("`{secret}` would be a secret; {BETTER_WAY}");
        return Err(at_line(source, secret, &reason));
    }
    match used.iter().find(|name| !is_known(name)) {
        Some(unknown) => Err(at_line(source, unknown, &unknown_name(unknown))),
        None => Ok(PageNames::of(&used, &attributes)),
    }
}

/// Whether there is such a name. What the page tells is up to the page.
fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with("page.")
}

fn unknown_name(unknown: &str) -> String {
    let likeness = |known: &&str| strsim::jaro_winkler(unknown, known);
    let nearest = KNOWN
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = nearest
        .filter(|nearest| likeness(nearest) >= ALIKE)
        .map(|nearest| format!("; did you mean `{nearest}`?"))
        .unwrap_or_default();
    format!(
        "`{unknown}` is unknown{hint} (known are {})",
        KNOWN.join(", ")
    )
}

fn at_line(source: &str, name: &str, reason: &str) -> InstructionsError {
    let last = name.rsplit('.').next().unwrap_or(name);
    let line = source.lines().position(|line| line.contains(last));
    InstructionsError {
        reason: format!("line {}: {reason}", line.unwrap_or(0) + 1),
    }
}

/// The attributes that a template's code asks for by whatever name its objects have: `x.this`, `x["this"]`,
/// `x | attr("this")` and `map(attribute="this")`.
fn attributes(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut before: [Token<'_>; 2] = [Token::Other(' '); 2];
    for token in Tokens::of(source) {
        let [second, first] = before;
        let asks = match (first, token) {
            (Token::Other('.'), Token::Word(_)) => true,
            (Token::Other('['), Token::Text(_)) => is_value(second),
            (Token::Other('('), Token::Text(_)) => second == Token::Word("attr"),
            (Token::Other('='), Token::Text(_)) => second == Token::Word("attribute"),
            _ => false,
        };
        if let (true, Token::Word(name) | Token::Text(name)) = (asks, token) {
            found.push(name.to_owned());
        }
        before = [first, token];
    }
    found
}

/// Whether a value ends here, so that a `[` after it picks one of its attributes and begins no list.
fn is_value(token: Token<'_>) -> bool {
    match token {
        Token::Word(word) => !OPERATORS.contains(&word),
        Token::Text(_) | Token::Other(')' | ']' | '}') => true,
        Token::Other(_) => false,
    }
}

/// A piece of a template's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'s> {
    Word(&'s str),
    Text(&'s str),
    Other(char),
}

/// The pieces of what lies between `{{` and `}}`, or `{%` and `%}`.
struct Tokens<'s> {
    rest: &'s str,
    is_code: bool,
}

impl<'s> Tokens<'s> {
    fn of(source: &'s str) -> Self {
        Self {
            rest: source,
            is_code: false,
        }
    }

    /// Goes on to the next code; `false` if there is none.
    fn enter(&mut self) -> bool {
        while let Some((_, rest)) = self.rest.split_once('{') {
            if let Some(raw) = rest.strip_prefix('%').and_then(after_raw) {
                self.rest = raw;
                continue;
            }
            if let Some(code) = rest.strip_prefix(['{', '%']) {
                (self.rest, self.is_code) = (code, true);
                return true;
            }
            self.rest = match rest.strip_prefix('#') {
                Some(comment) => comment.split_once("#}").map_or("", |(_, after)| after),
                None => rest,
            };
        }
        false
    }

    /// Takes what comes before the first character that doesn't belong.
    fn take(&mut self, mut belongs: impl FnMut(char) -> bool) -> &'s str {
        let length = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// What follows a block whose text is shown as it stands, where this code begins one.
fn after_raw(code: &str) -> Option<&str> {
    let word = code.trim_start_matches(['-', '+']).trim_start();
    let rest = word.strip_prefix("raw")?;
    if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    Some(rest.split_once("endraw").map_or("", |(_, after)| after))
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        loop {
            if !self.is_code && !self.enter() {
                return None;
            }
            self.take(char::is_whitespace);
            if let Some(after) = ["}}", "%}"]
                .iter()
                .find_map(|end| self.rest.strip_prefix(end))
            {
                (self.rest, self.is_code) = (after, false);
                continue;
            }
            let mut chars = self.rest.chars();
            let first = chars.next()?;
            if first.is_alphanumeric() || first == '_' {
                return Some(Token::Word(self.take(|c| c.is_alphanumeric() || c == '_')));
            }
            self.rest = chars.as_str();
            if first != '"' && first != '\'' {
                return Some(Token::Other(first));
            }
            let mut is_escaped = false;
            let text = self.take(|c| {
                let belongs = c != first || is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                belongs
            });
            self.rest = self.rest.strip_prefix(first).unwrap_or_default();
            return Some(Token::Text(text));
        }
    }
}
