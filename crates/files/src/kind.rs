//! What bytes are, by how they begin, against what they were announced as.

/// A media type, where it begins in the bytes, and with what.
struct Signature {
    media_type: &'static str,
    at: usize,
    bytes: &'static [u8],
}

const fn signature(media_type: &'static str, at: usize, bytes: &'static [u8]) -> Signature {
    Signature {
        media_type,
        at,
        bytes,
    }
}

/// Containers hold many formats; a type that isn't known here may lie in one of them.
const ZIP: &str = "application/zip";
const COMPOUND: &str = "application/x-cfb";
const ISO_MEDIA: &str = "video/mp4";
const MATROSKA: &str = "video/webm";
const RIFF: &str = "application/x-riff";
const OGG: &str = "application/ogg";
const GZIP: &str = "application/gzip";

/// From the formats' own specifications, as
/// <https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern> and its neighbours collect them.
const SIGNATURES: [Signature; 20] = [
    signature("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    signature("image/jpeg", 0, b"\xff\xd8\xff"),
    signature("image/gif", 0, b"GIF87a"),
    signature("image/gif", 0, b"GIF89a"),
    signature("image/webp", 8, b"WEBPVP8"),
    signature("image/tiff", 0, b"II*\0"),
    signature("image/tiff", 0, b"MM\0*"),
    signature("audio/wav", 8, b"WAVE"),
    signature(RIFF, 0, b"RIFF"),
    signature(ZIP, 0, b"PK\x03\x04"),
    signature(COMPOUND, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    signature(ISO_MEDIA, 4, b"ftyp"),
    signature(MATROSKA, 0, b"\x1a\x45\xdf\xa3"),
    signature(OGG, 0, b"OggS"),
    signature(GZIP, 0, b"\x1f\x8b\x08"),
    signature("audio/mpeg", 0, b"ID3"),
    signature("audio/flac", 0, b"fLaC"),
    signature("application/x-7z-compressed", 0, b"7z\xbc\xaf\x27\x1c"),
    signature("application/x-executable", 0, b"\x7fELF"),
    signature("application/pdf", 0, b"%PDF-"),
];

/// In how many of the first bytes a PDF may begin, as readers take it.
const PDF_WITHIN: usize = 1_024;
/// How many first bytes tell what it is.
pub(crate) const HEAD_BYTES: usize = PDF_WITHIN + 8;

/// Types of applications that are text.
const TEXTS: [&str; 10] = [
    "application/json",
    "application/xml",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/sql",
    "application/javascript",
    "application/x-ndjson",
    "application/x-sh",
    "image/svg+xml",
];

/// Whether bytes can be text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// So far they are UTF-8 without zero bytes.
    AsText,
    /// They aren't.
    AsBytes,
}

/// A media type in its usual form: without parameters, in lower case. Nothing at all is "bytes".
pub(crate) fn normalised(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "" => BYTES.to_owned(),
        "image/jpg" | "image/pjpeg" => "image/jpeg".to_owned(),
        "image/x-png" => "image/png".to_owned(),
        "application/x-pdf" => "application/pdf".to_owned(),
        "application/x-javascript" => "application/javascript".to_owned(),
        other => other.to_owned(),
    }
}

/// What says nothing about bytes.
pub(crate) const BYTES: &str = "application/octet-stream";

/// Whether a type is of text.
pub(crate) fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || TEXTS.contains(&media_type)
}

/// Whether a type is of an image that is decoded here, shown in the page and read by models.
pub(crate) fn is_image(media_type: &str) -> bool {
    matches!(
        media_type,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp"
    )
}

/// What the bytes are, or what they look like where that isn't what they were announced as.
pub(crate) fn settle(announced: &str, head: &[u8], reads: Reads) -> Result<String, String> {
    let found = find(head);
    let looks = || match (found, reads) {
        (Some(found), _) => found.to_owned(),
        (None, Reads::AsText) => "text/plain".to_owned(),
        (None, Reads::AsBytes) => BYTES.to_owned(),
    };
    if announced == BYTES {
        return Ok(looks());
    }
    let agrees = if is_text(announced) {
        found.is_none() && reads == Reads::AsText
    } else if is_strict(announced) {
        found == Some(announced)
    } else {
        match found {
            None => reads == Reads::AsBytes || announced.starts_with("application/"),
            Some(found) => may_lie_in(announced, found),
        }
    };
    if agrees {
        Ok(announced.to_owned())
    } else {
        Err(looks())
    }
}

/// Whether every file of this type has its signature.
fn is_strict(announced: &str) -> bool {
    let has_one = || SIGNATURES.iter().any(|known| known.media_type == announced);
    matches!(announced, "application/pdf" | ZIP | GZIP)
        || (announced.starts_with("image/") && has_one())
}

fn find(head: &[u8]) -> Option<&'static str> {
    let begins = |known: &Signature| {
        let there = head.get(known.at..);
        there.is_some_and(|there| there.starts_with(known.bytes))
    };
    let found = SIGNATURES.iter().find(|known| begins(known));
    found.map(|known| known.media_type).or_else(|| {
        let early = head.get(..head.len().min(PDF_WITHIN))?;
        let is_pdf = early.windows(5).any(|window| window == b"%PDF-");
        is_pdf.then_some("application/pdf")
    })
}

/// Whether files of this type, which has no signature of its own here, may look like that.
fn may_lie_in(announced: &str, found: &str) -> bool {
    let is_media = announced.starts_with("audio/") || announced.starts_with("video/");
    match found {
        ZIP | COMPOUND => announced.starts_with("application/"),
        ISO_MEDIA => is_media || announced.starts_with("image/"),
        MATROSKA | OGG | RIFF | "audio/wav" | "audio/mpeg" | "audio/flac" => is_media,
        GZIP => announced.starts_with("application/"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case<'c> = (&'c str, &'c [u8], Reads, Result<&'c str, &'c str>);

    #[test]
    fn what_bytes_are_decides_against_what_they_are_called() {
        let png: &[u8] = b"\x89PNG\r\n\x1a\n....";
        let page: &[u8] = b"<!doctype html><script>alert(1)</script>";
        let cases: &[Case<'_>] = &[
            ("image/png", png, Reads::AsBytes, Ok("image/png")),
            (BYTES, png, Reads::AsBytes, Ok("image/png")),
            ("image/jpeg", png, Reads::AsBytes, Err("image/png")),
            ("text/plain", png, Reads::AsBytes, Err("image/png")),
            ("image/png", page, Reads::AsText, Err("text/plain")),
            ("text/html", page, Reads::AsText, Ok("text/html")),
            (BYTES, page, Reads::AsText, Ok("text/plain")),
            ("text/csv", b"\0\x01", Reads::AsBytes, Err(BYTES)),
            (
                "application/pdf",
                b"junk %PDF-1.7",
                Reads::AsBytes,
                Ok("application/pdf"),
            ),
            ("application/pdf", page, Reads::AsText, Err("text/plain")),
            (
                "text/plain",
                b"%PDF-1.7",
                Reads::AsText,
                Err("application/pdf"),
            ),
            (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                b"PK\x03\x04..",
                Reads::AsBytes,
                Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ),
            ("application/x-own", png, Reads::AsBytes, Err("image/png")),
            (
                "image/svg+xml",
                b"<svg/>",
                Reads::AsText,
                Ok("image/svg+xml"),
            ),
            (
                "image/webp",
                b"RIFF....WEBPVP8 ",
                Reads::AsBytes,
                Ok("image/webp"),
            ),
        ];
        for (announced, head, reads, expected) in cases {
            let settled = settle(announced, head, *reads);
            let settled = settled.as_deref().map_err(String::as_str);
            assert_eq!(&settled, expected, "{announced} {head:?}");
        }
    }

    #[test]
    fn a_type_has_one_form() {
        let cases = [
            ("", BYTES),
            ("Text/Plain; charset=UTF-8", "text/plain"),
            ("image/jpg", "image/jpeg"),
        ];
        for (written, expected) in cases {
            assert_eq!(normalised(written), expected);
        }
    }
}
