//! What some servers send beside text and calls: citations and images, in the form of the Responses API.

use serde_json::{Map, Value, json};

/// The citations, without the level that this API has more.
pub(super) fn citations(annotations: Value) -> Vec<Value> {
    let Value::Array(annotations) = annotations else {
        return Vec::new();
    };
    annotations
        .into_iter()
        .filter_map(|mut annotation| {
            let kind = annotation.get("type")?.as_str()?.to_owned();
            let Some(inner) = annotation.get_mut(&kind).map(Value::take) else {
                return Some(annotation);
            };
            let Value::Object(mut fields) = inner else {
                return None;
            };
            fields.insert("type".to_owned(), Value::from(kind));
            Some(Value::Object(fields))
        })
        .collect()
}

/// The images that came in the answer itself, each as the item of a tool that has drawn it.
pub(super) fn images(images: &Value) -> Vec<Map<String, Value>> {
    let images = images.as_array().into_iter().flatten();
    images
        .filter_map(|image| {
            let url = image.pointer("/image_url/url")?.as_str()?;
            let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
            let format = media_type.strip_prefix("image/")?;
            let item = json!({
                "type": "image_generation_call",
                "status": "completed",
                "result": data,
                "output_format": format,
            });
            item.as_object().cloned()
        })
        .collect()
}
