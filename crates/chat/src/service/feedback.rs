//! `items.feedback`: what the user thought of items.

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
        for id in &params.item_ids {
            self.item(&scope, &thread.id, id).await?;
        }
        let responder = &self.0.parts.responder;
        responder
            .feedback(cx, &thread.id, &params.item_ids, params.kind)
            .await?;
        Ok(empty())
    }
}
