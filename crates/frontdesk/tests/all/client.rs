//! A client of the tests: requests as plain HTTP, streams as lists of events.

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::site::Site;

pub(super) fn http() -> Client {
    frontdesk_model::http::client().unwrap()
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) data: Value,
}

/// One caller of a site.
pub(super) struct Visitor<'a> {
    site: &'a Site,
    user: Option<&'static str>,
    token: Option<String>,
    http: Client,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(site: &'a Site) -> Self {
        Self {
            site,
            user: None,
            token: None,
            http: http(),
        }
    }

    pub(super) fn named(site: &'a Site, user: &'static str) -> Self {
        Self {
            user: Some(user),
            ..Self::new(site)
        }
    }

    pub(super) fn with_token(site: &'a Site, token: String) -> Self {
        Self {
            token: Some(token),
            ..Self::new(site)
        }
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.signed_in(self.http.post(self.address(path)))
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.signed_in(self.http.get(self.address(path)))
    }

    /// Sends a request of the protocol.
    pub(super) async fn call(&self, kind: &str, params: Value) -> Response {
        let body = json!({ "type": kind, "params": params }).to_string();
        self.post("/chatkit")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    /// Sends a request that is answered with JSON.
    pub(super) async fn ask(&self, kind: &str, params: Value) -> (StatusCode, Value) {
        answer(self.call(kind, params).await).await
    }

    /// Begins a thread and reads the whole stream; gives the thread's id, too.
    pub(super) async fn create(&self, text: &str) -> (String, Vec<Event>) {
        let events = events(
            self.call("threads.create", json!({ "input": message(text) }))
                .await,
        )
        .await;
        let thread = events[0].data["thread"]["id"].as_str().unwrap().to_owned();
        (thread, events)
    }

    fn signed_in(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn address(&self, path: &str) -> String {
        match self.user {
            Some(user) if path.contains('?') => format!("{}&user={user}", self.site.url(path)),
            Some(user) => format!("{}?user={user}", self.site.url(path)),
            None => self.site.url(path),
        }
    }
}

pub(super) fn message(text: &str) -> Value {
    json!({ "content": [{ "type": "input_text", "text": text }], "attachments": [], "inference_options": {} })
}

/// Status and JSON body.
pub(super) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

/// All events of a stream, to its end.
pub(super) async fn events(response: Response) -> Vec<Event> {
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    parse(&response.text().await.unwrap())
}

/// The events of a stream until one of this type has come; the rest is not read, and the connection is dropped.
pub(super) async fn events_until(mut response: Response, kind: &str) -> Vec<Event> {
    let mut text = String::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        let events = parse(&text);
        if let Some(last) = events.iter().position(|event| event.data["type"] == kind) {
            return events[..=last].to_vec();
        }
    }
    panic!("the stream ended without {kind}: {text}");
}

/// What the assistant said in the last item that is done.
pub(super) fn said(events: &[Event]) -> &str {
    let mut done = events
        .iter()
        .rev()
        .filter(|event| event.data["type"] == "thread.item.done");
    let message = done
        .find(|event| event.data["item"]["type"] == "assistant_message")
        .unwrap();
    message.data["item"]["content"][0]["text"].as_str().unwrap()
}

fn parse(text: &str) -> Vec<Event> {
    let whole = &text[..text.rfind("\n\n").map_or(0, |end| end + 2)];
    let frames = whole
        .split("\n\n")
        .filter(|frame| !frame.is_empty() && !frame.starts_with(':'));
    frames
        .map(|frame| {
            let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
            Event {
                id: field("id: ").map(str::to_owned),
                data: serde_json::from_str(field("data: ").unwrap()).unwrap(),
            }
        })
        .collect()
}
