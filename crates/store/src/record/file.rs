//! The bytes of an attachment: what is known about them, and where they lie.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name under which bytes lie in the place for files. It is ours, unique for an owner, and never a client's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectName(String);

impl ObjectName {
    /// Takes a text as a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes of an attachment, all of which are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Where they lie.
    pub object: ObjectName,
    /// How many they are.
    pub size: u64,
    /// What they are, by their content.
    pub media_type: String,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// The media type of the small picture that lies beside them, if there is one.
    pub preview_type: Option<String>,
}

/// What came of giving an attachment its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It has them.
    Stored,
    /// It had these before, and nothing was written.
    Already(StoredFile),
    /// The attachment is gone or was sent without bytes, or the draft has run out. Nothing was written.
    Gone,
}
