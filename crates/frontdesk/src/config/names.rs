//! Names by which sections point at each other: there is one of each name, and they don't go in circles.

use std::collections::{BTreeMap, BTreeSet};

use super::layers::nearest;
use super::{ConfigError, Origin, Setting};

/// What a section calls the sections that it points at.
pub(super) struct Names<'a> {
    /// As a user would write one: `[mcp.NAME]`.
    pub(super) section: &'static str,
    /// The names that there are.
    pub(super) known: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub(super) fn of<T>(section: &'static str, sections: &'a BTreeMap<String, T>) -> Self {
        Self {
            section,
            known: sections.keys().map(String::as_str).collect(),
        }
    }

    /// Fails where `key` says a name that isn't there.
    pub(super) fn check(&self, key: &str, origin: &Origin, name: &str) -> Result<(), ConfigError> {
        if self.known.contains(&name) {
            return Ok(());
        }
        let near = nearest(name, self.known.iter().copied());
        Err(ConfigError::Invalid {
            key: key.to_owned(),
            origin: origin.clone(),
            expected: format!("names of {} sections", self.section),
            found: Some(match near {
                Some(near) => format!("{name:?}; did you mean {near:?}?"),
                None => format!("{name:?}"),
            }),
        })
    }

    /// The same for a list, which may say each name once.
    pub(super) fn check_all(
        &self,
        key: &str,
        names: &Setting<Vec<String>>,
    ) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for name in &names.value {
            self.check(key, &names.origin, name)?;
            if !seen.insert(name) {
                return Err(ConfigError::Conflict {
                    message: format!("{key} (from {}) says {name:?} twice", names.origin),
                });
            }
        }
        Ok(())
    }
}

/// Fails where lists of names lead from a section back to it. `lists` has them by section; `key` writes a section's.
pub(super) fn check_circles<'a>(
    lists: &BTreeMap<&'a str, &'a Setting<Vec<String>>>,
    key: impl Fn(&str) -> String,
) -> Result<(), ConfigError> {
    for (name, list) in lists {
        let mut way = vec![*name];
        if leads_to(name, lists, &mut way, &mut BTreeSet::new()) {
            return Err(ConfigError::Conflict {
                message: format!(
                    "{} (from {}) goes in a circle: {}",
                    key(name),
                    list.origin,
                    way.join(" > ")
                ),
            });
        }
    }
    Ok(())
}

/// Whether the last of `way` leads to `goal`; then the way ends there. What was `seen` doesn't lead there.
fn leads_to<'a>(
    goal: &str,
    lists: &BTreeMap<&'a str, &'a Setting<Vec<String>>>,
    way: &mut Vec<&'a str>,
    seen: &mut BTreeSet<&'a str>,
) -> bool {
    let next = way.last().and_then(|last| lists.get(last));
    for name in next.into_iter().flat_map(|list| &list.value) {
        let is_goal = name == goal;
        if !is_goal && !seen.insert(name) {
            continue;
        }
        way.push(name);
        if is_goal || leads_to(goal, lists, way, seen) {
            return true;
        }
        way.pop();
    }
    false
}
