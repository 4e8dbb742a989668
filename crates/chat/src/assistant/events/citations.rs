//! Providers' citations ▸ annotations: where an answer has something from.
//!
//! Providers write them in different forms; one that names nothing that people can look up is left out.

use frontdesk_protocol::{Annotation, FileSource, Map, Source, UrlSource};
use serde_json::Value;

/// Annotations of one part of a message; further ones are left out.
pub(super) const MOST_ANNOTATIONS: usize = 128;

/// Characters of a title.
const TITLE_CHARS: usize = 200;

/// Bytes of an address.
const URL_BYTES: usize = 2_048;

/// The annotation for a citation of a text that has so many characters up to now.
pub(super) fn annotation(citation: &Value, chars: usize) -> Option<Annotation> {
    let kind = citation.get("type")?.as_str()?;
    // Chat Completions puts what it says into a member of the same name.
    let body = citation.get(kind).unwrap_or(citation);
    let source = match kind {
        "url_citation" | "web_search_result_location" => Source::Url(page(body, "url")?),
        "search_result_location" => Source::Url(page(body, "source")?),
        "file_citation" | "container_file_citation" => Source::File(file(body, "filename")?),
        "char_location" | "page_location" | "content_block_location" => {
            Source::File(file(body, "document_title")?)
        }
        _ => return None,
    };
    let position = |name| body.get(name).and_then(Value::as_i64);
    let index = position("end_index").or_else(|| position("index"));
    Some(Annotation {
        source,
        index: index.or_else(|| chars.try_into().ok()),
        extra: Map::new(),
    })
}

/// A page of the web. Anything else than `http` and `https` isn't linked.
fn page(body: &Value, address: &str) -> Option<UrlSource> {
    let url = body.get(address)?.as_str()?;
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || url.len() > URL_BYTES {
        return None;
    }
    Some(UrlSource {
        title: text(body, "title").unwrap_or_else(|| url.to_owned()),
        url: url.to_owned(),
        attribution: None,
        description: None,
        timestamp: None,
        group: None,
        extra: Map::new(),
    })
}

fn file(body: &Value, name: &str) -> Option<FileSource> {
    let filename = text(body, name)?;
    Some(FileSource {
        title: filename.clone(),
        filename,
        description: None,
        timestamp: None,
        group: None,
        extra: Map::new(),
    })
}

fn text(body: &Value, name: &str) -> Option<String> {
    let text = body.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(TITLE_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_provider_cites_in_its_own_form() {
        let cases = [
            (
                json!({"type": "url_citation", "start_index": 1, "end_index": 4, "url": "https://a.example", "title": "A"}),
                json!({"type": "url", "title": "A", "url": "https://a.example"}),
                Some(4),
            ),
            (
                json!({"type": "url_citation", "url_citation": {"end_index": 2, "url": "http://b.example"}}),
                json!({"type": "url", "title": "http://b.example", "url": "http://b.example"}),
                Some(2),
            ),
            (
                json!({"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3}),
                json!({"type": "file", "title": "a.pdf", "filename": "a.pdf"}),
                Some(3),
            ),
            (
                json!({"type": "container_file_citation", "filename": "b.csv", "start_index": 0, "end_index": 9}),
                json!({"type": "file", "title": "b.csv", "filename": "b.csv"}),
                Some(9),
            ),
            (
                json!({"type": "web_search_result_location", "url": "https://c.example", "title": "C", "cited_text": "…"}),
                json!({"type": "url", "title": "C", "url": "https://c.example"}),
                Some(7),
            ),
            (
                json!({"type": "page_location", "document_title": "Terms", "start_page_number": 1}),
                json!({"type": "file", "title": "Terms", "filename": "Terms"}),
                Some(7),
            ),
        ];
        for (citation, source, index) in cases {
            let annotation = annotation(&citation, 7).expect("an annotation");
            assert_eq!(serde_json::to_value(&annotation.source).unwrap(), source);
            assert_eq!(annotation.index, index, "{citation}");
        }
    }

    #[test]
    fn what_names_nothing_to_look_up_is_left_out() {
        for citation in [
            json!(null),
            json!({"type": "file_path", "file_id": "f"}),
            json!({"type": "file_citation", "file_id": "f", "filename": " "}),
            json!({"type": "url_citation", "url": "javascript:alert(1)", "title": "x"}),
            json!({"type": "url_citation", "url": format!("https://{}", "x".repeat(URL_BYTES))}),
        ] {
            assert_eq!(annotation(&citation, 0), None, "{citation}");
        }
    }
}
