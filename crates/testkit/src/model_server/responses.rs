//! A response in the frames of the Responses API.

use serde_json::{Value, json};

use super::frame::{Frame, Pace, halves, id, set, tokens, with};
use super::part::{Call, Part};
use super::script::{Fault, Response};

/// Collects frames and numbers them.
#[derive(Default)]
struct Writer {
    frames: Vec<Frame>,
    output: Vec<Value>,
}

pub(super) fn frames(response: &Response, number: u64) -> Vec<Frame> {
    let mut writer = Writer::default();
    let id = id(response.ids, "resp", number, 0);
    let started = envelope(&id, "in_progress", &[]);
    writer.push(json!({"type": "response.created", "response": started}));
    writer.push(json!({"type": "response.in_progress", "response": started}));
    for (index, part) in response.parts.iter().enumerate() {
        let id = |prefix| self::id(response.ids, prefix, number, index);
        match part {
            Part::Text(deltas) => writer.text(&id("msg"), deltas, None),
            Part::Cited { deltas, title, url } => {
                writer.text(&id("msg"), deltas, Some((title, url)));
            }
            Part::Refusal(deltas) => writer.refusal(&id("msg"), deltas),
            Part::Call(call) => writer.call(&id("fc"), call),
            Part::Reasoning(summary) => writer.reasoning(&id("rs"), summary),
            Part::OpenReasoning(text) => writer.open_reasoning(&id("rs"), text),
            Part::Image(forms) => writer.image(&id("ig"), forms),
            Part::WebSearch(query) => writer.web_search(&id("ws"), query),
        }
    }
    let end = writer.end(&id, &response.fault);
    writer.push(end);
    writer.frames
}

/// An event of the API that says what went wrong in the middle of an answer.
pub(super) fn error(message: &str, number: usize) -> Frame {
    let body = json!({
        "type": "error", "code": "server_error", "message": message, "param": null, "sequence_number": number,
    });
    Frame::typed(body, Pace::AtOnce)
}

impl Writer {
    fn push(&mut self, body: Value) {
        self.add(body, Pace::AtOnce);
    }

    fn add(&mut self, mut body: Value, pace: Pace) {
        set(&mut body, "sequence_number", json!(self.frames.len()));
        self.frames.push(Frame::typed(body, pace));
    }

    /// An event about the item that is being written.
    fn say(&mut self, place: &Value, kind: &str, body: Value) {
        self.say_at(place, kind, body, Pace::AtOnce);
    }

    fn say_at(&mut self, place: &Value, kind: &str, mut body: Value, pacing: Pace) {
        set(&mut body, "type", json!(format!("response.{kind}")));
        self.add(with(place, body), pacing);
    }

    /// Begins an item and gives back what its events say of their place.
    fn open(&mut self, id: &str, item: &Value) -> Value {
        let index = self.output.len();
        let place = json!({"output_index": index});
        self.say(&place, "output_item.added", json!({"item": item}));
        json!({"item_id": id, "output_index": index})
    }

    fn close(&mut self, item: Value) {
        let place = json!({"output_index": self.output.len()});
        self.say(&place, "output_item.done", json!({"item": item}));
        self.output.push(item);
    }

    fn text(&mut self, id: &str, deltas: &[String], cited: Option<(&String, &String)>) {
        let text = deltas.concat();
        let annotation = cited.map(|(title, url)| {
            let end = text.chars().count();
            json!({"type": "url_citation", "start_index": 0, "end_index": end, "title": title, "url": url})
        });
        let part = |text: &str, annotations: Vec<&Value>| json!({"type": "output_text", "text": text, "annotations": annotations});
        let mut place = self.open(id, &message(id, "in_progress", &[]));
        set(&mut place, "content_index", json!(0));
        let begun = json!({"part": part("", Vec::new())});
        self.say(&place, "content_part.added", begun);
        for delta in deltas {
            let body = json!({"delta": delta, "logprobs": []});
            self.say_at(&place, "output_text.delta", body, Pace::Paced);
        }
        if let Some(annotation) = &annotation {
            let body = json!({"annotation": annotation, "annotation_index": 0});
            self.say(&place, "output_text.annotation.added", body);
        }
        let body = json!({"text": text, "logprobs": []});
        self.say(&place, "output_text.done", body);
        let part = part(&text, annotation.iter().collect());
        self.say(&place, "content_part.done", json!({"part": part}));
        self.close(message(id, "completed", &[part]));
    }

    fn refusal(&mut self, id: &str, deltas: &[String]) {
        let part = |text: &str| json!({"type": "refusal", "refusal": text});
        let text = deltas.concat();
        let mut place = self.open(id, &message(id, "in_progress", &[]));
        set(&mut place, "content_index", json!(0));
        self.say(&place, "content_part.added", json!({"part": part("")}));
        for delta in deltas {
            let body = json!({"delta": delta});
            self.say_at(&place, "refusal.delta", body, Pace::Paced);
        }
        self.say(&place, "refusal.done", json!({"refusal": text}));
        self.say(&place, "content_part.done", json!({"part": part(&text)}));
        self.close(message(id, "completed", &[part(&text)]));
    }

    fn call(&mut self, id: &str, call: &Call) {
        let item = |status: &str, arguments: &str| {
            json!({
                "id": id, "type": "function_call", "call_id": call.call_id, "name": call.name,
                "arguments": arguments, "status": status,
            })
        };
        let arguments = call.arguments_text();
        let place = self.open(id, &item("in_progress", ""));
        for delta in halves(&arguments) {
            let body = json!({"delta": delta});
            self.say_at(&place, "function_call_arguments.delta", body, Pace::Paced);
        }
        let body = json!({"arguments": arguments});
        self.say(&place, "function_call_arguments.done", body);
        self.close(item("completed", &arguments));
    }

    fn reasoning(&mut self, id: &str, summary: &str) {
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        let mut place = self.open(id, &json!({"id": id, "type": "reasoning", "summary": []}));
        set(&mut place, "summary_index", json!(0));
        let begun = json!({"part": part("")});
        self.say(&place, "reasoning_summary_part.added", begun);
        let body = json!({"delta": summary});
        self.say_at(&place, "reasoning_summary_text.delta", body, Pace::Paced);
        let body = json!({"text": summary});
        self.say(&place, "reasoning_summary_text.done", body);
        let body = json!({"part": part(summary)});
        self.say(&place, "reasoning_summary_part.done", body);
        self.close(json!({
            "id": id, "type": "reasoning", "summary": [part(summary)], "encrypted_content": format!("sealed-{id}"),
        }));
    }

    fn open_reasoning(&mut self, id: &str, text: &str) {
        let part = |text: &str| json!({"type": "reasoning_text", "text": text});
        let begun = json!({"id": id, "type": "reasoning", "summary": [], "content": []});
        let mut place = self.open(id, &begun);
        set(&mut place, "content_index", json!(0));
        self.say(&place, "content_part.added", json!({"part": part("")}));
        let body = json!({"delta": text});
        self.say_at(&place, "reasoning_text.delta", body, Pace::Paced);
        self.say(&place, "reasoning_text.done", json!({"text": text}));
        self.say(&place, "content_part.done", json!({"part": part(text)}));
        let content = [part(text)];
        self.close(json!({"id": id, "type": "reasoning", "summary": [], "content": content}));
    }

    fn image(&mut self, id: &str, forms: &[String]) {
        let kind = |step: &str| format!("image_generation_call.{step}");
        let item = |status: &str, result: Option<&String>| json!({"id": id, "type": "image_generation_call", "status": status, "result": result});
        let place = self.open(id, &item("in_progress", None));
        self.say(&place, &kind("in_progress"), json!({}));
        self.say(&place, &kind("generating"), json!({}));
        for (index, form) in forms.iter().enumerate() {
            let body = json!({"partial_image_index": index, "partial_image_b64": form});
            self.say_at(&place, &kind("partial_image"), body, Pace::Paced);
        }
        self.say(&place, &kind("completed"), json!({}));
        self.close(item("completed", forms.last()));
    }

    fn web_search(&mut self, id: &str, query: &str) {
        let item = |status: &str| {
            let action = json!({"type": "search", "query": query, "queries": [query]});
            json!({"id": id, "type": "web_search_call", "status": status, "action": action})
        };
        let place = self.open(id, &item("in_progress"));
        for step in ["in_progress", "searching", "completed"] {
            self.say(&place, &format!("web_search_call.{step}"), json!({}));
        }
        self.close(item("completed"));
    }

    fn end(&self, id: &str, fault: &Fault) -> Value {
        let end = |status: &str, fields: Value| {
            let response = with(&fields, envelope(id, status, &self.output));
            json!({"type": format!("response.{status}"), "response": response})
        };
        match fault {
            Fault::Failed { code, message } => end(
                "failed",
                json!({"error": {"code": code, "message": message}}),
            ),
            Fault::ErrorEvent(message) => {
                json!({"type": "error", "code": "server_error", "message": message, "param": null})
            }
            Fault::Incomplete(reason) => end(
                "incomplete",
                json!({"incomplete_details": {"reason": reason}, "usage": self.usage()}),
            ),
            _ => end("completed", json!({"usage": self.usage()})),
        }
    }

    fn usage(&self) -> Value {
        let output = tokens(&self.frames);
        json!({
            "input_tokens": 10, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 10 + output,
        })
    }
}

fn message(id: &str, status: &str, content: &[Value]) -> Value {
    json!({"id": id, "type": "message", "role": "assistant", "status": status, "content": content})
}

fn envelope(id: &str, status: &str, output: &[Value]) -> Value {
    json!({
        "id": id, "object": "response", "created_at": 1_700_000_000, "status": status, "model": "test",
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "output": output,
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {}, "service_tier": "default",
    })
}
