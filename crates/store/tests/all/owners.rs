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
    let is_tried = |name: &str| {
        // By a method, or by a function of the suite that calls it.
        let calls = [".", "!"].map(|before| format!("{before}{name}("));
        TRIED
            .iter()
            .any(|text| calls.iter().any(|call| text.contains(call)))
    };
    let untried: Vec<_> = methods.iter().filter(|name| !is_tried(name)).collect();
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
