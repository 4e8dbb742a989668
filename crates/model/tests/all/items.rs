//! Items read and write as the Responses API has them, and nothing that comes is lost.

use frontdesk_model::{
    ContentPart, FunctionCall, FunctionCallOutput, Item, Message, Reasoning, Role,
};
use serde_json::{Map, Value, json};

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn cases() -> Vec<(Item, Value)> {
    vec![
        (
            Item::user("hello"),
            json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}),
        ),
        (
            Item::developer("be brief"),
            json!({"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "be brief"}]}),
        ),
        (
            Item::Message(Message {
                id: Some("msg_1".to_owned()),
                role: Role::Assistant,
                content: vec![
                    ContentPart::OutputText {
                        text: "hi".to_owned(),
                        annotations: vec![
                            json!({"type": "url_citation", "url": "https://example.com"}),
                        ],
                    },
                    ContentPart::Refusal {
                        refusal: "no".to_owned(),
                    },
                    ContentPart::Other(fields(&json!({"type": "hologram", "depth": 3}))),
                ],
                extra: fields(&json!({"status": "completed", "phase": "commentary"})),
            }),
            json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
            "content": [
                {"type": "output_text", "text": "hi", "annotations": [{"type": "url_citation", "url": "https://example.com"}]},
                {"type": "refusal", "refusal": "no"},
                {"type": "hologram", "depth": 3},
            ]}),
        ),
        (
            Item::FunctionCall(FunctionCall {
                id: Some("fc_1".to_owned()),
                extra: fields(&json!({"namespace": "n"})),
                ..FunctionCall::new("call_1", "search", r#"{"q":"x"}"#)
            }),
            json!({"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "search",
                "arguments": r#"{"q":"x"}"#, "namespace": "n"}),
        ),
        (
            Item::function_call_output("call_1", "42"),
            json!({"type": "function_call_output", "call_id": "call_1", "output": "42"}),
        ),
        (
            Item::function_call_output("call_1", json!([{"type": "input_text", "text": "42"}])),
            json!({"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "42"}]}),
        ),
        (
            Item::Reasoning(Reasoning {
                id: Some("rs_1".to_owned()),
                summary: vec!["first".to_owned(), "then".to_owned()],
                encrypted_content: Some("secret".to_owned()),
                extra: fields(&json!({"content": [{"type": "reasoning_text", "text": "open"}]})),
            }),
            json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "secret",
                "summary": [{"type": "summary_text", "text": "first"}, {"type": "summary_text", "text": "then"}],
                "content": [{"type": "reasoning_text", "text": "open"}]}),
        ),
        (
            Item::Other(fields(
                &json!({"type": "web_search_call", "id": "ws_1", "action": {"query": "x"}}),
            )),
            json!({"type": "web_search_call", "id": "ws_1", "action": {"query": "x"}}),
        ),
        // A known kind that isn't shaped as known stays whole as well.
        (
            Item::Other(fields(&json!({"type": "function_call", "name": 3}))),
            json!({"type": "function_call", "name": 3}),
        ),
        (
            Item::Other(fields(
                &json!({"type": "message", "role": "narrator", "content": "once"}),
            )),
            json!({"type": "message", "role": "narrator", "content": "once"}),
        ),
    ]
}

#[test]
fn items_read_and_write_as_the_api_has_them() {
    for (item, json) in cases() {
        assert_eq!(serde_json::to_value(&item).unwrap(), json);
        assert_eq!(serde_json::from_value::<Item>(json).unwrap(), item);
    }
}

#[test]
fn looser_forms_are_read_too() {
    let cases = [
        (
            json!({"role": "user", "content": "hello"}),
            Item::user("hello"),
        ),
        (
            json!({"type": "message", "role": "assistant", "content": "hi", "id": null}),
            Item::assistant("hi"),
        ),
        (
            json!({"type": "function_call", "call_id": "c", "name": "n", "arguments": {"a": 1}}),
            Item::function_call("c", "n", r#"{"a":1}"#),
        ),
        (
            json!({"type": "reasoning", "summary": null}),
            Item::Reasoning(Reasoning::default()),
        ),
    ];
    for (json, item) in cases {
        assert_eq!(serde_json::from_value::<Item>(json).unwrap(), item);
    }
}

#[test]
fn one_kind_of_item_reads_and_writes_alone() {
    let call = FunctionCall::new("c", "n", "{}");
    let json = serde_json::to_value(&call).unwrap();
    assert_eq!(
        serde_json::from_value::<FunctionCall>(json.clone()).unwrap(),
        call
    );
    assert!(serde_json::from_value::<FunctionCallOutput>(json).is_err());
}

#[test]
fn texts_are_joined() {
    let message = Message {
        content: vec![
            ContentPart::InputText {
                text: "a".to_owned(),
            },
            ContentPart::Other(Map::new()),
            ContentPart::Refusal {
                refusal: "b".to_owned(),
            },
        ],
        ..Message::user("")
    };
    assert_eq!(message.text(), "ab");
    let parts = json!([{"type": "input_text", "text": "a"}, {"type": "input_image"}, {"type": "input_text", "text": "b"}]);
    assert_eq!(FunctionCallOutput::new("c", parts).text(), "ab");
    assert_eq!(
        FunctionCallOutput::new("c", json!({"a": 1})).text(),
        r#"{"a":1}"#
    );
}
