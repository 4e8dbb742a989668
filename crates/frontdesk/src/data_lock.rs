//! One process per data directory: a second one would end the turns that the first one runs.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::Error;

/// The file in the data directory. It stays when the process ends; only the lock on it counts.
const FILE: &str = "frontdesk.lock";

/// The data directory is ours until this is dropped, or the process ends in any way.
pub(crate) struct DataLock(#[expect(dead_code, reason = "it is held, not used")] File);

impl DataLock {
    /// Takes the data directory, or says that somebody else has it. It doesn't wait.
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| Error::data(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::Data {
                path: dir.to_owned(),
                detail: format!(
                    "another frontdesk runs on {}; stop it or choose another --data-dir",
                    dir.display()
                ),
            }),
            Err(TryLockError::Error(error)) => Err(Error::data(&path, error)),
        }
    }
}
