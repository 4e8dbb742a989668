//! The server's secret: configured, or made once and kept in the data directory.

use std::io::{ErrorKind, Write};
use std::path::Path;

use frontdesk_identity::Secret;

use crate::Error;
use crate::config::{ServerSection, read_secret_file};

/// The file in the data directory.
const FILE: &str = "frontdesk.secret";
/// Bytes of a secret that we make.
const SECRET_BYTES: usize = 32;

/// The server's secret.
pub(crate) fn server_secret(server: &ServerSection) -> Result<Secret, Error> {
    if let Some(secret) = &server.secret {
        return Ok(secret.value.clone());
    }
    let dir = &server.data_dir.value;
    let path = dir.join(FILE);
    if !path.exists() {
        make(dir, &path)?;
    }
    Ok(read_secret_file(&path)?)
}

/// The file appears whole or not at all, so that two processes that start together share one secret.
fn make(dir: &Path, path: &Path) -> Result<(), Error> {
    let mut bytes = [0_u8; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Error::data(path, "the system gave no random bytes"))?;
    let text = hex(&bytes);
    let draft = dir.join(format!("{FILE}.{}", std::process::id()));
    let made = write_private(&draft, &text).and_then(|()| match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    let removed = std::fs::remove_file(&draft);
    made.and(removed).map_err(|error| Error::data(path, error))
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
