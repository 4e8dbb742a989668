//! Tools of other sorts than functions, and the form of an answer, as the Responses API is asked for them.

use std::sync::Arc;

use frontdesk_model::{
    ContentPart, FunctionCall, Item, Message, OutputFormat, Request, Schema, Settings, Strictness,
    ToolChoice, ToolDefinition,
};
use serde_json::{Value, json};

use crate::replay::sent;

fn function() -> ToolDefinition {
    ToolDefinition {
        name: "find".to_owned(),
        description: "Finds it.".to_owned(),
        parameters: Schema::new(json!({"type": "object"})),
        strict: Strictness::Lenient,
    }
}

fn grammar() -> Value {
    json!({"type": "grammar", "syntax": "regex", "definition": "[a-z]+"})
}

#[tokio::test]
async fn hosted_and_custom_tools_stand_beside_functions() {
    let choice = |choice| Request {
        tools: Arc::new([
            function(),
            ToolDefinition::freeform("shout", "Shouts it.", None),
            ToolDefinition::freeform("spell", "Spells it.", Some(grammar())),
        ]),
        hosted_tools: Arc::new([json!({"type": "web_search", "search_context_size": "low"})]),
        tool_choice: choice,
        ..Request::default()
    };
    let body = sent(Settings::default(), choice(ToolChoice::Auto)).await;
    assert_eq!(
        body["tools"],
        json!([
            {"type": "function", "name": "find", "description": "Finds it.", "parameters": {"type": "object"}, "strict": false},
            {"type": "custom", "name": "shout", "description": "Shouts it."},
            {"type": "custom", "name": "spell", "description": "Spells it.", "format": grammar()},
            {"type": "web_search", "search_context_size": "low"},
        ])
    );
    for (name, expected) in [
        ("find", json!({"type": "function", "name": "find"})),
        ("spell", json!({"type": "custom", "name": "spell"})),
        ("web_search", json!({"type": "web_search"})),
        ("nobody", json!({"type": "function", "name": "nobody"})),
    ] {
        let request = choice(ToolChoice::Tool(name.to_owned()));
        assert_eq!(
            sent(Settings::default(), request).await["tool_choice"],
            expected
        );
    }
    let request = Request {
        tools: Arc::new([]),
        ..choice(ToolChoice::Required)
    };
    let body = sent(Settings::default(), request).await;
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(body["tool_choice"], "required");
}

#[tokio::test]
async fn the_form_of_the_answer_is_sent_with_what_else_is_set_for_its_text() {
    let format = |strict: bool| json!({"type": "json_schema", "name": "person", "schema": {"type": "object"}, "strict": strict});
    let extra = |text: Value| Settings {
        extra: json!({"text": text}).as_object().unwrap().clone(),
        ..Settings::default()
    };
    let verbosity = json!({"verbosity": "low"});
    let own = json!({"format": {"type": "json_object"}});
    for (settings, strict, expected) in [
        (
            Settings::default(),
            Strictness::Strict,
            json!({"format": format(true)}),
        ),
        (
            Settings::default(),
            Strictness::Lenient,
            json!({"format": format(false)}),
        ),
        (
            extra(verbosity),
            Strictness::Lenient,
            json!({"verbosity": "low", "format": format(false)}),
        ),
        (extra(own.clone()), Strictness::Lenient, own),
    ] {
        let request = Request {
            output: OutputFormat::Json {
                name: "person".to_owned(),
                schema: Schema::new(json!({"type": "object"})),
                strict,
            },
            ..Request::default()
        };
        assert_eq!(sent(settings, request).await["text"], expected);
    }
}

#[tokio::test]
async fn a_custom_call_goes_back_as_what_it_was_and_its_result_with_it() {
    let mut custom = FunctionCall::new("c1", "shout", r#"{"input":"say \"hi\""}"#);
    custom
        .extra
        .insert("kind".to_owned(), json!("custom_tool_call"));
    let request = Request {
        input: vec![
            Item::FunctionCall(custom),
            Item::function_call("c2", "find", "{}"),
            Item::function_call_output("c1", "HI"),
            Item::function_call_output("c2", "found"),
        ],
        ..Request::default()
    };
    assert_eq!(
        sent(Settings::default(), request).await["input"],
        json!([
            {"type": "custom_tool_call", "call_id": "c1", "name": "shout", "input": "say \"hi\""},
            {"type": "function_call", "call_id": "c2", "name": "find", "arguments": "{}"},
            {"type": "custom_tool_call_output", "call_id": "c1", "output": "HI"},
            {"type": "function_call_output", "call_id": "c2", "output": "found"},
        ])
    );
}

#[tokio::test]
async fn images_and_files_are_shown() {
    let message = Message {
        content: vec![
            ContentPart::image("data:image/png;base64,AA=="),
            ContentPart::file("a.pdf", "data:application/pdf;base64,AA=="),
        ],
        ..Message::user("")
    };
    let request = Request {
        input: vec![Item::Message(message)],
        ..Request::default()
    };
    assert_eq!(
        sent(Settings::default(), request).await["input"][0]["content"],
        json!([
            {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
        ])
    );
}
