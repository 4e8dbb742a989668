//! The sum of all `test result:` lines of one run, and of what Node's runner of tests counts.

use std::fmt;

/// How many tests passed, failed and were ignored.
#[derive(Default, Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Test programs that reported; none means that nothing ran at all.
    programs: u64,
}

impl Tally {
    /// Adds a line if it is a result; every other line changes nothing.
    pub(crate) fn read(&mut self, line: &str) {
        let Some(result) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        self.programs += 1;
        for count in counts.split(';') {
            let Some((number, what)) = count.trim().split_once(' ') else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Adds a line of the summary that `node --test` ends with; every other line changes nothing.
    pub(crate) fn read_node(&mut self, line: &str) {
        // The one that is for people, then the one of TAP.
        let Some(count) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            return;
        };
        let Some((what, number)) = count.trim().split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match what {
            "tests" => self.programs += 1,
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.ignored += number,
            _ => {}
        }
    }

    /// Whether tests ran at all.
    pub(crate) fn ran(&self) -> bool {
        self.programs > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(out, ", {} ignored", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_add_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test tests::reads ... ok",
            "test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
        ] {
            tally.read(line);
        }
        assert_eq!(tally.to_string(), "7 passed, 2 failed, 1 ignored");
        assert!(tally.ran());
        assert!(!Tally::default().ran());
    }

    #[test]
    fn the_summary_of_node_is_added() {
        let mut tally = Tally::default();
        for line in [
            "✔ a message is sent (12.3ms)",
            "  ℹ pass 100",
            "ℹ tests 9",
            "ℹ suites 0",
            "ℹ pass 5",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "ℹ skipped 1",
            "ℹ todo 1",
            "ℹ duration_ms 1234.5",
            "# tests 2",
            "# pass 2",
        ] {
            tally.read_node(line);
        }
        assert_eq!(tally.to_string(), "7 passed, 2 failed, 2 ignored");
        assert!(tally.ran());
    }
}
