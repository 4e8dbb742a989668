//! What failing tests printed, kept to be shown once more at the end: in a long run it stands far up.

use std::fmt;

/// Lines kept of one program's failures; the rest is where the tests ran.
const MOST_LINES: usize = 150;

/// The blocks in which cargo's tests and Node's show what failed.
#[derive(Default, Debug)]
pub(crate) struct Failures {
    lines: Vec<String>,
    /// Lines of the program that prints now.
    of_program: usize,
    is_inside: bool,
}

impl Failures {
    /// Looks at a line that `cargo test` printed.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if line.starts_with("     Running ") || line.starts_with("test result: ") {
            self.is_inside = false;
            self.of_program = 0;
        } else if line.starts_with("---- ") && line.ends_with(" ----") {
            self.is_inside = true;
        } else if line == "failures:" {
            self.is_inside = false;
        }
        self.keep(line);
    }

    /// Looks at a line that `node --test` printed: what failed stands at its end.
    pub(crate) fn read_node(&mut self, line: &str) {
        if line.starts_with("✖ failing tests:") {
            self.is_inside = true;
            self.of_program = 0;
        }
        self.keep(line);
    }

    /// The program that printed has ended.
    pub(crate) fn end(&mut self) {
        self.is_inside = false;
        self.of_program = 0;
    }

    /// Notes something that failed without a test.
    pub(crate) fn add(&mut self, what: &str) {
        self.lines.push(what.to_owned());
    }

    fn keep(&mut self, line: &str) {
        if !self.is_inside {
            return;
        }
        self.of_program += 1;
        if self.of_program <= MOST_LINES {
            self.lines.push(line.to_owned());
        } else if self.of_program == MOST_LINES + 1 {
            self.lines.push("… more stands above".to_owned());
        }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_in_cargo_is_kept() {
        let mut failures = Failures::default();
        for line in [
            "test all::sends ... FAILED",
            "",
            "failures:",
            "",
            "---- all::sends stdout ----",
            "thread 'all::sends' panicked at tests/all/sends.rs:7:5:",
            "left: 1",
            "",
            "failures:",
            "    all::sends",
            "",
            "test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
            "test all::next ... ok",
        ] {
            failures.read(line);
        }
        assert_eq!(
            failures.to_string(),
            "---- all::sends stdout ----\n\
             thread 'all::sends' panicked at tests/all/sends.rs:7:5:\n\
             left: 1\n\n"
        );
    }

    #[test]
    fn what_failed_in_node_is_kept() {
        let mut failures = Failures::default();
        for line in [
            "✔ one (1ms)",
            "✖ two (2ms)",
            "ℹ fail 1",
            "✖ failing tests:",
            "✖ two (2ms)",
            "  1 !== 2",
        ] {
            failures.read_node(line);
        }
        failures.end();
        failures.read_node("✔ three (1ms)");
        failures.add("front end: types");
        assert_eq!(
            failures.to_string(),
            "✖ failing tests:\n✖ two (2ms)\n  1 !== 2\nfront end: types\n"
        );
    }

    #[test]
    fn a_flood_is_cut() {
        let mut failures = Failures::default();
        failures.read("---- all::loud stdout ----");
        for _ in 0..1000 {
            failures.read("again");
        }
        let shown = failures.to_string();
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
        assert!(shown.ends_with("… more stands above\n"));
    }
}
