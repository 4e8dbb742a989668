//! Addresses that requests go to. They are logged, so they hold no secret.

use url::Url;

use super::{ConfigError, Setting};

/// Reads the address that this key was set to.
pub(crate) fn web_address(
    key: String,
    text: Setting<String>,
    example: &str,
) -> Result<Setting<Url>, ConfigError> {
    let is_secret = |url: &Url| !url.username().is_empty() || url.password().is_some();
    let (expected, found) = match Url::parse(&text.value) {
        Ok(url) if is_secret(&url) => ("a URL without a user and a password".to_owned(), None),
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            return Ok(text.map(|_| url));
        }
        _ => (
            format!("a URL such as \"{example}\""),
            // What can't be told apart may be a password or a token.
            (!text.value.contains(['@', '?'])).then(|| format!("{:?}", text.value)),
        ),
    };
    Err(ConfigError::Invalid {
        key,
        origin: text.origin,
        expected,
        found,
    })
}
