//! `cargo xtask deny`: licences, banned crates and sources of everything that is built in, against deny.toml.
//! It reads the part of cargo-deny's file that it needs, so that nothing has to be installed for it.

mod licence;

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::metadata::{self, Package};
use crate::workspace::{self, Workspace};

#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let rules: Rules =
        toml::from_str(&workspace.read("deny.toml")?).context("cannot read deny.toml")?;
    let packages = metadata::of_everything(workspace)?.packages;
    for (name, versions) in twice(&packages) {
        println!(
            "deny: {name} is built in several versions: {}",
            versions.join(", ")
        );
    }
    let problems: Vec<String> = packages
        .iter()
        .flat_map(|package| problems(&rules, package))
        .collect();
    Ok(workspace::verdict("deny", &problems))
}

fn problems(rules: &Rules, package: &Package) -> Vec<String> {
    let Package { name, version, .. } = package;
    let mut problems = Vec::new();
    if rules.bans.deny.iter().any(|ban| ban.name == *name) {
        problems.push(format!(
            "{name} {version} is banned; see who brings it with: cargo tree --all-features --invert {name}"
        ));
    }
    let registry = package
        .source
        .as_deref()
        .map(|source| source.trim_start_matches("registry+"));
    if let Some(registry) = registry
        && !rules
            .sources
            .allow_registry
            .iter()
            .any(|allowed| allowed == registry)
    {
        problems.push(format!(
            "{name} {version} comes from {registry}; only registries of deny.toml may be used"
        ));
    }
    match package.license.as_deref() {
        Some(terms) if licence::is_allowed(terms, &rules.licenses.allow) => {}
        Some(terms) => problems.push(format!(
            "{name} {version} is under {terms}, which deny.toml doesn't allow"
        )),
        None => problems.push(format!("{name} {version} names no licence")),
    }
    problems
}

fn twice(packages: &[Package]) -> BTreeMap<&str, Vec<&str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, license: Option<&str>, source: Option<&str>) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(Into::into),
            source: source.map(Into::into),
            manifest_path: "Cargo.toml".into(),
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn each_rule_is_kept() {
        let rules: Rules = toml::from_str(
            "[licenses]\nallow = ['MIT']\n[bans]\ndeny = [{ crate = 'openssl' }]\n\
             [sources]\nallow-registry = ['https://registry']",
        )
        .unwrap();
        let registry = Some("registry+https://registry");
        let cases = [
            (package("serde", Some("MIT"), registry), 0),
            (package("ours", Some("MIT"), None), 0),
            (package("openssl", Some("MIT"), registry), 1),
            (
                package("serde", Some("MIT"), Some("git+https://elsewhere")),
                1,
            ),
            (package("serde", None, registry), 1),
            (
                package("openssl", Some("GPL-3.0"), Some("git+https://elsewhere")),
                3,
            ),
        ];
        for (package, expected) in cases {
            let told = problems(&rules, &package);
            assert_eq!(told.len(), expected, "{told:?}");
        }
    }
}
