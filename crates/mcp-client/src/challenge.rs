//! Reads `WWW-Authenticate` ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)): several challenges, in one
//! header or many, with parameters as tokens or quoted strings, names in any case.

use frontdesk_auth::outgoing::{Attachment, Refusal, RefusalKind};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// How much of the headers is read, in bytes.
const MAX_BYTES: usize = 8 * 1024;
/// How many scopes are kept.
const MAX_SCOPES: usize = 32;

/// What the server says about bearer tokens; of several challenges the first that says more than its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Challenge {
    pub(crate) error: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) resource_metadata: Option<String>,
}

impl Challenge {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        for value in values.filter_map(|value| value.to_str().ok()) {
            let end = value.floor_char_boundary(MAX_BYTES);
            for (scheme, parameters) in challenges(value.get(..end).unwrap_or_default()) {
                if scheme.eq_ignore_ascii_case("bearer") && found == Self::default() {
                    found = Self::read(parameters);
                }
            }
        }
        found
    }

    /// Whether the identity holds and more rights are asked for.
    pub(crate) fn asks_for_more(&self) -> bool {
        !self.scopes.is_empty() || self.error.as_deref() == Some("insufficient_scope")
    }

    pub(crate) fn refusal(self, kind: RefusalKind, used: Attachment) -> Refusal {
        Refusal {
            kind,
            used,
            scopes: self.scopes,
            resource_metadata: self.resource_metadata,
        }
    }

    fn read(parameters: Vec<(String, String)>) -> Self {
        let mut challenge = Self::default();
        for (name, value) in parameters {
            match name.as_str() {
                "error" => challenge.error = Some(value),
                "scope" => {
                    let scopes = value.split_ascii_whitespace().take(MAX_SCOPES);
                    challenge.scopes = scopes.map(str::to_owned).collect();
                }
                "resource_metadata" => challenge.resource_metadata = Some(value),
                _ => {}
            }
        }
        challenge
    }
}

type Parameters = Vec<(String, String)>;

/// Schemes with their parameters, names in lower case.
fn challenges(mut text: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        let word = token(text);
        if word.is_empty() {
            return found;
        }
        let rest = text.get(word.len()..).unwrap_or_default();
        let after = rest.trim_start_matches([' ', '\t']);
        match (after.strip_prefix('='), found.last_mut()) {
            (Some(value), Some((_, parameters))) if !value.starts_with('=') => {
                let (value, rest) = parameter(value.trim_start_matches([' ', '\t']));
                parameters.push((word.to_ascii_lowercase(), value));
                text = rest;
            }
            // A token68, as `Negotiate` and `Basic` have it, or nonsense: it ends with the next comma.
            (Some(_), _) => text = after.split_once(',').map_or("", |(_, rest)| rest),
            (None, _) => {
                found.push((word.to_owned(), Vec::new()));
                text = rest;
            }
        }
    }
}

fn token(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/:".contains(c)));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let value = token(text);
        return (
            value.to_owned(),
            text.get(value.len()..).unwrap_or_default(),
        );
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Challenge {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        Challenge::of(&headers)
    }

    fn challenge(error: Option<&str>, scopes: &[&str], metadata: Option<&str>) -> Challenge {
        Challenge {
            error: error.map(str::to_owned),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            resource_metadata: metadata.map(str::to_owned),
        }
    }

    #[test]
    fn challenges_are_read_in_all_their_spellings() {
        let metadata = Some("https://a.example/.well-known/oauth-protected-resource?a=b,c");
        let cases = [
            (vec![], challenge(None, &[], None)),
            (vec!["Bearer"], challenge(None, &[], None)),
            (
                vec![
                    r#"BEARER Resource_Metadata="https://a.example/.well-known/oauth-protected-resource?a=b,c", Scope="a b""#,
                ],
                challenge(None, &["a", "b"], metadata),
            ),
            (
                vec![
                    r#"Basic realm="x, Bearer scope=\"no\"", bearer error=insufficient_scope , scope = a:read"#,
                ],
                challenge(Some("insufficient_scope"), &["a:read"], None),
            ),
            (
                vec![
                    "Negotiate YWJj==, Bearer scope=\"q\\\"uote\"",
                    "Bearer scope=other",
                ],
                challenge(None, &["q\"uote"], None),
            ),
            (
                vec!["Digest a=b", "Bearer error=\"invalid_token"],
                challenge(Some("invalid_token"), &[], None),
            ),
            (
                vec!["=,=;;", "Bearer scope=late"],
                challenge(None, &["late"], None),
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(read(&headers), expected, "{headers:?}");
        }
    }
}
