//! Names that a secret would have: what is named so is told to no model.

/// Words that name a secret, in small letters and joined.
const SECRET_WORDS: [&str; 13] = [
    "accesskey",
    "apikey",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "token",
];

/// Whether a secret may be behind this name, however it is written.
pub(crate) fn is_secret(name: &str) -> bool {
    let joined: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| joined.contains(word))
}
