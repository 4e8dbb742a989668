//! What the documents say of data is what there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::site::Site;

/// Crates that are no station of a turn: values, and what only tests use.
const NO_STATION: [&str; 6] = ["json", "protocol", "identity", "clock", "auth", "testkit"];
/// What SQLite writes beside a database while it is open.
const BESIDE: [&str; 2] = ["-shm", "-wal"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
    entries.map(|entry| name(entry).unwrap()).collect()
}

/// What is under a heading, to the next one of its rank.
fn under<'t>(text: &'t str, heading: &str) -> &'t str {
    let after = text.split_once(&format!("\n## {heading}\n")).unwrap().1;
    after.split("\n## ").next().unwrap()
}

#[tokio::test]
async fn the_first_page_names_what_is_kept() {
    let site = Site::as_shipped().await;
    let page = read("README.md");
    for name in names_in(site.dir.path()) {
        let kept = BESIDE.iter().find_map(|end| name.strip_suffix(end));
        let kept = format!("`{}`", kept.unwrap_or(&name));
        assert!(page.contains(&kept), "{kept}");
    }
}

#[test]
fn the_map_shows_where_a_turn_passes() {
    let text = read("ARCHITECTURE.md");
    let map = under(&text, "Map").split("```").nth(1).unwrap();
    let words: BTreeSet<&str> = map
        .split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-'))
        .collect();
    for name in names_in(&root().join("crates")) {
        let is_shown = words.contains(name.as_str());
        assert_eq!(is_shown, !NO_STATION.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn a_backup_is_told_with_the_bytes_that_lie_elsewhere() {
    let postgresql = read("docs/operations/postgresql.md");
    let backup = read("docs/operations/backup.md");
    for section in [
        under(&postgresql, "Backup and restore"),
        under(&backup, "PostgreSQL"),
    ] {
        assert!(section.contains("`files.url`"), "{section}");
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = names_in(folder).into_iter().map(|name| folder.join(name));
    let below = |path: PathBuf| {
        if path.is_dir() {
            files_below(&path)
        } else {
            vec![path]
        }
    };
    paths.flat_map(below).collect()
}

/// All that PostgreSQL is told to make a table with: in migrations, and in the code that performs them.
fn made_tables() -> impl Iterator<Item = (String, String)> {
    let store = root().join("crates/store-postgres");
    let files = ["migrations", "src"].map(|folder| files_below(&store.join(folder)));
    files.into_iter().flatten().flat_map(|file| {
        let text = fs::read_to_string(file).unwrap();
        let made = text.split("create table ").skip(1).map(|made| {
            let made = made.strip_prefix("if not exists ").unwrap_or(made);
            let (name, columns) = made.split_once(" (").unwrap();
            (
                name.to_owned(),
                columns.split("\n);").next().unwrap().to_owned(),
            )
        });
        made.collect::<Vec<_>>()
    })
}

#[test]
fn tables_whose_key_has_no_tenant_are_named() {
    let text = read("docs/operations/postgresql.md");
    let told = under(&text, "Distributed databases");
    let (mut without, mut named) = (BTreeSet::new(), BTreeSet::new());
    for (name, columns) in made_tables() {
        if told.contains(&format!("`{name}`")) {
            named.insert(name.clone());
        }
        if !columns.contains("primary key (tenant_id, ") {
            without.insert(name);
        }
    }
    assert!(without.contains("schema_migrations"), "{without:?}");
    assert_eq!(named, without);
}
