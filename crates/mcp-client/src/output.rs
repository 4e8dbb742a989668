//! A tool's result as the model reads it.

use frontdesk_agent::{Outcome, ToolOutput};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::json;

use crate::redact::Redactor;

/// The longest result that is passed on, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 256 * 1024;

/// The structured content where there is one, else the texts; never both, since they say the same.
pub(crate) fn output(result: &CallToolResult, redactor: &Redactor) -> ToolOutput {
    let outcome = if result.is_error == Some(true) {
        Outcome::Error
    } else {
        Outcome::Ok
    };
    let text = match (&result.structured_content, outcome) {
        (Some(structured), Outcome::Ok) => structured.to_string(),
        (Some(structured), Outcome::Error) if result.content.is_empty() => structured.to_string(),
        _ => result
            .content
            .iter()
            .map(block)
            .collect::<Vec<_>>()
            .join("\n"),
    };
    ToolOutput {
        text: cut(redactor.text(text)),
        outcome,
    }
}

fn block(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => {
            json!({"type": "image", "mime_type": image.mime_type, "base64_length": image.data.len()}).to_string()
        }
        ContentBlock::Audio(audio) => {
            json!({"type": "audio", "mime_type": audio.mime_type, "base64_length": audio.data.len()}).to_string()
        }
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => text.clone(),
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                json!({"type": "resource", "uri": uri, "mime_type": mime_type, "base64_length": blob.len()}).to_string()
            }
            _ => json!({"type": "resource"}).to_string(),
        },
        ContentBlock::ResourceLink(link) => {
            json!({"type": "resource_link", "uri": link.uri, "name": link.name}).to_string()
        }
        _ => json!({"type": "unknown"}).to_string(),
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_OUTPUT_BYTES {
        let length = text.len();
        text.truncate(text.floor_char_boundary(MAX_OUTPUT_BYTES));
        text.push_str("\n[cut here: the result has ");
        text.push_str(&length.to_string());
        text.push_str(" bytes]");
    }
    text
}
