//! The outside crates that may be used in few places only.

use crate::metadata::DependencyKind;

/// A crate, where it may be used, and where only tests may use it.
struct Confined {
    name: &'static str,
    homes: &'static [&'static str],
    in_tests: &'static [&'static str],
}

// A home that ends in `*` stands for every folder that starts so.
const CONFINED: [Confined; 5] = [
    Confined {
        name: "rmcp",
        homes: &["crates/mcp-client", "crates/mcp-server"],
        in_tests: &[],
    },
    Confined {
        name: "sqlx",
        homes: &["crates/store-*", "examples/*"],
        in_tests: &[],
    },
    Confined {
        name: "axum",
        homes: &[
            "crates/frontdesk",
            "crates/mcp-server",
            "crates/testkit",
            "examples/*",
        ],
        in_tests: &["crates/auth", "crates/mcp-client"],
    },
    Confined {
        name: "clap",
        homes: &["crates/frontdesk", "crates/testkit", "examples/*", "xtask"],
        in_tests: &[],
    },
    Confined {
        name: "anyhow",
        homes: &["crates/frontdesk", "crates/testkit", "examples/*", "xtask"],
        in_tests: &[],
    },
];

/// The crate whose types may not even be handed on: who speaks the protocol does it through our own crates.
const SEALED: &str = "rmcp";

pub(super) fn problem(from: &str, name: &str, kind: Option<DependencyKind>) -> Option<String> {
    let confined = CONFINED.iter().find(|confined| confined.name == name)?;
    let at_home = confined.homes.iter().any(|home| matches(home, from));
    let in_tests = kind == Some(DependencyKind::Dev)
        && confined.in_tests.iter().any(|home| matches(home, from));
    if at_home || in_tests {
        return None;
    }
    Some(format!(
        "{from} may not use {name}, which stays in {}; use what those crates offer instead",
        confined.homes.join(", ")
    ))
}

/// What is wrong with a source file that names the sealed crate outside its homes.
pub(super) fn named(path: &str, text: &str) -> Option<String> {
    let sealed = CONFINED.iter().find(|confined| confined.name == SEALED)?;
    let at_home = sealed
        .homes
        .iter()
        .any(|home| path.starts_with(&format!("{home}/")));
    let named = text.contains(&format!("{SEALED}::"));
    (named && !at_home).then(|| {
        format!(
            "{path} names {SEALED}, which stays in {}; use what those crates offer instead",
            sealed.homes.join(", ")
        )
    })
}

fn matches(home: &str, folder: &str) -> bool {
    match home.strip_suffix('*') {
        Some(start) => folder.starts_with(start),
        None => home == folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confined_crates_stay_at_home() {
        let cases = [
            ("crates/mcp-client", "rmcp", None, true),
            ("crates/agent", "rmcp", None, false),
            ("crates/testkit", "rmcp", None, false),
            ("crates/testkit", "rmcp", Some(DependencyKind::Dev), false),
            ("crates/store-postgres", "sqlx", None, true),
            ("crates/store", "sqlx", None, false),
            ("crates/mcp-client", "axum", Some(DependencyKind::Dev), true),
            ("crates/mcp-client", "axum", None, false),
            ("crates/chat", "anyhow", Some(DependencyKind::Dev), false),
            ("crates/chat", "serde", None, true),
        ];
        for (from, name, kind, fine) in cases {
            assert_eq!(problem(from, name, kind).is_none(), fine, "{from} {name}");
        }
    }

    #[test]
    fn the_sealed_crate_is_named_at_home_only() {
        let text = format!("use {SEALED}::model::Tool;");
        assert!(named("crates/testkit/src/conformance.rs", &text).is_some());
        assert!(named("crates/mcp-server-more/src/lib.rs", &text).is_some());
        assert!(named("crates/mcp-server/src/tool.rs", &text).is_none());
        assert!(named("crates/testkit/src/conformance.rs", "// none").is_none());
    }
}
