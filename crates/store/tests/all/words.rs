//! Words: what a query finds, and how that is shown.

use frontdesk_store::words::{MAX_TEXT_BYTES, MAX_WORDS, Query, words};

/// A text, and what it is found by.
const FOUND: &[(&str, &str)] = &[
    ("The quarterly invoice is late", "invoice"),
    ("The quarterly invoice is late", "  INVOICE quart "),
    ("The quarterly invoice is late", "late\u{301} invoic"),
    ("Rechnung für die Straße in Zürich", "strasse zurich fur"),
    ("GROSSE STRASSE", "große straße"),
    (
        "Die Haftpflichtversicherung kündigen",
        "versicherung kundigen",
    ),
    ("Die Haftpflichtversicherung kündigen", "pflicht"),
    ("Apfelkuchen mit Sahne", "Kuchen"),
    ("le café à l'œuvre", "cafe oeuvre"),
    ("Ο ΟΔΥΣΣΕΥΣ στην Ιθάκη", "οδυσσευς ιθακη"),
    ("Заказ ещё не пришёл", "еще пришел"),
    ("İstanbul'da kahve", "istanbul"),
    ("東京都の天気は晴れです", "天気"),
    ("東京都の天気は晴れです", "京都"),
    ("黒い猫", "猫"),
    ("猫がいる", "猫"),
    ("カ\u{3099}ラスを注文する", "ガラス"),
    ("我想取消我的订单", "订单 取消"),
    ("ฉันต้องการยกเลิกคำสั่งซื้อ", "ยกเลิก"),
    ("주문을 취소하고 싶어요", "취소"),
    ("\u{1103}\u{1161}\u{11af}", "달"),
    ("नमस्ते दुनिया", "नमस्ते"),
    ("سَلَامٌ عليكم", "سلام"),
    ("שָׁלוֹם לכולם", "שלום"),
    ("Deployed 🚀 and happy 👩‍💻", "🚀"),
    ("Deployed 🚀 and happy 👩‍💻", "👩"),
    ("ok 👍🏽", "👍"),
    ("ｆｕｌｌ ｗｉｄｔｈ ①", "full width 1"),
    ("mail to ann@example.com now", "example.com"),
    ("ticket ABC-1234", "abc-12"),
];

/// A text, and what it isn't found by.
const NOT_FOUND: &[(&str, &str)] = &[
    ("The quarterly invoice is late", "invoices"),
    ("The quarterly invoice is late", "voice"),
    ("The quarterly invoice is late", "invoice early"),
    ("東京都の天気", "大阪"),
    ("カラス", "ガラス"),
    ("Deployed 🚀", "🛑"),
    ("one OR two", "three OR"),
    ("", "a"),
];

#[test]
fn a_text_is_found_by_its_words_and_their_beginnings() {
    for (text, query) in FOUND {
        let parsed = Query::parse(query).unwrap();
        assert!(parsed.finds(text), "{query} in {text}: {:?}", words(text));
    }
    for (text, query) in NOT_FOUND {
        let parsed = Query::parse(query).unwrap();
        assert!(!parsed.finds(text), "{query} in {text}");
    }
}

#[test]
fn a_query_without_a_word_is_none() {
    for query in [
        "",
        " ",
        "\"*:^()-",
        "…",
        "\u{301}",
        "\u{200d}\u{fe0f}",
        "\0",
    ] {
        assert_eq!(Query::parse(query), None, "{query:?}");
    }
}

#[test]
fn words_and_terms_are_bounded() {
    let long = "x".repeat(1 << 20);
    assert_eq!(words(&long).len(), 1 + 40 - 3 - 4 + 1);
    let many: Vec<String> = (0..400_000).map(|n| format!("{n:x}")).collect();
    assert_eq!(words(&many.join(" ")).len(), MAX_WORDS);
    let beyond = format!("{} behind", " ".repeat(MAX_TEXT_BYTES));
    assert!(words(&beyond).is_empty());
    let cut_within_a_character = format!("{}é", "x".repeat(MAX_TEXT_BYTES - 1));
    assert!(Query::parse("x").unwrap().finds(&cut_within_a_character));
    let marks = format!("e{}", "\u{94d}".repeat(100_000));
    assert!(words(&marks).iter().all(|word| word.chars().count() <= 40));
    let voiced = format!("か{}な", "\u{3099}".repeat(700));
    assert!(words(&voiced).iter().all(|word| word.chars().count() <= 16));
    assert!(Query::parse("かな").unwrap().finds("かな"));
}

#[test]
fn a_snippet_is_one_line_around_what_was_found() {
    let filler = "lorem ipsum dolor sit amet ".repeat(20);
    let cases = [
        (
            "hello   there\n\nworld",
            "world",
            "hello there world".to_owned(),
        ),
        ("東京都の天気", "天気", "東京都の天気".to_owned()),
    ];
    for (text, query, snippet) in cases {
        assert_eq!(Query::parse(query).unwrap().snippet(text), snippet);
    }
    let long = format!("{filler}the Invoices are here {filler}");
    let snippet = Query::parse("invoice").unwrap().snippet(&long);
    assert!(snippet.contains("the Invoices are here"), "{snippet}");
    assert!(
        snippet.starts_with('…') && snippet.ends_with('…'),
        "{snippet}"
    );
    assert!(snippet.chars().count() <= 162, "{snippet}");
    let nothing = Query::parse("absent").unwrap().snippet(&long);
    assert!(nothing.starts_with("lorem ipsum"), "{nothing}");
    let run = format!("{}天気{}", "東".repeat(500), "京".repeat(500));
    let snippet = Query::parse("天気").unwrap().snippet(&run);
    assert!(snippet.contains("天気"), "{snippet}");
}
