//! The SQL statements of a store: those that its source has, and those that a program executed.
//!
//! A statement is a literal that begins with a verb of SQL in lower case; no other text in a store's source does.
//! White space doesn't count, and of a statement that is made at run time only what stands before its first `{`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Where sqlx tells what it executes.
const TARGET: &str = "sqlx::query";
/// With what statements begin.
const VERBS: [&str; 18] = [
    "alter",
    "begin",
    "commit",
    "create",
    "delete",
    "drop",
    "insert",
    "listen",
    "lock",
    "notify",
    "pragma",
    "rollback",
    "savepoint",
    "select",
    "set",
    "update",
    "vacuum",
    "with",
];
/// What stands before the tests in a file.
const TESTS: &str = "\n#[cfg(test)]\n";

/// The statements that this program has executed.
#[derive(Debug, Clone, Default)]
pub struct Executed(Arc<Mutex<BTreeSet<String>>>);

impl Executed {
    /// Watches from now on, all of this program. There can be one that does.
    pub fn watch() -> Result<Self> {
        let executed = Self::default();
        let watching = Watching(executed.clone());
        tracing::subscriber::set_global_default(watching)
            .context("somebody else watches this program")?;
        Ok(executed)
    }

    /// The statements in the sources of a folder that weren't executed, each behind the name of its file.
    pub fn missing(&self, folder: &Path) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        for (file, statement) in in_sources(folder)? {
            if !self.has(&statement) {
                missing.push(format!("{file}: {statement}"));
            }
        }
        Ok(missing)
    }

    fn has(&self, statement: &str) -> bool {
        let executed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (beginning, is_whole) = match statement.split_once('{') {
            Some((beginning, _)) => (beginning.trim_end(), false),
            None => (statement, true),
        };
        executed.contains(statement)
            || !is_whole && executed.iter().any(|other| other.starts_with(beginning))
    }

    /// Statements that are sent together stand behind one another.
    fn add(&self, sent: &str) {
        let mut executed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        executed.extend(sent.split(';').map(in_one_line));
    }
}

/// The statements in the sources of a folder and those below it, in one line each, with the names of their files.
pub fn in_sources(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(in_sources(&path)?);
            continue;
        }
        let source = fs::read_to_string(&path)?;
        let source = source.split(TESTS).next().unwrap_or_default();
        let tokens: TokenStream = source
            .parse()
            .map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let mut texts = Vec::new();
        collect(tokens, &mut texts);
        let statements = texts.iter().map(|text| in_one_line(text));
        let statements = statements.filter(|text| is_statement(text));
        found.extend(statements.map(|text| (name.clone().into_owned(), text)));
    }
    found.sort();
    Ok(found)
}

/// The texts among these tokens, but for attributes, of which comments are some.
fn collect(tokens: TokenStream, texts: &mut Vec<String>) {
    let mut is_attribute = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                if !(is_attribute && group.delimiter() == Delimiter::Bracket) {
                    collect(group.stream(), texts);
                }
                is_attribute = false;
            }
            TokenTree::Punct(sign) => {
                is_attribute = sign.as_char() == '#' || is_attribute && sign.as_char() == '!';
            }
            TokenTree::Literal(literal) => {
                texts.extend(text(&literal.to_string()));
                is_attribute = false;
            }
            TokenTree::Ident(_) => is_attribute = false,
        }
    }
}

/// What a literal says; `None` if it is none of a text.
fn text(literal: &str) -> Option<String> {
    let quoted = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::new();
    let mut signs = quoted.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            text.push(sign);
            continue;
        }
        match signs.next()? {
            '\n' => while signs.next_if(|sign| sign.is_whitespace()).is_some() {},
            'n' | 't' | 'r' => text.push(' '),
            other => text.push(other),
        }
    }
    Some(text)
}

fn is_statement(text: &str) -> bool {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    VERBS.contains(&verb) && (!rest.is_empty() || ["begin", "commit", "rollback"].contains(&verb))
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Hears what sqlx tells.
struct Watching(Executed);

impl Subscriber for Watching {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == TARGET && *metadata.level() == Level::TRACE
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        // A short one is told as its own summary alone.
        let short = if heard.statement.is_empty() {
            &heard.summary
        } else {
            &heard.statement
        };
        self.0.add(short);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Heard {
    summary: String,
    statement: String,
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_in_a_source_and_nothing_else_is() {
        let folder = std::env::temp_dir().join(format!("statements-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let source = r#"
            //! "select nothing"
            #[doc = "delete nothing"]
            fn a(b: char) { run("select 1\n   from \"t\" \
                where x = '\"'", '"', "with you: {b}"); /* "update nothing" */ }
            const C: [&str; 3] = ["commit", "select", "selected words"];
"#;
        let source = format!("{source}\n#[cfg(test)]\nconst D: &str = \"drop nothing\";\n");
        fs::write(folder.join("a.rs"), source).unwrap();
        let found = in_sources(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let found: Vec<&str> = found
            .iter()
            .map(|(_, statement)| statement.as_str())
            .collect();
        let expected = [
            "commit",
            "select 1 from \"t\" where x = '\"'",
            "with you: {b}",
        ];
        assert_eq!(found, expected);
        let executed = Executed::default();
        executed.add("\n\nselect 1\n from \"t\"\nwhere x = '\"';\ncommit\n");
        assert!(executed.has(expected[0]) && executed.has(expected[1]));
        assert!(!executed.has("select 1 from \"t\"") && !executed.has(expected[2]));
        executed.add("with you: me");
        assert!(executed.has(expected[2]));
    }
}
