//! Every room is named after what lives there: no `mod.rs` and no room for things without a name.

const NAMELESS: [&str; 10] = [
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "types",
    "manager",
    "managers",
    "utilities",
];

pub(super) fn problems(paths: &[String]) -> Vec<String> {
    paths.iter().filter_map(|path| problem(path)).collect()
}

fn problem(path: &str) -> Option<String> {
    let (before, extension) = path.rsplit_once('.')?;
    if !matches!(extension, "rs" | "ts" | "tsx") {
        return None;
    }
    if before.rsplit('/').next() == Some("mod") && extension == "rs" {
        return Some(format!(
            "{path}: put it beside its folder, under the folder's name"
        ));
    }
    // Cargo's own convention for a module that several test binaries share is not ours either.
    before
        .split('/')
        .find(|part| NAMELESS.contains(part))
        .map(|part| format!("{path}: `{part}` names nothing; name it after what lives there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_without_a_name_are_told() {
        let paths = [
            "crates/chat/src/turn.rs",
            "crates/chat/src/turn/mod.rs",
            "crates/chat/src/util.rs",
            "crates/chat/tests/common/server.rs",
            "crates/chat/src/common_era.rs",
            "docs/helpers.md",
        ]
        .map(str::to_owned);
        let told: Vec<_> = problems(&paths)
            .iter()
            .filter_map(|problem| problem.split(':').next().map(str::to_owned))
            .collect();
        assert_eq!(
            told,
            [
                "crates/chat/src/turn/mod.rs",
                "crates/chat/src/util.rs",
                "crates/chat/tests/common/server.rs"
            ]
        );
    }
}
