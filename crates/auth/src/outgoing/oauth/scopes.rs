//! Which rights are asked for.

/// How many scopes are ever asked for or taken.
pub const MAX_SCOPES: usize = 32;
/// The longest scope, in bytes.
const MAX_SCOPE_BYTES: usize = 256;
/// The longest list of scopes, in bytes: it travels in addresses.
const MAX_LIST_BYTES: usize = 2_048;
/// The scope for which a server gives a refresh token.
const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of a space-separated list ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)), bounded.
pub fn split_scopes(text: &str) -> Vec<String> {
    union_of_scopes(text.split_ascii_whitespace())
}

/// All these scopes, each once, in the order in which they come, bounded. What can't be a scope is left out.
pub fn union_of_scopes<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut union: Vec<String> = Vec::new();
    let mut bytes = 0;
    for scope in scopes {
        let known = union.iter().any(|seen| seen == scope);
        let fits = union.len() < MAX_SCOPES && bytes + scope.len() < MAX_LIST_BYTES;
        if !known && fits && is_scope(scope) {
            bytes += scope.len() + 1;
            union.push(scope.to_owned());
        }
    }
    union
}

/// What a server offers and wants, by which the scopes are chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    /// What its challenge or the operator names.
    pub(super) named: &'a [String],
    /// What its metadata names.
    pub(super) supported: &'a [String],
    /// What the user has given before.
    pub(super) granted: &'a [String],
    /// What the authorization server knows.
    pub(super) known: &'a [String],
}

impl Choice<'_> {
    /// The named scopes, else those that the resource's metadata lists, else none; with them what was given before, so
    /// that a step up takes nothing away; and a refresh token where the authorization server offers one.
    pub(super) fn scopes(&self) -> Vec<String> {
        let basis = if self.named.is_empty() {
            self.supported
        } else {
            self.named
        };
        let mut scopes: Vec<&str> = self
            .granted
            .iter()
            .chain(basis)
            .map(String::as_str)
            .collect();
        let offers_refresh = self.known.iter().any(|scope| scope == OFFLINE_ACCESS);
        if !offers_refresh {
            scopes.retain(|scope| *scope != OFFLINE_ACCESS);
        } else if !scopes.is_empty() {
            scopes.insert(0, OFFLINE_ACCESS);
        }
        union_of_scopes(scopes)
    }
}

fn is_scope(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=MAX_SCOPE_BYTES).contains(&text.len()) && text.bytes().all(plain)
}
