//! The decoder of server-sent events: what the specification says, in any split, within its bound.

use frontdesk_model::sse::{Decoder, Frame, TooLong};
use proptest::prelude::*;

const LIMIT: usize = 64 * 1024;

fn frame(event: Option<&str>, data: &str, id: Option<&str>) -> Frame {
    Frame {
        event: event.map(str::to_owned),
        data: data.to_owned(),
        id: id.map(str::to_owned),
    }
}

fn decode(stream: &[u8]) -> Vec<Frame> {
    Decoder::new(LIMIT).push(stream).unwrap()
}

#[test]
fn streams_decode_as_the_specification_says() {
    let cases: [(&str, &[u8], Vec<Frame>); 16] = [
        (
            "one event",
            b"data: hello\n\n",
            vec![frame(None, "hello", None)],
        ),
        (
            "all fields",
            b"event: delta\nid: 7\nretry: 10\ndata: x\n\n",
            vec![frame(Some("delta"), "x", Some("7"))],
        ),
        (
            "several lines",
            b"data: a\ndata:\ndata: b\n\n",
            vec![frame(None, "a\n\nb", None)],
        ),
        (
            "only the first space goes",
            b"data:  a\n\n",
            vec![frame(None, " a", None)],
        ),
        ("no space", b"data:a\n\n", vec![frame(None, "a", None)]),
        (
            "CRLF",
            b"data: a\r\n\r\ndata: b\r\n\r\n",
            vec![frame(None, "a", None), frame(None, "b", None)],
        ),
        (
            "CR",
            b"data: a\r\rdata: b\r\r",
            vec![frame(None, "a", None), frame(None, "b", None)],
        ),
        (
            "mixed",
            b"data: a\r\n\ndata: b\n\r\n",
            vec![frame(None, "a", None), frame(None, "b", None)],
        ),
        (
            "a byte order mark",
            b"\xEF\xBB\xBFdata: a\n\n",
            vec![frame(None, "a", None)],
        ),
        (
            "a byte order mark, later",
            b"\n\xEF\xBB\xBFdata: a\n\n",
            vec![],
        ),
        (
            "comments",
            b": keep-alive\n\n:\ndata: a\n: b\n\n",
            vec![frame(None, "a", None)],
        ),
        (
            "a name without data",
            b"event: a\n\ndata: b\n\n",
            vec![frame(None, "b", None)],
        ),
        (
            "a field without a colon",
            b"data\n\n",
            vec![frame(None, "", None)],
        ),
        (
            "an unknown field",
            b"date: a\ndata: b\n\n",
            vec![frame(None, "b", None)],
        ),
        (
            "an id with a NUL",
            b"id: a\0b\ndata: c\n\n",
            vec![frame(None, "c", None)],
        ),
        ("no end", b"data: a\n", vec![]),
    ];
    for (name, stream, expected) in cases {
        assert_eq!(decode(stream), expected, "{name}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    assert_eq!(
        decode(b"data: a\xFFb\xE2\x82\n\n"),
        [frame(None, "a\u{FFFD}b\u{FFFD}", None)]
    );
}

#[test]
fn the_end_of_the_stream_gives_what_lacks_only_its_empty_line() {
    let mut decoder = Decoder::new(LIMIT);
    assert_eq!(decoder.push(b"event: a\ndata: b\ndata: c").unwrap(), []);
    assert_eq!(decoder.finish(), Some(frame(Some("a"), "b\nc", None)));
    assert_eq!(decoder.finish(), None);
}

#[test]
fn an_event_that_is_too_long_is_refused_for_good() {
    let too_long = Err(TooLong { limit: 16 });
    for stream in [
        &b"data: 0123456789abcdef\n\n"[..],
        b"data: 0123456789\ndata: a\n\n",
        b"0123456789abcdefg",
    ] {
        let mut decoder = Decoder::new(16);
        assert_eq!(decoder.push(stream), too_long);
        assert_eq!(decoder.push(b"data: a\n\n"), too_long);
        assert_eq!(decoder.finish(), None);
    }
    // Many short events, each within the limit.
    let frames = Decoder::new(16)
        .push(&b"data: 01234567\n\n".repeat(1000))
        .unwrap();
    assert_eq!(frames.len(), 1000);
}

/// Bytes that look like a stream, and bytes that don't.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data: ".to_vec()),
        Just(b"event: e".to_vec()),
        Just(b"id: 1".to_vec()),
        Just(b": comment".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"\xEF\xBB\xBF".to_vec()),
        Just("grüße 🦀".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn decode_split(stream: &[u8], cuts: &[usize], limit: usize) -> (Vec<Frame>, bool, Option<Frame>) {
    let mut decoder = Decoder::new(limit);
    let mut frames = Vec::new();
    let mut fits = true;
    let mut from = 0;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    for cut in cuts {
        fits &= decoder
            .decode(&stream[from..cut], |frame| frames.push(frame.into_owned()))
            .is_ok();
        from = cut;
    }
    (frames, fits, decoder.finish())
}

proptest! {
    #[test]
    fn any_split_decodes_as_the_whole(
        stream in streams(),
        cuts in proptest::collection::vec(any::<usize>(), 0..20),
        limit in prop_oneof![Just(LIMIT), 4_usize..60],
    ) {
        prop_assert_eq!(decode_split(&stream, &cuts, limit), decode_split(&stream, &[], limit));
    }

    #[test]
    fn byte_by_byte_decodes_as_the_whole(stream in streams()) {
        let each: Vec<usize> = (0..stream.len()).collect();
        prop_assert_eq!(decode_split(&stream, &each, LIMIT), decode_split(&stream, &[], LIMIT));
    }
}
