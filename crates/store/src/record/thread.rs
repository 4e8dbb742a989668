//! A change of a thread.

use frontdesk_protocol::{Map, ThreadMetadata, ThreadStatus};

/// What to change in a thread. `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ThreadPatch {
    /// The title; `Some(None)` takes it away.
    pub title: Option<Option<String>>,
    /// The title that has to be there for it to change, so that nobody's change in the meantime is lost.
    pub title_was: Option<Option<String>>,
    /// The status.
    pub status: Option<ThreadStatus>,
    /// The application's metadata, as a whole.
    pub metadata: Option<Map>,
    /// The hosts images may come from; `Some(None)` takes the list away.
    pub allowed_image_domains: Option<Option<Vec<String>>>,
}

impl ThreadPatch {
    /// Changes the thread.
    pub fn apply(self, thread: &mut ThreadMetadata) {
        let is_expected = self.title_was.is_none_or(|was| was == thread.title);
        if let (Some(title), true) = (self.title, is_expected) {
            thread.title = title;
        }
        if let Some(status) = self.status {
            thread.status = status;
        }
        if let Some(metadata) = self.metadata {
            thread.metadata = metadata;
        }
        if let Some(domains) = self.allowed_image_domains {
            thread.allowed_image_domains = domains;
        }
    }
}
