//! A secret that lies in a file of its own.

use std::io::Read;
use std::path::Path;

use frontdesk_identity::Secret;

use super::ConfigError;

/// The longest secret that is read from a file, in bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Reads a secret; space and line ends around it don't count.
pub(crate) fn read_secret_file(path: &Path) -> Result<Secret, ConfigError> {
    let unreadable = |detail: String| ConfigError::File {
        path: path.to_owned(),
        detail,
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_SECRET_BYTES).read_to_string(&mut text))
        .map_err(|error| unreadable(error.to_string()))?;
    match text.trim() {
        "" => Err(unreadable("the file is empty".to_owned())),
        secret => Ok(Secret::new(secret)),
    }
}
