//! No file of Rust or TypeScript has more than 500 lines, tests counted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::File;

const MOST_LINES: usize = 500;

/// `xtask/tidy.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exceptions {
    /// Path and the lines it has today.
    #[serde(default)]
    long_files: BTreeMap<String, usize>,
}

pub(super) fn problems(files: &[File], exceptions: &Exceptions) -> Vec<String> {
    let mut problems = Vec::new();
    let mut excepted = exceptions.long_files.clone();
    for file in files
        .iter()
        .filter(|file| file.has_extension(&["rs", "ts", "tsx"]))
    {
        let path = &file.path;
        let lines = file.text.lines().count();
        match excepted.remove(path) {
            None if lines > MOST_LINES => problems.push(format!(
                "{path} has {lines} lines, more than {MOST_LINES}: split it by idea"
            )),
            Some(noted) if lines <= MOST_LINES => problems.push(format!(
                "{path} needs its exception of {noted} lines no longer: take it out of xtask/tidy.toml"
            )),
            Some(noted) if lines > noted => problems.push(format!(
                "{path} grew from {noted} to {lines} lines: an exception may only shrink"
            )),
            _ => {}
        }
    }
    problems.extend(
        excepted
            .keys()
            .map(|path| format!("{path} is not there: take it out of xtask/tidy.toml")),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> File {
        File {
            path: path.into(),
            text: "x\n".repeat(lines),
        }
    }

    #[test]
    fn only_long_files_without_a_fitting_exception_are_told() {
        let files = [
            file("a.rs", 500),
            file("b.rs", 501),
            file("c.ts", 600),
            file("d.rs", 600),
            file("e.rs", 10),
            file("f.md", 900),
        ];
        let exceptions = Exceptions {
            long_files: [
                ("c.ts", 600),
                ("d.rs", 599),
                ("e.rs", 700),
                ("gone.rs", 501),
            ]
            .map(|(path, lines)| (path.to_owned(), lines))
            .into(),
        };
        let told: Vec<_> = problems(&files, &exceptions)
            .iter()
            .filter_map(|problem| problem.split(' ').next().map(str::to_owned))
            .collect();
        assert_eq!(told, ["b.rs", "d.rs", "e.rs", "gone.rs"]);
    }
}
