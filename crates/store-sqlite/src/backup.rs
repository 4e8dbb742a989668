//! A copy of the database before its schema changes, beside it: `frontdesk.db.before-8` is what it was before schema 8.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use frontdesk_store::{Result, StoreError};
use sqlx::SqliteConnection;

use crate::fault::fault;

/// How many copies before the same schema there can be.
const MOST_COPIES: u32 = 100;

/// Copies the database. The copy is whole when it has its name, and it is kept.
pub(crate) async fn back_up(conn: &mut SqliteConnection, path: &Path, schema: usize) -> Result<()> {
    let copy = beside(path, &format!(".before-{schema}"));
    let part = beside(&copy, &format!(".part-{}", std::process::id()));
    // What a process of the same number left behind is of no use.
    drop(std::fs::remove_file(&part));
    create(&part).map_err(|error| failed(&part, &error))?;
    let copied = sqlx::query("vacuum into ?1")
        .bind(part.to_string_lossy().as_ref())
        .execute(conn)
        .await;
    let kept = copied.map_err(fault).and_then(|_| keep(&part, &copy));
    if kept.is_err() {
        drop(std::fs::remove_file(&part));
    }
    let kept = kept?;
    tracing::info!(copy = %kept.display(), schema, "the database is copied before its schema changes");
    Ok(())
}

/// Makes an empty file, readable for its owner alone.
fn create(path: &Path) -> io::Result<File> {
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    open.open(path)
}

/// Gives the copy its name, or the first one after it that is free, once it is on the disk.
fn keep(part: &Path, copy: &Path) -> Result<PathBuf> {
    let synced = OpenOptions::new().write(true).open(part);
    let synced = synced.and_then(|file| file.sync_all());
    synced.map_err(|error| failed(part, &error))?;
    for number in 0..MOST_COPIES {
        let name = match number {
            0 => copy.to_owned(),
            number => beside(copy, &format!(".{number}")),
        };
        if !name.exists() {
            std::fs::rename(part, &name).map_err(|error| failed(&name, &error))?;
            return Ok(name);
        }
    }
    let too_many = io::Error::other("there are too many copies; move some away");
    Err(failed(copy, &too_many))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable {
        detail: format!(
            "no copy before the schema changes: {}: {error}",
            path.display()
        ),
    }
}
