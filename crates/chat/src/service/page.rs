//! What the page tells of itself with a request's body.

use frontdesk_protocol::{Map, Operation, Request, UserMessageInput};
use serde_json::Value;

use crate::RequestContext;

/// The field in which a body may tell of the page, at its top, in its parameters and in its message.
const METADATA: &str = "metadata";

/// Moves what the body tells of the page into the context. What stands closer to the message counts more.
pub(super) fn take_page(request: &mut Request, cx: &mut RequestContext) {
    cx.page.add(std::mem::take(&mut request.metadata));
    let (params, message) = match &mut request.operation {
        Operation::ThreadsCreate(params) => (&mut params.extra, Some(&mut params.input)),
        Operation::ThreadsAddUserMessage(params) => (&mut params.extra, Some(&mut params.input)),
        Operation::ThreadsAddClientToolOutput(params) => (&mut params.extra, None),
        Operation::ThreadsAddStructuredInput(params) => (&mut params.extra, None),
        Operation::ThreadsRetryAfterItem(params) => (&mut params.extra, None),
        Operation::ThreadsCustomAction(params) | Operation::ThreadsSyncCustomAction(params) => {
            (&mut params.extra, None)
        }
        Operation::ThreadsGetById(_)
        | Operation::ThreadsList(_)
        | Operation::ThreadsUpdate(_)
        | Operation::ThreadsDelete(_)
        | Operation::ItemsList(_)
        | Operation::ItemsFeedback(_)
        | Operation::AttachmentsCreate(_)
        | Operation::AttachmentsDelete(_)
        | Operation::InputTranscribe(_) => return,
    };
    let message = message.map(|input: &mut UserMessageInput| &mut input.extra);
    for fields in [Some(params), message].into_iter().flatten() {
        cx.page.add(take_metadata(fields));
    }
}

fn take_metadata(fields: &mut Map) -> Map {
    match fields.remove(METADATA) {
        Some(Value::Object(metadata)) => metadata,
        // Anything else tells nothing.
        _ => Map::new(),
    }
}
