//! `items.feedback`: what the user thought of items. It is stored, and then the application is told.

use frontdesk_protocol::ItemsFeedback;

use super::messages::at_most;
use super::{Reply, Service, empty};
use crate::{ChatError, RequestContext};

impl Service {
    pub(super) async fn feedback(
        &self,
        params: ItemsFeedback,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let most = self.options().limits.feedback_items;
        at_most("params.item_ids", "ids", params.item_ids.len(), most)?;
        let scope = cx.scope();
        let thread = self.thread(&scope, &params.thread_id).await?;
        let (items, kind) = (&params.item_ids, params.kind);
        let now = self.0.parts.clock.now();
        let stored = self
            .store()
            .give_feedback(&scope, &thread.id, items, kind, now)
            .await?;
        if !stored {
            return Err(ChatError::NotFound { what: "item" });
        }
        let responder = &self.0.parts.responder;
        responder.feedback(cx, &thread.id, items, kind).await?;
        Ok(empty())
    }
}
