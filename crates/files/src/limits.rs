//! What is taken: how much, and of which types.

/// Caps on files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes of one file.
    pub max_bytes: u64,
    /// The types that are taken.
    pub types: Vec<TypePattern>,
    /// Attachments of one user that were made and not sent yet.
    pub unsent: u64,
    /// Uploads that are received at the same time; others wait.
    pub uploads_at_once: usize,
    /// Images that are decoded at the same time; others wait.
    pub drawings_at_once: usize,
}

/// What models read.
const DEFAULT_TYPES: [&str; 13] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/*",
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/sql",
    "application/javascript",
];

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            max_bytes: 20 << 20,
            types: DEFAULT_TYPES
                .into_iter()
                .filter_map(TypePattern::read)
                .collect(),
            unsent: 200,
            uploads_at_once: 16,
            drawings_at_once: 2,
        }
    }
}

/// A media type such as `image/png`, or several: `image/*`, `*/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypePattern {
    main: String,
    sub: String,
}

impl TypePattern {
    /// Reads a pattern; `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (main, sub) = text.split_once('/')?;
        let fits = |part: &str| {
            let plain = |sign: u8| sign.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&sign);
            part == "*" || (!part.is_empty() && part.bytes().all(plain))
        };
        let is_pattern = fits(main) && fits(sub) && (main != "*" || sub == "*");
        is_pattern.then(|| Self {
            main: main.to_owned(),
            sub: sub.to_owned(),
        })
    }

    /// Whether a media type without parameters fits.
    pub fn fits(&self, media_type: &str) -> bool {
        let (main, sub) = media_type.split_once('/').unwrap_or((media_type, ""));
        (self.main == "*" || self.main == main) && (self.sub == "*" || self.sub == sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_a_type_or_a_family() {
        let cases = [
            ("image/png", "image/png", true),
            ("image/png", "image/jpeg", false),
            ("Image/*", "image/jpeg", true),
            ("image/*", "text/plain", false),
            ("*/*", "x-a/y", true),
        ];
        for (pattern, media_type, fits) in cases {
            let pattern = TypePattern::read(pattern).unwrap();
            assert_eq!(pattern.fits(media_type), fits, "{pattern:?} {media_type}");
        }
        for wrong in ["", "image", "*/png", "a b/c", "/", "a/"] {
            assert_eq!(TypePattern::read(wrong), None, "{wrong}");
        }
    }
}
