//! A response in the events of the Messages API.

use serde_json::{Value, json};

use super::frame::{Frame, Pace, halves, id, tokens};
use super::part::{Call, Part};
use super::script::{Fault, Response};

struct Writer {
    frames: Vec<Frame>,
    blocks: usize,
}

pub(super) fn frames(response: &Response, number: u64) -> Vec<Frame> {
    let mut writer = Writer {
        frames: Vec::new(),
        blocks: 0,
    };
    let message = json!({
        "id": id(response.ids, "msg", number, 0), "type": "message", "role": "assistant", "model": "test",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {
            "input_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 1,
            "service_tier": "standard",
        },
    });
    writer.push(json!({"type": "message_start", "message": message}));
    writer.push(json!({"type": "ping"}));
    for (index, part) in response.parts.iter().enumerate() {
        let id = |prefix| id(response.ids, prefix, number, index);
        match part {
            Part::Text(deltas) | Part::Refusal(deltas) => writer.text(deltas, None),
            Part::Cited { deltas, title, url } => writer.text(deltas, Some((title, url))),
            Part::Call(call) => writer.call(call),
            Part::Reasoning(text) | Part::OpenReasoning(text) => writer.thinking(text, &id("sig")),
            Part::WebSearch(query) => writer.web_search(query, &id("srvtoolu")),
            // The API makes none.
            Part::Image(_) => {}
        }
    }
    writer.end(response);
    writer.frames
}

/// The event that says what went wrong, by a code of this API or of the Responses API.
pub(super) fn error(code: &str, message: &str) -> Frame {
    let kind = match code {
        "server_error" => "api_error",
        "rate_limit_exceeded" => "rate_limit_error",
        other => other,
    };
    let error = json!({"type": kind, "message": message});
    Frame::typed(json!({"type": "error", "error": error}), Pace::AtOnce)
}

impl Writer {
    fn push(&mut self, body: Value) {
        self.frames.push(Frame::typed(body, Pace::AtOnce));
    }

    fn open(&mut self, block: &Value) {
        let index = self.blocks;
        self.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
    }

    fn delta(&mut self, delta: &Value, pace: Pace) {
        let body = json!({"type": "content_block_delta", "index": self.blocks, "delta": delta});
        self.frames.push(Frame::typed(body, pace));
    }

    fn close(&mut self) {
        self.push(json!({"type": "content_block_stop", "index": self.blocks}));
        self.blocks += 1;
    }

    fn text(&mut self, deltas: &[String], cited: Option<(&String, &String)>) {
        self.open(&json!({"type": "text", "text": ""}));
        for delta in deltas {
            self.delta(&json!({"type": "text_delta", "text": delta}), Pace::Paced);
        }
        if let Some((title, url)) = cited {
            let citation = json!({
                "type": "web_search_result_location", "title": title, "url": url,
                "cited_text": deltas.concat(), "encrypted_index": "sealed-index",
            });
            let delta = json!({"type": "citations_delta", "citation": citation});
            self.delta(&delta, Pace::AtOnce);
        }
        self.close();
    }

    fn thinking(&mut self, text: &str, signature: &str) {
        self.open(&json!({"type": "thinking", "thinking": "", "signature": ""}));
        let delta = json!({"type": "thinking_delta", "thinking": text});
        self.delta(&delta, Pace::Paced);
        let delta = json!({"type": "signature_delta", "signature": format!("sealed-{signature}")});
        self.delta(&delta, Pace::AtOnce);
        self.close();
    }

    fn call(&mut self, call: &Call) {
        self.open(&json!({"type": "tool_use", "id": call.call_id, "name": call.name, "input": {}}));
        self.delta(
            &json!({"type": "input_json_delta", "partial_json": ""}),
            Pace::AtOnce,
        );
        for piece in halves(&call.arguments_text()) {
            let delta = json!({"type": "input_json_delta", "partial_json": piece});
            self.delta(&delta, Pace::Paced);
        }
        self.close();
    }

    fn web_search(&mut self, query: &str, id: &str) {
        self.open(&json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {}}));
        let input = json!({"query": query}).to_string();
        let delta = json!({"type": "input_json_delta", "partial_json": input});
        self.delta(&delta, Pace::Paced);
        self.close();
        let found = json!({
            "type": "web_search_result", "title": "What was found", "url": "https://example.com/found",
            "encrypted_content": "sealed-page", "page_age": null,
        });
        self.open(
            &json!({"type": "web_search_tool_result", "tool_use_id": id, "content": [found]}),
        );
        self.close();
    }

    fn end(&mut self, response: &Response) {
        let is_call = |part: &Part| matches!(part, Part::Call(_));
        let is_refusal = |part: &Part| matches!(part, Part::Refusal(_));
        let reason = match &response.fault {
            Fault::Failed { code, message } => return self.frames.push(error(code, message)),
            Fault::ErrorEvent(message) => return self.frames.push(error("server_error", message)),
            Fault::Incomplete(reason) => match reason.as_str() {
                "max_output_tokens" => "max_tokens",
                "content_filter" => "refusal",
                other => other,
            },
            _ if response.parts.iter().any(is_refusal) => "refusal",
            _ if response.parts.iter().any(is_call) => "tool_use",
            _ => "end_turn",
        };
        let usage = json!({
            "input_tokens": 6, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0,
            "output_tokens": tokens(&self.frames),
        });
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        self.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
        self.push(json!({"type": "message_stop"}));
    }
}
