//! A response in the chunks of Chat Completions.
//!
//! Reasoning comes as `reasoning_content`, images as `images` and citations as `annotations`: the vendor's own chunks
//! have none of them, but servers that many people use write them so.

use serde_json::{Value, json};

use super::frame::{Data, Frame, Pace, halves, id, set, tokens};
use super::part::{Call, Part};
use super::script::{Fault, Response};

/// The line that ends the stream.
const DONE: &str = "[DONE]";

struct Writer {
    frames: Vec<Frame>,
    id: String,
    calls: usize,
}

pub(super) fn frames(response: &Response, number: u64) -> Vec<Frame> {
    let mut writer = Writer {
        frames: Vec::new(),
        id: id(response.ids, "chatcmpl", number, 0),
        calls: 0,
    };
    let begun = json!({"role": "assistant", "content": "", "refusal": null});
    writer.delta(&begun, Pace::AtOnce);
    for part in &response.parts {
        match part {
            Part::Text(deltas) => writer.deltas("content", deltas),
            Part::Cited { deltas, title, url } => {
                writer.deltas("content", deltas);
                let end = deltas.concat().chars().count();
                let citation =
                    json!({"start_index": 0, "end_index": end, "title": title, "url": url});
                let annotation = json!({"type": "url_citation", "url_citation": citation});
                writer.delta(&json!({"annotations": [annotation]}), Pace::AtOnce);
            }
            Part::Refusal(deltas) => writer.deltas("refusal", deltas),
            Part::Call(call) => writer.call(call),
            Part::Reasoning(text) | Part::OpenReasoning(text) => {
                writer.delta(&json!({"reasoning_content": text}), Pace::Paced);
            }
            Part::Image(forms) => writer.image(forms),
            // What the provider does by itself isn't told here.
            Part::WebSearch(_) => {}
        }
    }
    writer.end(&response.fault);
    writer.frames
}

/// The chunk that says what went wrong.
pub(super) fn error(code: &str, message: &str) -> Frame {
    let error = json!({"message": message, "type": "server_error", "param": null, "code": code});
    Frame::untyped(Data::Json(json!({"error": error})), Pace::AtOnce)
}

impl Writer {
    fn push(&mut self, body: Value, pace: Pace) {
        self.frames.push(Frame::untyped(Data::Json(body), pace));
    }

    fn delta(&mut self, delta: &Value, pace: Pace) {
        self.choice(delta, &Value::Null, pace);
    }

    fn choice(&mut self, delta: &Value, finish_reason: &Value, pace: Pace) {
        let choice =
            json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
        let chunk = self.chunk(&[choice], &Value::Null);
        self.push(chunk, pace);
    }

    fn chunk(&self, choices: &[Value], usage: &Value) -> Value {
        json!({
            "id": self.id, "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "test",
            "service_tier": "default", "choices": choices, "usage": usage,
        })
    }

    fn deltas(&mut self, field: &str, deltas: &[String]) {
        for delta in deltas {
            self.delta(&json!({field: delta}), Pace::Paced);
        }
    }

    fn call(&mut self, call: &Call) {
        let index = self.calls;
        self.calls += 1;
        let function = json!({"name": call.name, "arguments": ""});
        let begun =
            json!({"index": index, "id": call.call_id, "type": "function", "function": function});
        self.delta(&json!({"tool_calls": [begun]}), Pace::AtOnce);
        for delta in halves(&call.arguments_text()) {
            let more = json!({"index": index, "function": {"arguments": delta}});
            self.delta(&json!({"tool_calls": [more]}), Pace::Paced);
        }
    }

    /// Only the whole image is sent.
    fn image(&mut self, forms: &[String]) {
        let Some(whole) = forms.last() else { return };
        let url = format!("data:image/png;base64,{whole}");
        let image = json!({"index": 0, "type": "image_url", "image_url": {"url": url}});
        self.delta(&json!({"images": [image]}), Pace::Paced);
    }

    fn end(&mut self, fault: &Fault) {
        match fault {
            Fault::Failed { code, message } => return self.frames.push(error(code, message)),
            Fault::ErrorEvent(message) => {
                return self.frames.push(error("server_error", message));
            }
            _ => {}
        }
        let reason = match fault {
            Fault::Incomplete(reason) if reason == "max_output_tokens" => "length",
            Fault::Incomplete(reason) => reason,
            _ if self.calls > 0 => "tool_calls",
            _ => "stop",
        };
        let output = tokens(&self.frames);
        self.choice(&json!({}), &json!(reason), Pace::AtOnce);
        let mut usage = json!({
            "prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens": output, "completion_tokens_details": {"reasoning_tokens": 0},
        });
        set(&mut usage, "total_tokens", json!(10 + output));
        let chunk = self.chunk(&[], &usage);
        self.push(chunk, Pace::AtOnce);
        let done = Data::Text(DONE.to_owned());
        self.frames.push(Frame::untyped(done, Pace::AtOnce));
    }
}
