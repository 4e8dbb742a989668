//! The history as the Messages API is sent it.

use serde_json::{Value, json};

use crate::anthropic_requests::{
    answered, assistant, call, of, result, sent, text, thought, used, user,
};

#[tokio::test]
async fn the_history_goes_in_a_form_that_the_provider_takes() {
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let cases = vec![
        (
            "person and model speak in turn, results stand first",
            json!([
                said("user", "a"),
                said("user", "b"),
                thought(),
                said("assistant", "Wait. "),
                call("1"),
                call("2"),
                result("2", &json!("two")),
                result("1", &json!({"n": 1})),
                said("user", "c"),
                said("developer", "d"),
                said("assistant", "e"),
                said("assistant", " "),
                said("user", "f")
            ]),
            vec![
                user(&[text("a"), text("b")]),
                assistant(&[
                    json!({"type": "thinking", "thinking": "t", "signature": "s"}),
                    text("Wait."),
                    used("1"),
                    used("2"),
                ]),
                user(&[
                    answered("1", &[text("{\"n\":1}")]),
                    answered("2", &[text("two")]),
                    text("c"),
                    text("d"),
                ]),
                assistant(&[text("e")]),
                user(&[text("f")]),
            ],
        ),
        (
            "calls and results that stand alone stay out, and so does what only another provider can read",
            json!([said("user", "a"), result("0", &json!("x")), call("1"), {"type": "web_search_call", "id": "ws_1"},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
                {"type": "reasoning", "dialect": "openai_chat", "summary": [{"type": "summary_text", "text": "t"}]}, said("user", "b")]),
            vec![user(&[text("a"), text("b")])],
        ),
        (
            "thinking goes back as it came, where it came to something",
            json!([said("user", "a"), {"type": "reasoning", "dialect": "anthropic", "redacted": "r", "summary": []},
                {"type": "reasoning", "dialect": "anthropic", "signature": "s2", "summary": []},
                {"type": "reasoning", "dialect": "anthropic", "summary": [{"type": "summary_text", "text": "not signed"}]},
                call("1"), result("1", &json!("")), thought(), said("assistant", " "), said("user", "b"), thought()]),
            vec![
                user(&[text("a")]),
                assistant(&[
                    json!({"type": "redacted_thinking", "data": "r"}),
                    json!({"type": "thinking", "thinking": "", "signature": "s2"}),
                    used("1"),
                ]),
                user(&[answered("1", &[]), text("b")]),
            ],
        ),
        (
            "the first and the last word are the person's",
            json!([said("assistant", "Hello.")]),
            vec![
                user(&[text("[go on]")]),
                assistant(&[text("Hello.")]),
                user(&[text("[go on]")]),
            ],
        ),
        ("nothing at all", json!([]), vec![user(&[text("[go on]")])]),
    ];
    check_history(cases).await;
}

#[tokio::test]
async fn what_the_provider_would_refuse_is_sent_in_another_form() {
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let picture = |url: &str| json!({"type": "input_image", "image_url": url});
    let cases = vec![
        (
            "ids that the provider refuses are replaced in pairs",
            json!([
                said("user", "a"),
                call("f:0"),
                call("call-0"),
                result("f:0", &json!("x")),
                result("call-0", &json!("y"))
            ]),
            vec![
                user(&[text("a")]),
                assistant(&[used("call-0_"), used("call-0")]),
                user(&[
                    answered("call-0_", &[text("x")]),
                    answered("call-0", &[text("y")]),
                ]),
            ],
        ),
        (
            "arguments that can't be read",
            json!([said("user", "a"), {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{\"a\""},
                {"type": "function_call", "call_id": "2", "name": "f", "arguments": ""}, result("1", &json!("x")), result("2", &json!("y"))]),
            vec![
                user(&[text("a")]),
                assistant(&[
                    json!({"type": "tool_use", "id": "1", "name": "f", "input": {"unreadable": "{\"a\""}}),
                    json!({"type": "tool_use", "id": "2", "name": "f", "input": {}}),
                ]),
                user(&[answered("1", &[text("x")]), answered("2", &[text("y")])]),
            ],
        ),
        (
            "images and files",
            json!([{"role": "user", "content": [picture("https://x/a.png"), picture("data:image/png;base64,AA=="), picture("file:a"), picture("data:image/svg+xml;base64,AA=="),
                    {"type": "input_file", "file_data": "data:application/pdf;base64,AA=="}, {"type": "input_file", "file_id": "f"}, {"type": "novelty"}]},
                call("1"), result("1", &json!([{"type": "input_text", "text": "Here:"}, picture("https://x/b.png"), {"type": "novelty"}]))]),
            vec![
                user(&[
                    json!({"type": "image", "source": {"type": "url", "url": "https://x/a.png"}}),
                    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}),
                    text("[an image that can't be shown to this model]"),
                    text("[an image that can't be shown to this model]"),
                    json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="}}),
                    text("[a file that can't be shown to this model]"),
                ]),
                assistant(&[used("1")]),
                user(&[answered(
                    "1",
                    &[
                        text("Here:"),
                        json!({"type": "image", "source": {"type": "url", "url": "https://x/b.png"}}),
                        text("{\"type\":\"novelty\"}"),
                    ],
                )]),
            ],
        ),
    ];
    check_history(cases).await;
}

/// Checks what messages each history is sent as.
async fn check_history(cases: Vec<(&str, Value, Vec<Value>)>) {
    for (name, input, expected) in cases {
        let body = sent(|_| {}, of(input)).await.body;
        assert_eq!(body["messages"], Value::from(expected), "{name}");
    }
}
