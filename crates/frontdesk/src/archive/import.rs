//! Reading an archive into a store.

use std::io::{BufRead, Read};
use std::path::Path;

use frontdesk_store::{Entry, Line};

use super::{Archiver, failed};
use crate::Error;

/// The longest line, in bytes: the largest step, written as a text.
const MAX_LINE_BYTES: u64 = 128 << 20;
/// Entries that are stored in one transaction.
const ENTRIES_AT_ONCE: usize = 200;
/// How long their lines may be together, in bytes, before they are stored.
const BYTES_AT_ONCE: usize = 8 << 20;

/// What came of reading an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Entries that were stored.
    pub stored: u64,
    /// Entries of which something with the same id was there, or whose thread, turn or item isn't. Nothing of them was stored.
    pub left_out: u64,
}

impl Archiver {
    /// Reads an archive. What is there already is left as it is, so an archive that was read in part can be read again.
    pub async fn import(&self, input: &mut (dyn BufRead + Send)) -> Result<Imported, Error> {
        let mut lines = Reader { input, number: 0 };
        match lines.next()? {
            Some((_, Line::First)) => {}
            _ => return Err(lines.wrong("not the beginning of an archive")),
        }
        let (mut imported, mut read) = (Imported::default(), 0);
        let (mut entries, mut bytes) = (Vec::new(), 0);
        loop {
            match lines.next()? {
                Some((length, Line::Entry(entry))) => {
                    entries.push(*entry);
                    bytes += length;
                    read += 1;
                }
                Some((_, Line::Last(expected))) if expected == read => break,
                Some((_, Line::Last(expected))) => {
                    let wrong = format!("the archive has {read} entries, and says {expected}");
                    return Err(lines.wrong(wrong));
                }
                Some((_, Line::First)) => return Err(lines.wrong("another archive begins here")),
                None => {
                    self.store_all(&entries, &mut imported).await?;
                    return Err(lines.wrong("the archive ends early; what is in it was stored"));
                }
            }
            if entries.len() >= ENTRIES_AT_ONCE || bytes >= BYTES_AT_ONCE {
                self.store_all(&entries, &mut imported).await?;
                entries.clear();
                bytes = 0;
            }
        }
        self.store_all(&entries, &mut imported).await?;
        match lines.next()? {
            None => Ok(imported),
            Some(_) => Err(lines.wrong("something follows the end of the archive")),
        }
    }

    async fn store_all(&self, entries: &[Entry], imported: &mut Imported) -> Result<(), Error> {
        let stored = self.archive.restore(entries).await.map_err(failed)?;
        let all = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        imported.stored += stored;
        imported.left_out += all.saturating_sub(stored);
        Ok(())
    }
}

struct Reader<'a> {
    input: &'a mut (dyn BufRead + Send),
    number: u64,
}

impl Reader<'_> {
    /// The next line, and how many bytes it has.
    fn next(&mut self) -> Result<Option<(usize, Line)>, Error> {
        self.number += 1;
        let mut text = Vec::new();
        let mut bounded = (&mut *self.input).take(MAX_LINE_BYTES);
        let read = bounded.read_until(b'\n', &mut text);
        let read = read.map_err(|error| self.wrong(error))?;
        if read == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(&text).map_err(|error| self.wrong(error))?;
        let line = Line::read(text).map_err(|error| self.wrong(error))?;
        Ok(Some((read, line)))
    }

    fn wrong(&self, reason: impl std::fmt::Display) -> Error {
        let reason = format!("line {}: {reason}", self.number);
        Error::data(Path::new("the archive"), reason)
    }
}
