//! Requests: what a client may ask, read once and refused with the name of the field.

mod attachments;
mod input;
mod items;
mod operation;
mod threads;

use serde::Serialize;
use serde_json::Value;

use crate::{BadRequest, Map, tag};

pub use attachments::{AttachmentsCreate, AttachmentsDelete};
pub use input::InputTranscribe;
pub use items::{FeedbackKind, ItemsFeedback, ItemsList, Order};
pub use operation::Operation;
pub use threads::{
    CustomAction, ThreadsAddClientToolOutput, ThreadsAddStructuredInput, ThreadsAddUserMessage,
    ThreadsCreate, ThreadsDelete, ThreadsGetById, ThreadsList, ThreadsRetryAfterItem,
    ThreadsUpdate,
};

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// What the page sends with every request; not to be trusted.
    pub metadata: Map,
    /// What is asked.
    #[serde(flatten)]
    pub operation: Operation,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

impl Request {
    /// Reads the body of a request.
    ///
    /// Fails on anything that isn't JSON or lacks what its kind of request needs, and names the field.
    pub fn parse(body: &[u8]) -> Result<Self, BadRequest> {
        let value = frontdesk_json::read(body)
            .map_err(|error| BadRequest::new("", format!("unreadable JSON: {error}")))?;
        let Value::Object(mut body) = value else {
            return Err(BadRequest::new("", "not a JSON object"));
        };
        let kind = match body.remove("type") {
            Some(Value::String(kind)) => kind,
            Some(_) => return Err(BadRequest::new("type", "not a string")),
            None => return Err(BadRequest::new("type", "this field is missing")),
        };
        let operation = Operation::read(&kind, body.remove("params"))?;
        let metadata = match body.remove("metadata") {
            None => Map::new(),
            Some(Value::Object(metadata)) => metadata,
            Some(_) => return Err(BadRequest::new("metadata", "not a JSON object")),
        };
        Ok(Self {
            metadata,
            operation,
            extra: body,
        })
    }
}

/// Reads the parameters of a request.
fn params<T: serde::de::DeserializeOwned>(params: Option<Value>) -> Result<T, BadRequest> {
    match params {
        Some(params @ Value::Object(_)) => {
            tag::locate(params).map_err(|fault| BadRequest::inside("params", &fault))
        }
        Some(_) => Err(BadRequest::new("params", "not a JSON object")),
        None => Err(BadRequest::new("params", "this field is missing")),
    }
}
