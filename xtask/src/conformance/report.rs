//! What a run of the suite came to, read from the checks that it wrote for each scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::suite::Side;

const CHECKS: &str = "checks.json";
/// What the suite hangs onto a scenario's name: `-2026-11-21T09-16-00-000Z`.
const STAMP_LENGTH: usize = 25;

/// The run of one side for one revision.
pub(super) struct Report {
    side: Side,
    revision: String,
    least: usize,
    /// The required scenarios, each with its checks; none where the suite wrote nothing.
    scenarios: BTreeMap<String, Vec<Check>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    id: String,
    description: String,
    status: Status,
    error_message: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failure,
    Warning,
    Info,
    Skipped,
}

impl Report {
    pub(super) fn read(
        side: Side,
        revision: &str,
        least: usize,
        required: &BTreeSet<String>,
        results: &Path,
    ) -> Result<Self> {
        let mut written = BTreeMap::new();
        collect(results, "", &mut written)?;
        let prefix = match side {
            Side::Server => "server-",
            Side::Client => "",
        };
        let scenarios = required
            .iter()
            .map(|name| {
                let checks = written.remove(&format!("{prefix}{name}"));
                (name.clone(), checks.unwrap_or_default())
            })
            .collect();
        Ok(Self {
            side,
            revision: revision.to_owned(),
            least,
            scenarios,
        })
    }

    pub(super) fn passed(&self) -> bool {
        let passed = self.count_passed();
        passed == self.scenarios.len() && passed >= self.least
    }

    pub(super) fn print_failures(&self) {
        for (name, checks) in &self.scenarios {
            let title = format!("{} {} {name}", self.side, self.revision);
            if !has_passed(checks) {
                println!("\n{title}: FAILED");
            } else if count(checks, Status::Warning) > 0 {
                println!("\n{title}: passed with warnings");
            }
            if checks.is_empty() {
                println!(
                    "  the suite wrote no checks; see what it said in target/xtask/conformance/results"
                );
            }
            for check in checks {
                if matches!(check.status, Status::Failure | Status::Warning) {
                    let reason = check.error_message.as_deref().unwrap_or_default();
                    println!("  {}: {} {reason}", check.id, check.description);
                }
            }
        }
        if self.scenarios.len() < self.least {
            println!(
                "\nthe suite requires {} of a {} for {}, fewer than the {} it did",
                self.scenarios.len(),
                self.side,
                self.revision,
                self.least
            );
        }
    }

    fn count_passed(&self) -> usize {
        self.scenarios
            .values()
            .filter(|checks| has_passed(checks))
            .count()
    }

    fn checks(&self, status: Status) -> usize {
        self.scenarios
            .values()
            .map(|checks| count(checks, status))
            .sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<6} {:<18} {:>8} {:>8} {:>8} {:>8}{}",
            self.side.to_string(),
            self.revision,
            self.scenarios.len(),
            self.count_passed(),
            self.checks(Status::Success),
            self.checks(Status::Warning),
            if self.passed() { "" } else { "  FAILED" }
        )
    }
}

/// Something was checked and nothing failed.
fn has_passed(checks: &[Check]) -> bool {
    count(checks, Status::Failure) == 0 && count(checks, Status::Success) > 0
}

fn count(checks: &[Check], status: Status) -> usize {
    checks.iter().filter(|check| check.status == status).count()
}

/// Finds the checks of every scenario; a name with a slash is a folder in a folder.
fn collect(folder: &Path, path: &str, found: &mut BTreeMap<String, Vec<Check>>) -> Result<()> {
    let entries = fs::read_dir(folder).context("cannot read the results")?;
    for entry in entries {
        let entry = entry.context("cannot read the results")?;
        let file = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if file.is_dir() {
            collect(&file, &format!("{path}/{name}"), found)?;
        } else if name == CHECKS {
            let text = fs::read_to_string(&file).context("cannot read the checks")?;
            let checks = serde_json::from_str(&text)
                .with_context(|| format!("cannot understand {}", file.display()))?;
            found.insert(scenario(path).to_owned(), checks);
        }
    }
    Ok(())
}

/// The scenario whose folder this is.
fn scenario(path: &str) -> &str {
    let end = path.len().saturating_sub(STAMP_LENGTH);
    path.get(1..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(statuses: &[&str]) -> Vec<Check> {
        let check =
            |status: &&str| serde_json::json!({"id": "a", "description": "b", "status": status});
        let all: Vec<_> = statuses.iter().map(check).collect();
        serde_json::from_value(all.into()).unwrap()
    }

    fn report(least: usize, scenarios: &[(&str, &[&str])]) -> Report {
        let scenarios = scenarios.iter();
        Report {
            side: Side::Client,
            revision: "2026-07-28".to_owned(),
            least,
            scenarios: scenarios
                .map(|(name, statuses)| ((*name).to_owned(), checks(statuses)))
                .collect(),
        }
    }

    #[test]
    fn every_required_scenario_has_to_pass_and_none_may_be_missing() {
        let good: &[&str] = &["SUCCESS", "INFO", "SKIPPED", "WARNING"];
        let cases = [
            (2, vec![("a", good), ("b", good)], true),
            (3, vec![("a", good), ("b", good)], false),
            (1, vec![("a", good), ("b", &["SUCCESS", "FAILURE"])], false),
            (1, vec![("a", good), ("b", &["INFO"])], false),
            (1, vec![("a", good), ("b", &[])], false),
            (0, vec![("a", good)], true),
        ];
        for (number, (least, scenarios, passed)) in cases.into_iter().enumerate() {
            assert_eq!(report(least, &scenarios).passed(), passed, "case {number}");
        }
    }

    #[test]
    fn a_folder_names_its_scenario() {
        let path = "/auth/basic-cimd-2026-11-21T09-16-00-000Z";
        assert_eq!(scenario(path), "auth/basic-cimd");
        assert_eq!(scenario("/short"), "");
    }
}
