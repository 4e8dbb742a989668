//! Headers that decide who is calling are read strictly: what appears twice says nothing.

use std::borrow::Cow;

use http::header::COOKIE;
use http::{HeaderMap, HeaderName};

/// A header that may appear once.
pub(super) enum Header<'a> {
    Missing,
    One(&'a str),
    /// It appears more than once, or isn't text.
    Unreadable,
}

/// The value of a header, in visible ASCII.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Missing,
        (Some(value), None) => value.to_str().map_or(Header::Unreadable, Header::One),
        (Some(_), Some(_)) => Header::Unreadable,
    }
}

/// The value of a header, in UTF-8.
pub(super) fn single_utf8<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Header::Missing,
        (Some(value), None) => {
            std::str::from_utf8(value.as_bytes()).map_or(Header::Unreadable, Header::One)
        }
        (Some(_), Some(_)) => Header::Unreadable,
    }
}

/// The values of the cookies of this name, in their order.
pub(super) fn cookies<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        // Another application's cookie that isn't text leaves ours as it is.
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"'))
}

/// Decodes characters beyond ASCII that are percent-encoded as UTF-8 (`%C3%A9` is `é`), and nothing else: a name that
/// really has `%61` in it stays another one than `a`.
pub(super) fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains('%') {
        return Cow::Borrowed(value);
    }
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(start) = rest.find('%') {
        let (before, encoded) = rest.split_at(start);
        text.push_str(before);
        let bytes = encoded_bytes(encoded);
        let taken = bytes.len() * 3;
        match String::from_utf8(bytes) {
            Ok(characters) if !characters.is_empty() => {
                text.push_str(&characters);
                rest = encoded.get(taken..).unwrap_or_default();
            }
            _ => {
                text.push('%');
                rest = encoded.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The bytes from 128 on that a text begins with, each as `%` and two hex digits.
fn encoded_bytes(text: &str) -> Vec<u8> {
    let (chunks, _) = text.as_bytes().as_chunks::<3>();
    chunks
        .iter()
        .map_while(|[percent, high, low]| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let byte = digit(*high)? * 16 + digit(*low)?;
            let byte = u8::try_from(byte).ok()?;
            (*percent == b'%' && byte >= 0x80).then_some(byte)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_characters_beyond_ascii_are_decoded() {
        for (value, expected) in [
            ("ann", "ann"),
            ("Ren%C3%A9e", "Renée"),
            ("%E5%B1%B1%e7%94%b0 %C3%A9", "山田 é"),
            ("%61nn", "%61nn"),
            ("100%", "100%"),
            ("%C3", "%C3"),
            ("%C3%28", "%C3%28"),
            ("%2", "%2"),
            ("%zz%C3%A9", "%zzé"),
            ("é%C3%A9", "éé"),
            ("%é", "%é"),
        ] {
            assert_eq!(decoded(value), expected, "{value}");
        }
    }
}
