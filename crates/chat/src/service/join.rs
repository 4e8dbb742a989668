//! Joining the turn that an equal request has begun: its events from the beginning, also after its end.

use frontdesk_protocol::{ErrorCode, ErrorEvent, Map, Page, ThreadEvent, ThreadItem};
use frontdesk_store::{TurnRecord, TurnStatus};

use super::asked::Asked;
use super::{Reply, Service};
use crate::turn::TurnReader;
use crate::{ChatError, Frame};

impl Service {
    /// The events of the turn. When its log was dropped, what the store has of it stands for them.
    pub(super) async fn join(&self, asked: &Asked, turn: &TurnRecord) -> Result<Reply, ChatError> {
        let (followers, client) = (&self.0.followers, asked.cx.client);
        self.look_after(&asked.cx, &asked.scope, &turn.id).await?;
        let opened = TurnReader::open(followers, &asked.scope, &turn.id, client, None).await?;
        let mut reader = opened.ok_or(ChatError::NotFound { what: "turn" })?;
        if reader.is_over() {
            reader = TurnReader::of(self.in_short(asked, turn).await?);
        }
        Ok(Reply::Stream {
            turn: Some(turn.id.clone()),
            reader,
        })
    }

    /// What a client that missed the turn needs: the thread, if the turn began it, each item as it is now, and whether
    /// it failed.
    async fn in_short(&self, asked: &Asked, turn: &TurnRecord) -> Result<Vec<Frame>, ChatError> {
        let thread = self.thread(&asked.scope, &turn.thread_id).await?;
        let items = self
            .store()
            .items_of_turn(&asked.scope, &turn.thread_id, &turn.id)
            .await?;
        let mut events = Vec::new();
        if asked.thread.is_none() {
            events.push(ThreadEvent::thread_created(thread.to_wire(Page::default())));
        }
        for mut item in items.into_iter().filter(|item| !item.is_hidden()) {
            if let ThreadItem::UserMessage(message) = &mut item {
                self.show_attachments(message, &asked.scope);
            }
            events.push(ThreadEvent::item_done(item));
        }
        if matches!(turn.status, TurnStatus::Failed | TurnStatus::Interrupted) {
            events.push(ThreadEvent::Error(ErrorEvent {
                code: ErrorCode::StreamError,
                message: None,
                allow_retry: false,
                extra: Map::new(),
            }));
        }
        let frames = events.iter().map(|event| Frame::loose(event.to_wire()));
        Ok(frames.collect())
    }
}
