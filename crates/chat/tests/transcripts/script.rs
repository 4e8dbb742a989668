//! The form of a transcript.

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub(crate) struct Transcript {
    pub(crate) setup: Setup,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Setup {
    #[serde(default)]
    pub(crate) threads: Vec<Value>,
    #[serde(default)]
    pub(crate) items: Vec<Value>,
    #[serde(default)]
    pub(crate) attachments: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) request: Value,
    #[serde(default)]
    pub(crate) responder: Vec<Act>,
    #[serde(default)]
    pub(crate) cancel_after: Option<usize>,
    pub(crate) called: Value,
    pub(crate) reply: Expected,
    pub(crate) stored: Value,
}

/// One thing that the application does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    Emit(Value),
    SetThread(Map<String, Value>),
    Raise(Raise),
    Hang(serde::de::IgnoredAny),
    Reply(Value),
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Raise {
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) allow_retry: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Expected {
    Stream {
        #[serde(default)]
        events: Vec<Value>,
        ended: String,
    },
    Json {
        body: Value,
    },
    Rejected {},
}
