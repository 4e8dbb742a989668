//! `items.list`: a thread's items, without the hidden ones.

use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemsList, Page, ThreadItem};
use frontdesk_store::PageRequest;

use super::threads::{DEFAULT_PAGE, unknown_cursor};
use super::{Reply, Service, json};
use crate::{ChatError, RequestContext};

impl Service {
    pub(super) async fn list_items(
        &self,
        params: ItemsList,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let thread = self.thread(&scope, &params.thread_id).await?;
        let request = PageRequest {
            limit: page_limit(params.limit, self.options().limits.page)?,
            order: params.order,
            after: params.after.filter(|after| !after.is_empty()),
        };
        let page = self.store().items(&scope, &thread.id, &request).await?;
        json(&self.visible(page.ok_or_else(unknown_cursor)?, &scope))
    }

    /// The page as a client may see it. Hidden items are taken out after paging, so that cursors stay true.
    pub(super) fn visible(&self, mut page: Page<ThreadItem>, scope: &Scope) -> Page<ThreadItem> {
        page.data.retain(|item| !item.is_hidden());
        for item in &mut page.data {
            if let ThreadItem::UserMessage(message) = item {
                self.show_attachments(message, scope);
            }
        }
        page.into_wire()
    }
}

/// A page's rows: 20 unless the request says otherwise, at most `most`.
pub(super) fn page_limit(limit: Option<i64>, most: u32) -> Result<u32, ChatError> {
    match limit {
        None | Some(0) => Ok(DEFAULT_PAGE),
        Some(limit) => {
            let limit = u32::try_from(limit.min(i64::from(most)));
            limit.map_err(|_| ChatError::BadRequest {
                field: "params.limit".to_owned(),
                message: "must not be negative".to_owned(),
            })
        }
    }
}
