//! One process per data directory and per database file: a second one would end the turns that the first one runs.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::Error;

/// The file in the data directory. It stays when the process ends; only the lock on it counts.
const FILE: &str = "frontdesk.lock";
/// What the file beside a database file is called behind its name.
const BESIDE: &str = ".lock";

/// What was taken is ours until this is dropped, or the process ends in any way.
#[derive(Default)]
pub(crate) struct DataLock(Vec<File>);

impl DataLock {
    /// Takes the data directory, or says that somebody else has it. It doesn't wait.
    pub(crate) fn take_dir(&mut self, dir: &Path) -> Result<(), Error> {
        let taken = || {
            format!(
                "another frontdesk runs on {}; stop it or choose another --data-dir",
                dir.display()
            )
        };
        self.take(dir, &dir.join(FILE), taken)
    }

    /// Takes a database file, by whatever name it is called.
    pub(crate) fn take_database(&mut self, file: &Path) -> Result<(), Error> {
        let real = real(file).map_err(|error| Error::data(file, error))?;
        let mut name = OsString::from(&real);
        name.push(BESIDE);
        let taken = || {
            format!(
                "another frontdesk runs on the database {}; stop it or choose another store.url",
                real.display()
            )
        };
        self.take(file, Path::new(&name), taken)
    }

    fn take(
        &mut self,
        what: &Path,
        path: &Path,
        taken: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| Error::data(path, error))?;
        match file.try_lock() {
            Ok(()) => {
                self.0.push(file);
                Ok(())
            }
            Err(TryLockError::WouldBlock) => Err(Error::Data {
                path: what.to_owned(),
                detail: taken(),
            }),
            Err(TryLockError::Error(error)) => Err(Error::data(path, error)),
        }
    }
}

/// The path without links and dots; the file itself may not be there yet.
fn real(file: &Path) -> std::io::Result<PathBuf> {
    let (Some(dir), Some(name)) = (file.parent(), file.file_name()) else {
        return file.canonicalize();
    };
    if file.exists() {
        return file.canonicalize();
    }
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    Ok(dir.canonicalize()?.join(name))
}
