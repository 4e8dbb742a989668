//! The example as its readers run it.

use std::process::Command;

/// What the example says, without a key.
#[cfg(test)]
fn say(arguments: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_extraction"))
        .args(arguments)
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn an_invoice_becomes_data() {
    let expected = r#"{
  "number": "2026-117",
  "vendor": "Paper & Co",
  "due": "2026-12-01",
  "total_cents": 4850,
  "currency": "EUR"
}
Paper & Co is to be paid 48.50 EUR
"#;
    assert_eq!(say(&[]), (expected.to_owned(), String::new()));
}

#[test]
fn what_is_no_invoice_is_said_to_be_none() {
    let (said, error) = say(&["Good morning"]);
    assert_eq!(said, "");
    assert!(
        error.starts_with("Error: no invoice could be read: "),
        "{error}"
    );
}
