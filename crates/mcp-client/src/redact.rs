//! Blots out of what a server says the credentials that it was given.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use frontdesk_auth::outgoing::Attachment;
use frontdesk_identity::Secret;
use serde_json::Value;

use crate::hidden::Values;

const BLOT: &str = "[redacted]";
/// Shorter ones are no credentials, and stand in half of all texts.
const MIN_BYTES: usize = 4;
/// Shorter ones may be part of a number or a name of the protocol.
const MIN_IN_JSON_BYTES: usize = 16;

/// What must not be seen. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Redactor(Arc<RwLock<Vec<Secret>>>);

impl Redactor {
    pub(crate) fn new(hidden: &Values) -> Self {
        let redactor = Self::default();
        redactor.add_all(hidden.values().filter_map(|hidden| hidden.secret.as_ref()));
        redactor
    }

    /// Also what is attached to a request.
    pub(crate) fn add(&self, attachment: &Attachment) {
        let headers = attachment.headers.iter().map(|(_, value)| value);
        self.add_all(attachment.bearer.iter().chain(headers));
        // What stands after a scheme is repeated without it too.
        let after_scheme = attachment.headers.iter().filter_map(|(_, value)| {
            let (scheme, rest) = value.expose().split_once(' ')?;
            let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
            is_scheme.then(|| Secret::new(rest.trim()))
        });
        self.add_all(after_scheme.collect::<Vec<_>>().iter());
    }

    /// Also these.
    pub(crate) fn add_secrets<'a>(&self, secrets: impl Iterator<Item = &'a Secret>) {
        self.add_all(secrets);
    }

    /// The same value without them, in all its texts.
    pub(crate) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(name, value)| (self.text(name), self.value(value)))
                .collect(),
            plain => plain,
        }
    }

    /// The same text without them.
    pub(crate) fn text(&self, text: String) -> String {
        let mut text = text;
        for secret in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(secret.expose()) {
                text = text.replace(secret.expose(), BLOT);
            }
        }
        text
    }

    /// JSON as it came, without those that can't be anything else in it; the rest goes when it is read.
    pub(crate) fn json(&self, json: String) -> String {
        match self.json_of(&json) {
            Cow::Borrowed(_) => json,
            Cow::Owned(redacted) => redacted,
        }
    }

    pub(crate) fn json_of<'a>(&self, json: &'a str) -> Cow<'a, str> {
        let mut json = Cow::Borrowed(json);
        for secret in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let secret = secret.expose();
            if secret.len() >= MIN_IN_JSON_BYTES && json.contains(secret) {
                json = Cow::Owned(json.replace(secret, BLOT));
            }
        }
        json
    }

    fn add_all<'a>(&self, added: impl Iterator<Item = &'a Secret>) {
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for secret in added {
            let plain = secret.expose();
            if plain.len() < MIN_BYTES {
                continue;
            }
            if secrets.iter().any(|known| known.expose() == plain) {
                continue;
            }
            secrets.push(secret.clone());
            let quoted = Value::from(plain).to_string();
            let escaped = quoted.get(1..quoted.len() - 1).unwrap_or_default();
            // As it stands in JSON, and as it stands in an address.
            for spelling in [escaped, &percent_encoded(plain)] {
                if spelling != plain {
                    secrets.push(Secret::new(spelling));
                }
            }
        }
        // The longer ones first, in case one is the beginning of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;
    use serde_json::json;

    #[test]
    fn credentials_are_blotted_out_in_each_spelling() {
        let attachment = Attachment {
            bearer: Some(Secret::new("abcd")),
            headers: vec![
                (HeaderName::from_static("x-key"), Secret::new("abcdef")),
                (HeaderName::from_static("x-odd"), Secret::new("q\"uote")),
                (HeaderName::from_static("x-short"), Secret::new("a")),
                (
                    HeaderName::from_static("x-scheme"),
                    Secret::new("Token s+cheme"),
                ),
            ],
        };
        let redactor = Redactor::new(&Values::new());
        redactor.add(&attachment);
        let said = r#"Bearer abcd, abcdef, {"k":"q\"uote"} a"#.to_owned();
        assert_eq!(
            redactor.text(said),
            r#"Bearer [redacted], [redacted], {"k":"[redacted]"} a"#
        );
        assert_eq!(
            redactor.text("Token s+cheme, s+cheme, ?key=s%2Bcheme".to_owned()),
            "[redacted], [redacted], ?key=[redacted]"
        );
        assert_eq!(
            redactor.value(json!({"abcdef": ["an abcd", 1]})),
            json!({"[redacted]": ["an [redacted]", 1]})
        );
    }
}
