//! Looks at bytes as they pass: how many, their hash, whether they read as text, and what they are.

use aws_lc_rs::digest::{Context, SHA256};

use crate::FileError;
use crate::kind::{self, HEAD_BYTES, Reads};
use crate::limits::FileLimits;

/// The longest that a character is in UTF-8, but for its last byte.
const MAX_OPEN_BYTES: usize = 3;

/// See the module.
pub(crate) struct Content<'l> {
    announced: String,
    limits: &'l FileLimits,
    size: u64,
    hash: Context,
    head: Vec<u8>,
    reads: Reads,
    /// The beginning of a character that the next chunk ends.
    open: Vec<u8>,
}

/// What bytes were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) media_type: String,
}

impl<'l> Content<'l> {
    /// Nothing yet, announced as this type in its usual form.
    pub(crate) fn new(announced: String, limits: &'l FileLimits) -> Self {
        Self {
            announced,
            limits,
            size: 0,
            hash: Context::new(&SHA256),
            head: Vec::with_capacity(HEAD_BYTES),
            reads: Reads::AsText,
            open: Vec::new(),
        }
    }

    /// The next bytes. Refuses as soon as it is known that they can't be taken.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        let bytes = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(bytes);
        if self.size > self.limits.max_bytes {
            return Err(FileError::TooLarge {
                limit: self.limits.max_bytes,
            });
        }
        self.hash.update(chunk);
        if self.reads == Reads::AsText {
            self.reads = self.read(chunk);
        }
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend(chunk.iter().take(missing));
        if self.head.len() == HEAD_BYTES {
            self.media_type()?;
        }
        Ok(())
    }

    /// What it was. Refuses what can't be taken.
    pub(crate) fn finish(mut self, announced_size: Option<u64>) -> Result<Seen, FileError> {
        let unusable = |message: String| FileError::Unusable { message };
        if self.size == 0 {
            return Err(unusable("the file is empty".to_owned()));
        }
        if let Some(announced) = announced_size.filter(|announced| *announced != self.size) {
            let size = self.size;
            return Err(unusable(format!(
                "the file has {size} bytes and was announced with {announced}"
            )));
        }
        if !self.open.is_empty() {
            self.reads = Reads::AsBytes;
        }
        let media_type = self.media_type()?;
        let mut sha256 = [0; 32];
        for (to, from) in sha256.iter_mut().zip(self.hash.finish().as_ref()) {
            *to = *from;
        }
        Ok(Seen {
            size: self.size,
            sha256,
            media_type,
        })
    }

    fn media_type(&self) -> Result<String, FileError> {
        let announced = &self.announced;
        let unsupported = |message: String| FileError::Unsupported { message };
        let settled = kind::settle(announced, &self.head, self.reads).map_err(|looks| {
            unsupported(format!(
                "the file looks like {looks} and not like {announced}"
            ))
        })?;
        check_type(&settled, self.limits)?;
        Ok(settled)
    }

    /// Whether all bytes so far are text.
    fn read(&mut self, chunk: &[u8]) -> Reads {
        if chunk.contains(&0) {
            return Reads::AsBytes;
        }
        let mut rest = chunk;
        while !self.open.is_empty() {
            let Some((next, later)) = rest.split_first() else {
                return Reads::AsText;
            };
            rest = later;
            self.open.push(*next);
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) if error.error_len().is_some() => return Reads::AsBytes,
                Err(_) if self.open.len() > MAX_OPEN_BYTES => return Reads::AsBytes,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => Reads::AsText,
            Err(error) if error.error_len().is_some() => Reads::AsBytes,
            Err(error) => {
                let open = rest.get(error.valid_up_to()..).unwrap_or_default();
                self.open.extend_from_slice(open);
                Reads::AsText
            }
        }
    }
}

/// Refuses a type that isn't taken.
pub(crate) fn check_type(media_type: &str, limits: &FileLimits) -> Result<(), FileError> {
    if limits.types.iter().any(|taken| taken.fits(media_type)) {
        return Ok(());
    }
    Err(FileError::Unsupported {
        message: format!("files of the type {media_type} are not taken"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(announced: &str, chunks: &[&[u8]]) -> Result<Seen, FileError> {
        let limits = FileLimits {
            max_bytes: 2_000,
            ..FileLimits::default()
        };
        let mut content = Content::new(announced.to_owned(), &limits);
        for chunk in chunks {
            content.push(chunk)?;
        }
        content.finish(None)
    }

    #[test]
    fn text_is_utf8_wherever_it_is_cut() {
        let text = "naïve 日本語 🎉";
        for cut in 0..text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            let seen = seen("text/plain", &[first, &[], second]).unwrap();
            assert_eq!(seen.size, u64::try_from(text.len()).unwrap());
        }
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(seen("text/plain", &bytes).unwrap().media_type, "text/plain");
        let wrong: [&[u8]; 5] = [b"a\xff", b"\xe6\x97", b"a\0b", b"\xc0\x80", b"\xf0\x9f\x8e"];
        for wrong in wrong {
            let refused = seen("text/plain", &[wrong]);
            assert!(
                matches!(refused, Err(FileError::Unsupported { .. })),
                "{wrong:?}"
            );
            let bytes: Vec<&[u8]> = wrong.chunks(1).collect();
            assert!(seen("text/plain", &bytes).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_too_much_or_nothing_is_refused() {
        let large = [b'a'; 2_001];
        assert!(seen("text/plain", &[&large[..2_000]]).is_ok());
        let refused = seen("text/plain", &[&large]);
        assert!(matches!(refused, Err(FileError::TooLarge { limit: 2_000 })));
        let refused = seen("text/plain", &[]);
        assert!(matches!(refused, Err(FileError::Unusable { .. })));
        let limits = FileLimits::default();
        let mut content = Content::new("text/plain".to_owned(), &limits);
        content.push(b"four").unwrap();
        let refused = content.finish(Some(5)).unwrap_err().to_string();
        assert_eq!(refused, "the file has 4 bytes and was announced with 5");
    }

    #[test]
    fn a_type_that_is_not_taken_is_refused_early() {
        let executable = [b"\x7fELF".as_slice(), &[1; 1_100]].concat();
        let limits = FileLimits::default();
        let mut content = Content::new("application/octet-stream".to_owned(), &limits);
        let refused = content.push(&executable).unwrap_err().to_string();
        let expected = "files of the type application/x-executable are not taken";
        assert_eq!(refused, expected);
    }
}
