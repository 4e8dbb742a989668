//! Each invariant of ARCHITECTURE.md names a test that keeps it, as `crate-folder::test_name`, and that test is there.

use super::File;

const DOCUMENT: &str = "ARCHITECTURE.md";
const HOMES: [&str; 3] = ["crates", "examples", "."];
/// How many lines of attributes may stand between `#[test]` and its function.
const ATTRIBUTE_LINES: usize = 8;

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        return vec![format!(
            "{DOCUMENT} is missing: it tells the map, one turn and the invariants"
        )];
    };
    let invariants = invariants(&document.text);
    if invariants.is_empty() {
        return vec![format!(
            "{DOCUMENT} has no numbered list under a heading with “Invariants”"
        )];
    }
    let mut problems = Vec::new();
    for (number, text) in invariants {
        let promised = promised(&text);
        if promised.is_empty() {
            problems.push(format!(
                "{DOCUMENT}: invariant {number} names no test that keeps it"
            ));
        }
        for (folder, test) in promised {
            if !files
                .iter()
                .any(|file| belongs_to(&file.path, &folder) && keeps(file, &test))
            {
                problems.push(format!(
                    "{DOCUMENT}: invariant {number} names `{folder}::{test}`, and there is no such test"
                ));
            }
        }
    }
    problems
}

/// The numbered points of the section, each with its number and all its lines.
fn invariants(document: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        if line.starts_with('#') {
            inside = line.to_lowercase().contains("invariants");
            continue;
        }
        if !inside {
            continue;
        }
        let numbered = line.split_once(". ").filter(|(number, _)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if let Some((number, text)) = numbered {
            found.push((number.to_owned(), text.to_owned()));
        } else if let Some((_, text)) = found.last_mut() {
            text.push('\n');
            text.push_str(line);
        }
    }
    found
}

/// The tests named in backticks: folder and function.
fn promised(text: &str) -> Vec<(String, String)> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|name| {
            let (folder, rest) = name.split_once("::")?;
            let function = rest.rsplit("::").next()?;
            let is_folder = folder
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let is_test = function
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            (is_folder && is_test).then(|| (folder.to_owned(), function.to_owned()))
        })
        .collect()
}

fn belongs_to(path: &str, folder: &str) -> bool {
    HOMES.iter().any(|home| {
        ["src", "tests"].iter().any(|part| {
            let prefix = if *home == "." {
                format!("{folder}/{part}/")
            } else {
                format!("{home}/{folder}/{part}/")
            };
            path.starts_with(&prefix)
        })
    })
}

/// A test function, or a property of a contract suite, which runs as a test of every implementation.
fn keeps(file: &File, name: &str) -> bool {
    let is_property = file.path.contains("/src/contract/")
        && file.text.contains(&format!("pub async fn {name}("));
    is_property || has_test(&file.text, name)
}

fn has_test(text: &str, name: &str) -> bool {
    let signature = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().enumerate().any(|(at, line)| {
        line.contains(&signature)
            && lines
                .iter()
                .take(at)
                .rev()
                .take(ATTRIBUTE_LINES)
                .any(|before| {
                    let before = before.trim_start();
                    before.starts_with("#[") && before.contains("test")
                })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn promised_tests_have_to_be_there() {
        let document = "# Map\n1. no invariant\n## Invariants\n\
            1. Scoped. `chat::users_are_apart`\n\
            2. Stored first.\n   `chat::turn::gone`, `store-sqlite::pages`\n\
            3. Bounded `Vec::new`.\n\
            4. Kept. `chat::not_a_test`\n## After\n5. `chat::gone`\n";
        let files = [
            file(DOCUMENT, document),
            file(
                "crates/chat/tests/all/owners.rs",
                "#[tokio::test]\nasync fn users_are_apart() {}\n",
            ),
            file(
                "crates/store-sqlite/src/page.rs",
                "#[test]\n#[cfg(unix)]\nfn pages() {}\nfn gone() {}\n",
            ),
            file(
                "crates/chat/src/lib.rs",
                "//! Chat.\npub fn not_a_test() {}\n",
            ),
        ];
        assert_eq!(
            problems(&files),
            [
                "ARCHITECTURE.md: invariant 2 names `chat::gone`, and there is no such test",
                "ARCHITECTURE.md: invariant 3 names no test that keeps it",
                "ARCHITECTURE.md: invariant 4 names `chat::not_a_test`, and there is no such test",
            ]
        );
        assert_eq!(problems(&files[1..]).len(), 1);
    }
}
