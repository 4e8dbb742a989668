//! `threads.get_by_id`, `threads.list`, `threads.update` and `threads.delete`.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    Order, Page, Thread, ThreadId, ThreadsDelete, ThreadsGetById, ThreadsList, ThreadsUpdate,
};
use frontdesk_store::{PageRequest, ThreadPatch, TurnId, TurnStatus};

use super::items::page_limit;
use super::messages::at_most;
use super::{Reply, STOP_WAIT, Service, empty, json, json_of_turn};
use crate::turn::StopReason;
use crate::{ChatError, RequestContext};

/// Rows of a page whose request names no limit.
pub(super) const DEFAULT_PAGE: u32 = 20;

impl Service {
    pub(super) async fn get_thread(
        &self,
        params: &ThreadsGetById,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let thread = self.thread(&scope, &params.thread_id).await?;
        let turn = self.turn_to_tell(&scope, &thread.id).await?;
        let first = PageRequest {
            limit: DEFAULT_PAGE,
            order: Order::Asc,
            after: None,
        };
        let items = self.store().items(&scope, &thread.id, &first).await?;
        let items = items.unwrap_or_else(Page::default);
        json_of_turn(&thread.to_wire(self.visible(items, &scope)), turn)
    }

    /// The turn of the thread that runs, or whose process died: reading it shows how it goes on or how it ended.
    async fn turn_to_tell(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<TurnId>, ChatError> {
        let last = self.store().last_turn(scope, thread).await?;
        Ok(last
            .filter(|turn| matches!(turn.status, TurnStatus::Running | TurnStatus::Interrupted))
            .map(|turn| turn.id))
    }

    pub(super) async fn list_threads(
        &self,
        params: ThreadsList,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let request = PageRequest {
            limit: page_limit(params.limit, self.options().limits.page)?,
            order: params.order,
            after: params.after.filter(|after| !after.is_empty()),
        };
        let page = self.store().threads(&cx.scope(), &request).await?;
        let page = page.ok_or_else(unknown_cursor)?;
        let page: Page<Thread> = page.map(|thread| thread.to_wire(Page::default()));
        json(&page)
    }

    pub(super) async fn update_thread(
        &self,
        params: ThreadsUpdate,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let most = self.options().limits.title_chars;
        at_most(
            "params.title",
            "characters",
            params.title.chars().count(),
            most,
        )?;
        let patch = ThreadPatch {
            title: Some(Some(params.title)),
            ..ThreadPatch::default()
        };
        let updated = self
            .store()
            .update_thread(&cx.scope(), &params.thread_id, patch)
            .await?;
        let thread = updated.ok_or(ChatError::NotFound { what: "thread" })?;
        json(&thread.to_wire(Page::default()))
    }

    /// Deletes a thread; a turn that runs in it is stopped.
    pub(super) async fn delete_thread(
        &self,
        params: &ThreadsDelete,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let thread = &params.thread_id;
        let _guard = self.0.hub.lock_thread(&scope, thread).await;
        let running = self.store().running_turn(&scope, thread).await?;
        if !self.store().delete_thread(&scope, thread).await? {
            return Err(ChatError::NotFound { what: "thread" });
        }
        // First the thread, then its turn: what the turn still writes is refused.
        if let Some(live) = self.0.hub.of_thread(&scope, thread) {
            live.stop(StopReason::Deleted);
            let _ = tokio::time::timeout(STOP_WAIT, live.over()).await;
        }
        if let Some(turn) = running {
            self.wake(&turn).await;
        }
        Ok(empty())
    }
}

pub(super) fn unknown_cursor() -> ChatError {
    ChatError::BadRequest {
        field: "params.after".to_owned(),
        message: "names nothing in this list".to_owned(),
    }
}
