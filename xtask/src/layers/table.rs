//! The table of crates in ARCHITECTURE.md: `| folder | what lives there | may depend on |`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

/// What every crate but the wire types may use without being listed.
const EVERYWHERE: [&str; 2] = ["clock", "identity"];
/// The crate that depends on nothing of ours at all.
const BARE: &str = "protocol";
/// Tools of the workspace need no row: they may use everything.
const FREE: [&str; 1] = ["xtask"];

/// Folder ▸ what it may depend on.
pub(super) struct Table(BTreeMap<String, Allowed>);

enum Allowed {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

impl Table {
    pub(super) fn read(document: &str) -> Result<Self> {
        let mut rows = BTreeMap::new();
        let mut inside = false;
        for line in document.lines() {
            let Some(cells) = cells(line) else {
                inside = false;
                continue;
            };
            match cells.as_slice() {
                [folder, _, may] if *folder == "folder" && *may == "may depend on" => inside = true,
                [folders, _, may, ..] if inside => {
                    for folder in folders.split('`').skip(1).step_by(2) {
                        rows.insert(folder.trim_end_matches('/').to_owned(), allowed(may));
                    }
                }
                _ => {}
            }
        }
        if rows.is_empty() {
            bail!(
                "ARCHITECTURE.md has no table with the columns folder, what lives there, may depend on"
            );
        }
        Ok(Self(rows))
    }

    /// Crates that no row speaks of.
    pub(super) fn absent(&self, folders: &[String]) -> Vec<String> {
        folders
            .iter()
            .filter(|folder| !self.0.contains_key(*folder) && !FREE.contains(&folder.as_str()))
            .map(|folder| format!("{folder} has no row in the table of ARCHITECTURE.md; write one"))
            .collect()
    }

    /// What is wrong with a dependency of one folder on another, if anything.
    pub(super) fn problem(&self, from: &str, to: &str) -> Option<String> {
        if FREE.contains(&from) {
            return None;
        }
        let (from_name, to_name) = (name(from), name(to));
        if EVERYWHERE.contains(&to_name) && from_name != BARE {
            return None;
        }
        let listed = match self.0.get(from)? {
            Allowed::Only(names) if names.contains(to_name) => return None,
            Allowed::AllBut(names) if !names.contains(to_name) => return None,
            Allowed::Only(names) if names.is_empty() => "nothing".to_owned(),
            Allowed::Only(names) => join(names),
            Allowed::AllBut(names) => format!("all but {}", join(names)),
        };
        Some(format!(
            "{from} may not depend on {to_name} (allowed: {listed}); \
             move the code to where the arrow points, or pass a trait or a value in"
        ))
    }
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.trim().strip_prefix('|')?;
    let row = row.strip_suffix('|').unwrap_or(row);
    Some(row.split('|').map(str::trim).collect())
}

fn allowed(cell: &str) -> Allowed {
    match cell.strip_prefix("all but ") {
        Some(rest) => Allowed::AllBut(names(rest)),
        None => Allowed::Only(names(cell)),
    }
}

fn names(cell: &str) -> BTreeSet<String> {
    cell.split(',')
        .map(|name| name.trim().trim_matches('`'))
        .filter(|name| !matches!(*name, "" | "–" | "-"))
        .map(|folder| name(folder).to_owned())
        .collect()
}

/// The short name of a crate: the last part of its folder.
fn name(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

fn join(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
# Map
| folder | what lives there | may depend on |
|---|---|---|
| `crates/protocol` | wire | – |
| `crates/store-sqlite`, `crates/store-postgres` | SQL | store |
| `crates/chat` | use cases, `turn/` | `protocol`, store |
| `crates/frontdesk` | product | all but testkit |
| `docs/` | as named | |

| folder | other table |
| `crates/none` | no |
";

    #[test]
    fn arrows_follow_the_table() -> Result<()> {
        let table = Table::read(DOCUMENT)?;
        let cases = [
            ("crates/chat", "crates/store", true),
            ("crates/chat", "crates/clock", true),
            ("crates/chat", "crates/agent", false),
            ("crates/protocol", "crates/clock", false),
            ("crates/store-postgres", "crates/store", true),
            ("crates/store-postgres", "crates/chat", false),
            ("crates/frontdesk", "examples/taskflow", true),
            ("crates/frontdesk", "crates/testkit", false),
            ("xtask", "crates/testkit", true),
        ];
        for (from, to, fine) in cases {
            assert_eq!(table.problem(from, to).is_none(), fine, "{from} ▸ {to}");
        }
        let folders = ["crates/chat", "crates/none", "xtask"].map(str::to_owned);
        assert_eq!(table.absent(&folders).len(), 1);
        assert!(Table::read("# Map\n").is_err());
        Ok(())
    }
}
