//! Text that must not be seen: tokens, keys, passwords.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A secret. It has no `Serialize`, its `Debug` shows nothing, and it is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("sk-12345");
        assert!(!format!("{secret:?} {:#?}", Some(&secret)).contains("12345"));
        assert_eq!(secret.expose(), "sk-12345");
    }
}
