//! What each line of a source may not say: a module without a doc, a silenced test or lint, a path of one machine.

use super::File;

const SILENCED: [(&str, &str); 3] = [
    (
        concat!("#[", "ignore"),
        "a test that does not run proves nothing; mend it or take it out",
    ),
    (
        concat!("#[", "allow("),
        "use `#[expect(…, reason = \"…\")]`",
    ),
    (
        concat!("#![", "allow("),
        "use `#![expect(…, reason = \"…\")]`",
    ),
];
const MACHINES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
const TEMPORARY: &str = concat!("/tm", "p/");

pub(super) fn problems(files: &[File]) -> Vec<String> {
    files.iter().flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<String> {
    let path = &file.path;
    let mut problems = Vec::new();
    let rust = file.has_extension(&["rs"]);
    if rust && path.contains("src/") && !file.text.starts_with("//!") {
        problems.push(format!(
            "{path}: the first line says what the module is, as `//! …`"
        ));
    }
    let mut in_tests = is_test(path);
    for (number, line) in (1..).zip(file.text.lines()) {
        in_tests |= line.trim() == "#[cfg(test)]";
        if rust {
            for (start, mend) in SILENCED {
                if line.trim_start().starts_with(start) {
                    problems.push(format!("{path}:{number}: {mend}"));
                }
            }
        }
        let temporary = rust && !in_tests && names_path(line, TEMPORARY);
        if temporary || MACHINES.iter().any(|folder| names_path(line, folder)) {
            problems.push(format!(
                "{path}:{number}: a path of one machine; take it from outside"
            ));
        }
    }
    problems
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests")
}

/// Whether an absolute path starts with `folder` here; in the middle of a longer path it doesn't count.
fn names_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric() && !"./}_-*~$".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        let file = File {
            path: path.into(),
            text: text.into(),
        };
        of_file(&file)
            .into_iter()
            .map(|problem| problem.split(": ").next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn each_rule_names_its_line() {
        let silenced = format!(
            "//! Doc.\n    {}\"slow\"]\n{}dead_code)]\n",
            SILENCED[0].0, SILENCED[1].0
        );
        let machine = format!("see `{}notes`\n", MACHINES[0]);
        let elsewhere = format!(
            "https://example.com{}x and target{}\n",
            MACHINES[0], TEMPORARY
        );
        let temporary = format!(
            "//! Doc.\nlet a = \"{TEMPORARY}x\";\n#[cfg(test)]\nlet b = \"{TEMPORARY}x\";\n"
        );
        let cases: [(&str, &str, &[&str]); 7] = [
            ("crates/a/src/lib.rs", "//! Doc.\n", &[]),
            ("crates/a/src/lib.rs", "use b;\n", &["crates/a/src/lib.rs"]),
            ("crates/a/tests/all.rs", "use b;\n", &[]),
            (
                "crates/a/src/b.rs",
                &silenced,
                &["crates/a/src/b.rs:2", "crates/a/src/b.rs:3"],
            ),
            ("docs/a.md", &machine, &["docs/a.md:1"]),
            ("docs/a.md", &elsewhere, &[]),
            ("crates/a/src/b.rs", &temporary, &["crates/a/src/b.rs:2"]),
        ];
        for (path, text, expected) in cases {
            assert_eq!(told(path, text), expected, "{path}: {text}");
        }
    }
}
