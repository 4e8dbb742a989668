//! What can go wrong with sign-in, by what the caller answers.

/// Why nobody is signed in, or nothing could be signed. The displayed text is safe for anyone to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No credential, or one that doesn't hold (401).
    #[error("sign-in required")]
    Unauthenticated {
        /// What was wrong with it, for the operator's log; without the credential.
        detail: &'static str,
    },
    /// The request may not be made from where it comes, whoever makes it (403).
    #[error("forbidden: {message}")]
    Forbidden {
        /// Which rule it breaks.
        message: &'static str,
    },
    /// The request names a user that can't exist (400).
    #[error("invalid request: {message}")]
    Invalid {
        /// What doesn't fit.
        message: String,
    },
    /// Sign-in doesn't work at present; the credential may be good (503).
    #[error("sign-in is unavailable")]
    Unavailable {
        /// What failed, for the operator's log.
        detail: String,
    },
    /// There is no key to be had from what is configured.
    #[error("unusable key: {detail}")]
    Key {
        /// What is wrong with it; without the secret.
        detail: &'static str,
    },
}
