//! The events of one response, in the form that the Responses API gives them.

use serde_json::{Value, json};

use super::script::{Call, Fault, Ids, Part, Response};

/// An event, and whether a pause belongs before it.
pub(super) struct Event {
    pub(super) body: Value,
    pub(super) paced: bool,
}

/// Collects events and numbers them.
struct Writer {
    events: Vec<Event>,
    output: Vec<Value>,
}

pub(super) fn events(response: &Response, number: u64) -> Vec<Event> {
    let mut writer = Writer {
        events: Vec::new(),
        output: Vec::new(),
    };
    let id = id(response.ids, "resp", number, 0);
    let started = envelope(&id, "in_progress", &[]);
    writer.push(json!({"type": "response.created", "response": started}));
    writer.push(json!({"type": "response.in_progress", "response": started}));
    for (index, part) in response.parts.iter().enumerate() {
        match part {
            Part::Text(deltas) => {
                writer.text(&self::id(response.ids, "msg", number, index), deltas);
            }
            Part::Call(call) => writer.call(&self::id(response.ids, "fc", number, index), call),
            Part::Reasoning(summary) => {
                writer.reasoning(&self::id(response.ids, "rs", number, index), summary);
            }
        }
    }
    writer.end(&id, response);
    writer.events
}

impl Writer {
    fn push(&mut self, body: Value) {
        self.add(body, false);
    }

    fn add(&mut self, mut body: Value, paced: bool) {
        if let Value::Object(fields) = &mut body {
            fields.insert("sequence_number".to_owned(), json!(self.events.len()));
        }
        self.events.push(Event { body, paced });
    }

    fn open(&mut self, item: &Value) {
        let index = self.output.len();
        self.push(
            json!({"type": "response.output_item.added", "output_index": index, "item": item}),
        );
    }

    fn close(&mut self, item: Value) {
        let index = self.output.len();
        self.push(
            json!({"type": "response.output_item.done", "output_index": index, "item": item}),
        );
        self.output.push(item);
    }

    fn text(&mut self, id: &str, deltas: &[String]) {
        let place = json!({"item_id": id, "output_index": self.output.len(), "content_index": 0});
        let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
        let item = |status: &str, content: Value| json!({"id": id, "type": "message", "role": "assistant", "status": status, "content": content});
        self.open(&item("in_progress", json!([])));
        self.push(with(
            &place,
            json!({"type": "response.content_part.added", "part": part("")}),
        ));
        for delta in deltas {
            let event =
                json!({"type": "response.output_text.delta", "delta": delta, "logprobs": []});
            self.add(with(&place, event), true);
        }
        let text = deltas.concat();
        self.push(with(
            &place,
            json!({"type": "response.output_text.done", "text": text, "logprobs": []}),
        ));
        self.push(with(
            &place,
            json!({"type": "response.content_part.done", "part": part(&text)}),
        ));
        self.close(item("completed", json!([part(&text)])));
    }

    fn call(&mut self, id: &str, call: &Call) {
        let place = json!({"item_id": id, "output_index": self.output.len()});
        let item = |status: &str, arguments: &str| {
            json!({
                "id": id, "type": "function_call", "call_id": call.call_id, "name": call.name,
                "arguments": arguments, "status": status,
            })
        };
        let arguments = call.arguments_text();
        self.open(&item("in_progress", ""));
        let delta = json!({"type": "response.function_call_arguments.delta", "delta": arguments});
        self.add(with(&place, delta), true);
        self.push(with(
            &place,
            json!({"type": "response.function_call_arguments.done", "arguments": arguments}),
        ));
        self.close(item("completed", &arguments));
    }

    fn reasoning(&mut self, id: &str, summary: &str) {
        let place = json!({"item_id": id, "output_index": self.output.len(), "summary_index": 0});
        let part = |text: &str| json!({"type": "summary_text", "text": text});
        self.open(&json!({"id": id, "type": "reasoning", "summary": []}));
        self.push(with(
            &place,
            json!({"type": "response.reasoning_summary_part.added", "part": part("")}),
        ));
        let delta = json!({"type": "response.reasoning_summary_text.delta", "delta": summary});
        self.add(with(&place, delta), true);
        self.push(with(
            &place,
            json!({"type": "response.reasoning_summary_text.done", "text": summary}),
        ));
        self.push(with(
            &place,
            json!({"type": "response.reasoning_summary_part.done", "part": part(summary)}),
        ));
        self.close(json!({
            "id": id, "type": "reasoning", "summary": [part(summary)], "encrypted_content": format!("sealed-{id}"),
        }));
    }

    fn end(&mut self, id: &str, response: &Response) {
        let event = match &response.fault {
            Fault::Failed { code, message } => {
                let mut failed = envelope(id, "failed", &self.output);
                set(
                    &mut failed,
                    "error",
                    json!({"code": code, "message": message}),
                );
                json!({"type": "response.failed", "response": failed})
            }
            Fault::ErrorEvent(message) => {
                json!({"type": "error", "code": "server_error", "message": message, "param": null})
            }
            Fault::Incomplete(reason) => {
                let mut cut = envelope(id, "incomplete", &self.output);
                set(&mut cut, "incomplete_details", json!({"reason": reason}));
                set(&mut cut, "usage", self.usage());
                json!({"type": "response.incomplete", "response": cut})
            }
            _ => {
                let mut completed = envelope(id, "completed", &self.output);
                set(&mut completed, "usage", self.usage());
                json!({"type": "response.completed", "response": completed})
            }
        };
        self.push(event);
    }

    /// A delta counts as a token.
    fn usage(&self) -> Value {
        let output = self.events.iter().filter(|event| event.paced).count();
        json!({
            "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 10 + output,
        })
    }
}

fn envelope(id: &str, status: &str, output: &[Value]) -> Value {
    json!({
        "id": id, "object": "response", "created_at": 1_700_000_000, "status": status, "model": "test",
        "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "output": output,
    })
}

fn id(ids: Ids, prefix: &str, number: u64, index: usize) -> String {
    match ids {
        Ids::Fresh => format!("{prefix}_{number}_{index}"),
        Ids::Repeated => "__fake_id__".to_owned(),
    }
}

fn with(place: &Value, mut event: Value) -> Value {
    if let (Value::Object(place), Value::Object(event)) = (place, &mut event) {
        event.extend(place.clone());
    }
    event
}

fn set(object: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(field.to_owned(), value);
    }
}
