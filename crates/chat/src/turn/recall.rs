//! What a turn that was taken over had been called for, found again in the store.

use frontdesk_identity::Scope;
use frontdesk_protocol::{Page, ThreadEvent, ThreadId, ThreadItem};
use frontdesk_store::{Store, StoreError};

use super::continuation::CallsFor;
use super::frame::Audience;
use super::handle::{Place, Turn};
use super::task::Call;
use crate::{OnDisconnect, Unfinished};

/// What the turn was called for; `None` where what it was about is no longer there.
pub(super) async fn unfinished(
    store: &dyn Store,
    scope: &Scope,
    thread: &ThreadId,
    calls_for: &CallsFor,
) -> Result<Option<Unfinished>, StoreError> {
    Ok(match calls_for {
        CallsFor::Answer { message: None } => Some(Unfinished::Respond(None)),
        CallsFor::Answer { message: Some(id) } => match store.item(scope, thread, id).await? {
            Some(ThreadItem::UserMessage(message)) => {
                Some(Unfinished::Respond(Some(Box::new(message))))
            }
            _ => None,
        },
        CallsFor::Action { action, widget } => {
            let sender = match widget {
                Some(id) => store.item(scope, thread, id).await?,
                None => None,
            };
            let sender = match sender {
                Some(ThreadItem::Widget(widget)) => Some(Box::new(widget)),
                _ => None,
            };
            (widget.is_some() == sender.is_some()).then(|| Unfinished::Action {
                action: action.clone(),
                sender,
            })
        }
    })
}

/// Shows again what the turn began with.
pub(super) fn show_beginning(turn: &Turn, call: &Call, policy: OnDisconnect) {
    let recorder = &turn.recorder;
    let mut events = Vec::new();
    if turn.place() == Place::First {
        let thread = turn.thread().to_wire(Page::default());
        events.push(ThreadEvent::thread_created(thread));
    }
    if let Call::GoOn(unfinished) = call
        && let Unfinished::Respond(Some(message)) = unfinished.as_ref()
    {
        let mut message = message.as_ref().clone();
        turn.show_attachments(&mut message);
        events.push(ThreadEvent::item_done(ThreadItem::UserMessage(message)));
    }
    events.push(ThreadEvent::stream_options(
        policy.stream_options(turn.context().client),
    ));
    for event in &events {
        recorder.show(event, Audience::Everyone);
    }
}
