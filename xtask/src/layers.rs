//! `cargo xtask layers`: crates depend on each other only as the table of ARCHITECTURE.md says,
//! and outside crates stay where they belong.

mod outside;
mod table;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::metadata::{self, DependencyKind, Metadata};
use crate::workspace::{self, Workspace};
use table::Table;

/// One dependency as the manifests have it.
struct Arrow {
    /// Folder of the crate that depends, as `crates/chat`.
    from: String,
    /// Folder when it lies here, else the name of the outside crate.
    to: Target,
    kind: Option<DependencyKind>,
}

enum Target {
    Ours(String),
    Outside(String),
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let table = Table::read(&workspace.read("ARCHITECTURE.md")?)?;
    let metadata = metadata::of_workspace(workspace)?;
    let crates: Vec<String> = metadata
        .packages
        .iter()
        .map(|package| package.folder(workspace.root()))
        .collect();
    let mut problems = table.absent(&crates);
    problems.extend(
        arrows(workspace, metadata)
            .iter()
            .filter_map(|arrow| problem(&table, arrow)),
    );
    problems.extend(named(workspace)?);
    Ok(workspace::verdict("layers", &problems))
}

fn arrows(workspace: &Workspace, metadata: Metadata) -> Vec<Arrow> {
    let root = workspace.root();
    let mut arrows = Vec::new();
    for package in metadata.packages {
        let from = package.folder(root);
        for dependency in package.dependencies {
            let to = match dependency.path {
                Some(path) => Target::Ours(metadata::relative(&path, root)),
                None => Target::Outside(dependency.name),
            };
            arrows.push(Arrow {
                from: from.clone(),
                to,
                kind: dependency.kind,
            });
        }
    }
    arrows
}

fn named(workspace: &Workspace) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in workspace.files()? {
        if Path::new(&path).extension() == Some(OsStr::new("rs")) {
            problems.extend(outside::named(&path, &workspace.read(&path)?));
        }
    }
    Ok(problems)
}

fn problem(table: &Table, arrow: &Arrow) -> Option<String> {
    match &arrow.to {
        Target::Outside(name) => outside::problem(&arrow.from, name, arrow.kind),
        // What only tests use draws no line through the product.
        Target::Ours(_) if arrow.kind == Some(DependencyKind::Dev) => None,
        Target::Ours(to) => table.problem(&arrow.from, to),
    }
}
