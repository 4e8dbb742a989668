//! Attachments' bytes, in the configured place; swept for as long as the process runs.

use std::sync::Arc;

use frontdesk_clock::{Clock, Ids};
use frontdesk_files::{Files, Links, Parts};
use frontdesk_identity::Secret;
use url::Url;

use super::{End, Stores};
use crate::Error;
use crate::attachments::Attachments;
use crate::config::FilesSection;

/// What files are put together from.
pub(super) struct Making<'a> {
    pub(super) section: &'a FilesSection,
    pub(super) stores: &'a Stores,
    pub(super) secret: &'a Secret,
    pub(super) public_url: Option<&'a Url>,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) ids: &'a Arc<dyn Ids>,
}

/// The attachments, and the task that removes what is over; `None` where they have no place.
pub(super) fn attachments(
    making: &Making<'_>,
    end: &End,
) -> Result<Option<Arc<Attachments>>, Error> {
    let Some(place) = &making.section.place else {
        tracing::warn!("no attachments are taken: set files.url to a place that all processes see");
        return Ok(None);
    };
    let unusable = |detail: String| Error::Files {
        detail: format!("{detail} (files.url, from {})", place.origin),
    };
    let files = Files::open(Parts {
        store: Arc::clone(&making.stores.store),
        records: Arc::clone(&making.stores.files),
        upkeep: Arc::clone(&making.stores.file_upkeep),
        place: place.value.clone(),
        limits: making.section.limits.clone(),
        ids: Arc::clone(making.ids),
        tasks: end.tasks(),
    });
    let files = files.map_err(|error| match error {
        frontdesk_files::FileError::Unavailable { detail } => unusable(detail),
        other => unusable(other.to_string()),
    })?;
    let links = Links::from_secret(making.secret)
        .ok_or_else(|| unusable("the server's secret is too short".to_owned()))?;
    let clock = Arc::clone(making.clock);
    let attachments = Attachments::new(files, links, clock, making.public_url);
    let attachments = Arc::new(attachments);
    end.run({
        let (attachments, over) = (Arc::clone(&attachments), end.calls());
        async move { attachments.files.keep_sweeping(over).await }
    });
    Ok(Some(attachments))
}
