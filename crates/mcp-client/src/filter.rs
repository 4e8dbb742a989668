//! Which of a server's tools are offered: exact names, or patterns with `*`.

/// A server's tools as the operator allows them. Without anything all are offered; what is denied never is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolFilter {
    /// Only these, where there are any: `list_tasks`, `read_*`.
    pub allow: Vec<String>,
    /// Not these, even where they are allowed.
    pub deny: Vec<String>,
}

impl ToolFilter {
    /// Whether a tool of this name is offered.
    pub fn admits(&self, name: &str) -> bool {
        let among = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, name));
        (self.allow.is_empty() || among(&self.allow)) && !among(&self.deny)
    }
}

/// `*` stands for any characters, also none. Takes time linear in the name for each star.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_and_denied_by_pattern() {
        let names = ["read_a", "read_secret", "write", "re", "xread"];
        let admitted = |allow: &[&str], deny: &[&str]| -> Vec<&str> {
            let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect();
            let filter = ToolFilter {
                allow: owned(allow),
                deny: owned(deny),
            };
            let admits = |name: &&str| filter.admits(name);
            names.into_iter().filter(admits).collect()
        };
        assert_eq!(admitted(&[], &[]), names);
        assert_eq!(admitted(&["read_*"], &[]), ["read_a", "read_secret"]);
        assert_eq!(
            admitted(&["read_*", "write"], &["*secret*"]),
            ["read_a", "write"]
        );
        assert_eq!(admitted(&["r*e*d_*a"], &[]), ["read_a"]);
        assert_eq!(
            admitted(&["*"], &["write"]),
            ["read_a", "read_secret", "re", "xread"]
        );
        assert_eq!(admitted(&["re*re"], &[]), Vec::<&str>::new());
        assert_eq!(admitted(&[""], &[]), Vec::<&str>::new());
    }
}
