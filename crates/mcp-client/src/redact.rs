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
            if escaped != plain {
                secrets.push(Secret::new(escaped));
            }
        }
        // The longer ones first, in case one is the beginning of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn credentials_are_blotted_out_in_each_spelling() {
        let attachment = Attachment {
            bearer: Some(Secret::new("abcd")),
            headers: vec![
                (HeaderName::from_static("x-key"), Secret::new("abcdef")),
                (HeaderName::from_static("x-odd"), Secret::new("q\"uote")),
                (HeaderName::from_static("x-short"), Secret::new("a")),
            ],
        };
        let redactor = Redactor::new(&Values::new());
        redactor.add(&attachment);
        let said = r#"Bearer abcd, abcdef, {"k":"q\"uote"} a"#.to_owned();
        assert_eq!(
            redactor.text(said),
            r#"Bearer [redacted], [redacted], {"k":"[redacted]"} a"#
        );
    }
}
