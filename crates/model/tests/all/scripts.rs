//! Scripts that make no sense are refused, with the rule and the reason.

use frontdesk_model::scripted::{Script, ScriptError};

fn part(part: &str, reason: &str) -> ScriptError {
    ScriptError::Part {
        part: part.to_owned(),
        reason: reason.to_owned(),
    }
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (
            "[[rule]]\nname = 'add'\nwhen = 'x'",
            part("rule 1 (add)", "it has no steps, or more than allowed: 50"),
        ),
        (
            "[[rule]]\nwhen = 'x'\n[[rule.step]]\nsay = 'a'\ncall = { tool = 't' }",
            part(
                "rule 1 (x)",
                "step 1: it needs exactly one of say, call and calls",
            ),
        ),
        (
            "[[rule]]\nwhen = 'x'\n[[rule.step]]\ncalls = []",
            part(
                "rule 1 (x)",
                "step 1: it needs exactly one of say, call and calls",
            ),
        ),
        (
            "pace_ms = 60000",
            part("pace_ms", "longer than allowed: 2000"),
        ),
    ];
    for (script, error) in cases {
        assert_eq!(Script::from_toml(script).unwrap_err(), error, "{script}");
    }
}

#[test]
fn broken_patterns_and_templates_are_named_when_the_script_is_read() {
    let step = |step: &str| {
        format!("[[rule]]\nname = 'n'\nwhen = 'x'\n[[rule.step]]\nsay = 'a'\n[[rule.step]]\n{step}")
    };
    let cases = [
        (
            "[[rule]]\nname = 'n'\nwhen = '('\n[[rule.step]]\nsay = 'a'".to_owned(),
            "rule 1 (n)",
            "when: ",
        ),
        ("intro = '{{ '".to_owned(), "intro", "syntax error"),
        (
            "otherwise = '{% if %}'".to_owned(),
            "otherwise",
            "syntax error",
        ),
        (
            step("say = '{{ '"),
            "rule 1 (n)",
            "step 2: say: syntax error",
        ),
        (
            step("say = 'b'\nif = 'a b'"),
            "rule 1 (n)",
            "step 2: if: syntax error",
        ),
        (
            step("call = { tool = 't', each = '(' }"),
            "rule 1 (n)",
            "step 2: call of t: each: syntax error",
        ),
        (
            step("call = { tool = 't', arguments = { a = { b = ['{{ ( }}'] } } }"),
            "rule 1 (n)",
            "step 2: call of t: a: syntax error",
        ),
    ];
    for (script, expected, start) in cases {
        match Script::from_toml(&script) {
            Err(ScriptError::Part { part, reason }) => {
                assert_eq!(part, expected, "{script}");
                assert!(reason.starts_with(start), "{script}: {reason}");
            }
            other => panic!("{script}: {other:?}"),
        }
    }
}

#[test]
fn what_is_not_a_script_is_refused() {
    let deep = format!(
        "[[rule]]\nwhen = 'x'\n[[rule.step]]\ncall = {{ tool = 't', arguments = {{ a = {}{} }} }}",
        "[".repeat(60),
        "]".repeat(60)
    );
    for script in [
        "rules = []",
        "[[rule]]\nwhenn = 'x'",
        "[[rule]]\nwhen = 'x'\n[[rule.step]]\nsay = 'a'\nwhen = 'b'",
        "= 1",
        "pace_ms = -1",
        &"# \n".repeat(400_000),
        &deep,
    ] {
        assert!(
            Script::from_toml(script).is_err(),
            "{}",
            &script[..script.len().min(200)]
        );
    }
}

#[test]
fn the_example_in_the_documentation_is_a_script() {
    let source = include_str!("../../src/scripted.rs");
    let example: Vec<&str> = source
        .lines()
        .skip_while(|line| !line.starts_with("//! ```toml"))
        .skip(1)
        .take_while(|line| !line.starts_with("//! ```"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let example = example.join("\n");
    assert!(example.contains("[[rule]]"), "{example}");
    Script::from_toml(&example).unwrap();
}
