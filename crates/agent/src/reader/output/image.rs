//! Images that a provider's own tool has drawn: items of the type `image_generation_call`.
//! <https://platform.openai.com/docs/api-reference/responses/object>

use serde_json::{Map, Value};

use crate::event::{AgentEvent, OutputKey};

pub(super) fn is_image(item: &Map<String, Value>) -> bool {
    text(item, "type") == Some("image_generation_call")
}

/// The whole image, where the item has one.
pub(super) fn done(key: OutputKey, item: &Map<String, Value>) -> Option<AgentEvent> {
    let data = text(item, "result").filter(|data| !data.is_empty())?;
    let format = text(item, "output_format");
    Some(AgentEvent::ImageDone {
        key,
        data: data.to_owned(),
        media_type: format.map(|format| format!("image/{format}")),
    })
}

fn text<'a>(item: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    item.get(field).and_then(Value::as_str)
}
