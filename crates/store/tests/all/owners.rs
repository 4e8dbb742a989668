//! Every method that takes an owner is tried in the hands of another one.

use std::collections::BTreeSet;

/// Where the traits are.
const TRAITS: [&str; 11] = [
    include_str!("../../src/archive.rs"),
    include_str!("../../src/attachments.rs"),
    include_str!("../../src/connections.rs"),
    include_str!("../../src/feedback.rs"),
    include_str!("../../src/files.rs"),
    include_str!("../../src/items.rs"),
    include_str!("../../src/maintenance.rs"),
    include_str!("../../src/search.rs"),
    include_str!("../../src/threads.rs"),
    include_str!("../../src/turns.rs"),
    include_str!("../../src/usage.rs"),
];
/// Where they are tried.
const TRIED: [&str; 2] = [
    include_str!("../../src/contract/isolation.rs"),
    include_str!("../../src/contract/strangers.rs"),
];

/// What another owner is called there.
const OTHERS: [&str; 2] = ["&other", "stranger"];
/// What calls each method in whose hands it is given.
const READS_ALL: &str = "everything";

/// What follows the name where a method is called, or a function of the suite that calls it: its arguments and all else.
fn calls<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let call = format!("{name}(");
    let all = text.match_indices(&call).filter_map(|(at, found)| {
        let (before, after) = (text.get(..at)?, text.get(at + found.len()..)?);
        let after = after.trim_start();
        // A function of the suite is given the store first.
        let after = ["subject, ", "store, "]
            .iter()
            .find_map(|store| after.strip_prefix(store))
            .unwrap_or(after);
        before.ends_with(['.', '!', '(', ' ']).then_some(after)
    });
    all.collect()
}

/// Whether a call begins with this owner, and not with one whose name only begins so.
fn is_by(call: &str, owner: &str) -> bool {
    call.strip_prefix(owner)
        .is_some_and(|rest| rest.starts_with([',', ')']))
}

/// Whether another owner calls it: by name, or among all that is read.
fn is_tried(text: &str, name: &str) -> bool {
    let by = |name, owner| calls(text, name).iter().any(|call| is_by(call, owner));
    let by_another = |name| OTHERS.iter().any(|other| by(name, *other));
    let reads_all = text
        .split_once(&format!("async fn {READS_ALL}("))
        .and_then(|(_, rest)| rest.split("\n}\n").next());
    let is_read = reads_all.is_some_and(|body| {
        let mut read = calls(body, name).into_iter();
        read.any(|call| is_by(call, "scope"))
    });
    by_another(name) || is_read && by_another(READS_ALL)
}

/// A new method fails this until it is tried, too.
#[test]
fn every_method_of_an_owner_is_tried_by_another() {
    let mut methods = BTreeSet::new();
    for file in TRAITS {
        for rest in file.split("async fn ").skip(1) {
            let (name, rest) = rest.split_once('(').unwrap();
            let (parameters, _) = rest.split_once("->").unwrap();
            if parameters.contains("scope: &Scope") {
                methods.insert(name);
            }
        }
    }
    assert!(methods.len() > 30, "{methods:?}");
    let is_untried = |name: &&&str| !TRIED.iter().any(|text| is_tried(text, name));
    let untried: Vec<_> = methods.iter().filter(is_untried).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

/// What makes a store for requests is all listed above.
#[test]
fn every_trait_of_a_store_is_among_them() {
    let store = include_str!("../../src/store.rs");
    let (_, parts) = store.split_once("pub trait Store:").unwrap();
    let (parts, _) = parts.split_once('{').unwrap();
    for part in parts.split('+').map(str::trim) {
        let is_listed = TRAITS
            .iter()
            .any(|file| file.contains(&format!("pub trait {part}:")));
        assert!(
            is_listed || ["Send", "Sync", "fmt::Debug"].contains(&part),
            "{part}"
        );
    }
}
