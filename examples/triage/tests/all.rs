//! The example as its readers run it.

use std::path::Path;
use std::process::Command;

/// What the example says, without a key.
#[cfg(test)]
fn say(question: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_triage"))
        .arg(question)
        .env_remove("OPENAI_API_KEY")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_front_desk_hands_over_to_who_can_help() {
    let cases = [
        (
            "Order 1042 was charged twice",
            vec![
                "[desk hands over to billing]",
                r#"[find_payments: [{"cents":2450,"order":1042},{"cents":2450,"order":1042}]]"#,
                "Order 1042 was paid 2 times. You get 24.50 back.",
                "[billing answered, ",
            ],
        ),
        (
            "My stapler is broken",
            vec![
                "[desk hands over to workshop]",
                "Bring it in, we'll have a look.",
                "[workshop answered, ",
            ],
        ),
        (
            "Good morning",
            vec![
                "Ask me about a payment, or about something that broke.",
                "[desk answered, ",
            ],
        ),
    ];
    for (question, expected) in cases {
        let said = say(question);
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), expected.len(), "{said}");
        for (line, start) in lines.iter().zip(expected) {
            assert!(line.starts_with(start), "{said}");
        }
    }
}

#[test]
fn the_guide_shows_the_examples_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let guide = std::fs::read_to_string(root.join("docs/guides/agents.md")).unwrap();
    let mut shown = 0;
    for block in guide.split("```rust\n// ").skip(1) {
        let (path, code) = block.split_once('\n').unwrap();
        let (code, _) = code.split_once("```").unwrap();
        let source = std::fs::read_to_string(root.join(path)).unwrap();
        assert!(source.contains(code), "{path} has no such lines:\n{code}");
        shown += 1;
    }
    assert!(shown > 5, "{shown}");
}
