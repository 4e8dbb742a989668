//! The headers in which a page tells of itself: its title, its address, and what the operator names.

use axum::http::{HeaderMap, HeaderName};
use frontdesk_chat::Page;

/// Which header has which field of the page.
#[derive(Debug, Clone)]
pub(crate) struct PageHeaders(Vec<(String, HeaderName)>);

impl PageHeaders {
    /// These fields in these headers.
    pub(crate) fn new(headers: impl IntoIterator<Item = (String, HeaderName)>) -> Self {
        Self(headers.into_iter().collect())
    }

    /// The headers' names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().map(|(_, name)| name)
    }

    /// What a request's headers tell of the page.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Page {
        let mut page = Page::default();
        for (field, name) in &self.0 {
            if let Some(value) = headers.get(name) {
                page.set_header(field, value.as_bytes());
            }
        }
        page
    }
}

impl Default for PageHeaders {
    /// The page's `title` in `X-Page-Title` and its `url` in `X-Page-Url`.
    fn default() -> Self {
        let header = |(field, name): (&str, _)| (field.to_owned(), HeaderName::from_static(name));
        Self::new([("title", "x-page-title"), ("url", "x-page-url")].map(header))
    }
}
