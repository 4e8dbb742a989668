//! `threads.custom_action` and `threads.sync_custom_action`: a widget's button, or the host page.

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    CustomAction, ErrorCode, ErrorEvent, ItemId, Map, ThreadEvent, ThreadId, ThreadItem, WidgetItem,
};

use super::asked::Asked;
use super::begin::Opening;
use super::enter::being_answered;
use super::{Reply, Service, json};
use crate::turn::Call;
use crate::{ChatError, Frame, RequestContext, TurnReader};

enum Sender {
    Widget(WidgetItem),
    /// The named item can't send actions.
    Other,
    Nobody,
}

impl Service {
    pub(super) async fn custom_action(
        &self,
        params: CustomAction,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        let scope = &asked.scope;
        let (_guard, ground) = self.enter(asked, &params.thread_id).await?;
        let sender = match self
            .sender(scope, &params.thread_id, params.item_id.as_ref())
            .await?
        {
            Sender::Widget(widget) => Some(Box::new(widget)),
            Sender::Nobody => None,
            Sender::Other if self.has_begun(asked).await? => return Err(being_answered()),
            Sender::Other => return Ok(not_a_sender()),
        };
        let responder = &self.0.parts.responder;
        responder.admit_action(&params.action, sender.as_deref())?;
        self.begin(
            Opening::of(ground, Call::Action(params.action, sender)),
            asked,
        )
        .await
    }

    pub(super) async fn sync_custom_action(
        &self,
        params: CustomAction,
        cx: &RequestContext,
    ) -> Result<Reply, ChatError> {
        let scope = cx.scope();
        let thread = self.thread(&scope, &params.thread_id).await?;
        let sender = match self
            .sender(&scope, &thread.id, params.item_id.as_ref())
            .await?
        {
            Sender::Widget(widget) => Some(widget),
            Sender::Nobody => None,
            Sender::Other => {
                return Err(ChatError::BadRequest {
                    field: "params.item_id".to_owned(),
                    message: "is not a widget".to_owned(),
                });
            }
        };
        let responder = &self.0.parts.responder;
        let mut response = responder
            .sync_action(cx, &thread, params.action, sender)
            .await?;
        // Hidden items are never sent.
        response.updated_item = response.updated_item.filter(|item| !item.is_hidden());
        json(&response.into_wire())
    }

    async fn sender(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: Option<&ItemId>,
    ) -> Result<Sender, ChatError> {
        let Some(id) = id.filter(|id| !id.as_str().is_empty()) else {
            return Ok(Sender::Nobody);
        };
        match self.item(scope, thread, id).await? {
            ThreadItem::Widget(widget) => Ok(Sender::Widget(widget)),
            _ => Ok(Sender::Other),
        }
    }
}

/// The reference answers this with a stream of one error, so front ends expect it.
fn not_a_sender() -> Reply {
    let error = ThreadEvent::Error(ErrorEvent {
        code: ErrorCode::StreamError,
        message: None,
        allow_retry: false,
        extra: Map::new(),
    });
    Reply::Stream {
        turn: None,
        reader: TurnReader::of(vec![Frame::loose(error.to_wire())]),
    }
}
