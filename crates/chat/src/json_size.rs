//! How long something is as JSON, without writing it down.

use std::io;

use serde::Serialize;

/// Counts what is written to it.
struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(piece.len());
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Its bytes as JSON; `None` where it can't be written.
pub(crate) fn json_size(value: &impl Serialize) -> Option<usize> {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, value).ok()?;
    Some(counter.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_counts_what_would_be_written() {
        let value = json!({"text": "ä\n", "list": [1, null, {"x": 0.5}]});
        assert_eq!(json_size(&value), Some(value.to_string().len()));
    }
}
