//! The history as a server of the Chat Completions API is sent it, by its profile.

use frontdesk_model::Request;
use frontdesk_model::openai_chat::Profile;
use serde_json::{Value, json};

use crate::chat_requests::sent;

type Case = (&'static str, Profile, Value, Value);

#[tokio::test]
async fn the_history_goes_in_a_form_that_the_server_takes() {
    let thought = |text: &str| json!({"type": "reasoning", "dialect": "openai_chat", "summary": [{"type": "summary_text", "text": text}]});
    let call = |id: &str| json!({"type": "function_call", "id": "fc_1", "call_id": id, "name": "f", "arguments": ""});
    let result = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    let user = |text: &str| json!({"role": "user", "content": text});
    let called = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let tool = |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
    let picture = |url: &str| json!({"type": "input_image", "image_url": url, "detail": "low"});
    let shown =
        |url: &str| json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}});
    let cases = vec![
        (
            "a turn's text and calls are one message, its results follow in their order",
            Profile::Plain,
            json!([user("a"), thought("t"), {"role": "assistant", "content": "Wait."}, call("1"), call("2"),
                result("2", json!("two")), result("1", json!({"n": 1})), {"role": "assistant", "content": "Done."}]),
            json!([user("a"), {"role": "assistant", "content": "Wait.", "tool_calls": [called("1"), called("2")]},
                tool("1", "{\"n\":1}"), tool("2", "two"), {"role": "assistant", "content": "Done."}]),
        ),
        (
            "calls and results that stand alone stay out, and so does what only another provider can read",
            Profile::Plain,
            json!([result("0", json!("x")), user("a"), call("1"), {"type": "web_search_call", "id": "ws_1"},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}, user("b")]),
            json!([user("a"), user("b")]),
        ),
        (
            "thinking goes back with all that was said",
            Profile::DeepSeek,
            json!([user("a"), thought("old"), call("1"), result("1", json!("x")), user("b"), thought("new"),
                {"type": "reasoning", "dialect": "anthropic", "signature": "s", "summary": []}, call("2"), result("2", json!("y")),
                {"role": "assistant", "content": "Done."}]),
            json!([user("a"), {"role": "assistant", "content": null, "reasoning_content": "old", "tool_calls": [called("1")]}, tool("1", "x"),
                user("b"), {"role": "assistant", "content": null, "reasoning_content": "new", "tool_calls": [called("2")]}, tool("2", "y"),
                {"role": "assistant", "content": "Done.", "reasoning_content": ""}]),
        ),
        (
            "thinking goes back with the calls of the answer that goes on",
            Profile::OpenRouter,
            json!([
                user("a"),
                thought("old"),
                call("1"),
                result("1", json!("x")),
                user("b"),
                thought("new"),
                call("2"),
                result("2", json!("y"))
            ]),
            json!([user("a"), {"role": "assistant", "content": null, "tool_calls": [called("1")]}, tool("1", "x"),
                user("b"), {"role": "assistant", "content": null, "reasoning": "new", "tool_calls": [called("2")]}, tool("2", "y")]),
        ),
        (
            "what the person says stands together where a chat template wants to see turns",
            Profile::LlamaCpp,
            json!([user("a"), user("b"), {"role": "user", "content": [picture("https://x/a.png")]}, {"role": "developer", "content": "c"}]),
            json!([{"role": "user", "content": [{"type": "text", "text": "a\n\nb"}, shown("https://x/a.png"), {"type": "text", "text": "c"}]}]),
        ),
        (
            "a refusal is what was said",
            Profile::Plain,
            json!([{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}]),
            json!([{"role": "assistant", "content": "No."}]),
        ),
    ];
    check(cases).await;
}

#[tokio::test]
async fn images_and_files_go_where_they_can_be_shown() {
    let call = |id: &str| json!({"type": "function_call", "id": "fc_1", "call_id": id, "name": "f", "arguments": ""});
    let result = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    let user = |text: &str| json!({"role": "user", "content": text});
    let called = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let tool = |id: &str, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
    let picture = |url: &str| json!({"type": "input_image", "image_url": url, "detail": "low"});
    let shown =
        |url: &str| json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}});
    let cases = vec![
        (
            "images and files, where they can be shown",
            Profile::OpenAi,
            json!([{"role": "user", "content": [{"type": "input_text", "text": "See:"}, picture("https://x/a.png"),
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}, {"type": "novelty"}]}]),
            json!([{"role": "user", "content": [{"type": "text", "text": "See:"}, shown("https://x/a.png"),
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}}]}]),
        ),
        (
            "images that come along, alone",
            Profile::Ollama,
            json!([{"role": "user", "content": [picture("https://x/a.png"), picture("data:image/png;base64,AA==")]}]),
            json!([{"role": "user", "content": [{"type": "text", "text": "[an image that can't be shown to this model]"},
                shown("data:image/png;base64,AA==")]}]),
        ),
        (
            "no images and no files",
            Profile::DeepSeek,
            json!([{"role": "user", "content": [picture("data:image/png;base64,AA=="), {"type": "input_file", "file_id": "f"}]}]),
            json!([user(
                "[an image that can't be shown to this model]\n[a file that can't be shown to this model]"
            )]),
        ),
        (
            "a result's images are shown after all results",
            Profile::Plain,
            json!([
                call("1"),
                call("2"),
                result(
                    "1",
                    json!([{"type": "input_text", "text": "Here:"}, picture("https://x/a.png")])
                ),
                result("2", json!("two"))
            ]),
            json!([{"role": "assistant", "content": null, "tool_calls": [called("1"), called("2")]},
                tool("1", "Here:\n[an image, shown below]"), tool("2", "two"),
                {"role": "user", "content": [{"type": "text", "text": "The image that the call 1 gave:"}, shown("https://x/a.png")]}]),
        ),
    ];
    check(cases).await;
}

async fn check(cases: Vec<Case>) {
    for (name, profile, input, expected) in cases {
        let request = Request {
            input: serde_json::from_value(input).unwrap(),
            ..Request::default()
        };
        assert_eq!(
            sent(profile, request).await.body["messages"],
            expected,
            "{name}"
        );
    }
}
