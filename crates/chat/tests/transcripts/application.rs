//! The application of a transcript: it does what the script says and writes down how it was called.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use frontdesk_chat::{
    Audio, ChatError, NewUpload, RequestContext, Responder, Service, Turn, TurnError, Uploads,
};
use frontdesk_protocol::{
    Action, Attachment, FeedbackKind, ItemId, SyncCustomActionResponse, ThreadEvent, ThreadId,
    ThreadMetadata, TranscriptionResult, UserMessageItem, WidgetItem,
};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::matching::Bindings;
use crate::script::Act;

/// What the application is to do in one step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) acts: Vec<Act>,
    pub(crate) cancel_after: Option<usize>,
    /// What the recorded application answered: where to upload, and what it keeps about the file.
    pub(crate) attachment: Option<Value>,
}

#[derive(Default)]
pub(crate) struct Application {
    pub(crate) bindings: Bindings,
    pub(crate) part: Mutex<Part>,
    pub(crate) called: Mutex<Vec<Value>>,
    pub(crate) service: OnceLock<Service>,
}

impl Application {
    pub(crate) fn begin(&self, part: Part) {
        *self.part.lock().unwrap() = part;
        self.called.lock().unwrap().clear();
    }

    fn note(&self, call: Value) {
        self.called.lock().unwrap().push(call);
    }

    async fn act(&self, turn: &mut Turn) -> Result<(), TurnError> {
        let part = self.part.lock().unwrap().clone();
        for act in part.acts {
            self.wait_if_client_left(turn, part.cancel_after).await;
            match act {
                Act::Emit(event) => {
                    let event = self.bindings.fill(&event);
                    let event: ThreadEvent = serde_json::from_value(event).unwrap();
                    turn.emit(event).await?;
                }
                Act::SetThread(fields) => {
                    let mut thread = serde_json::to_value(turn.thread()).unwrap();
                    for (field, value) in fields {
                        thread[field] = self.bindings.fill(&value);
                    }
                    *turn.thread_mut() = serde_json::from_value(thread).unwrap();
                }
                Act::Raise(raise) => {
                    return Err(match raise.kind.as_str() {
                        "custom" => TurnError::Custom {
                            message: raise.message.unwrap_or_default(),
                            allow_retry: raise.allow_retry.unwrap_or_default(),
                        },
                        "stream" => TurnError::Stream {
                            allow_retry: raise.allow_retry.unwrap_or(true),
                        },
                        _ => TurnError::other("the secret reason"),
                    });
                }
                Act::Hang(_) => std::future::pending().await,
                Act::Reply(_) => {}
            }
        }
        self.wait_if_client_left(turn, part.cancel_after).await;
        Ok(())
    }

    /// The reference makes no event before the last one was taken; so nothing happens after the client has gone.
    async fn wait_if_client_left(&self, turn: &Turn, cancel_after: Option<usize>) {
        let (Some(most), Some(service)) = (cancel_after, self.service.get()) else {
            return;
        };
        let mut reader = service
            .events(turn.context(), turn.id(), None)
            .await
            .unwrap();
        let mut seen = 0;
        while let Some(Some(frames)) = reader.next().now_or_never() {
            seen += frames.len();
        }
        drop(reader);
        if seen >= most {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Responder for Application {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let acts = self.part.lock().unwrap().acts.clone();
        for act in &acts {
            if let Act::Emit(event) = act
                && let Some(name) = self.bindings.unbound(event, "$thr")
            {
                self.bindings.bind(&name, turn.thread_id().as_str());
            }
        }
        self.note(json!({
            "method": "respond",
            "thread_id": turn.thread_id(),
            "input_item_id": input.as_ref().map(|input| &input.id),
        }));
        self.act(turn).await
    }

    async fn action(
        &self,
        turn: &mut Turn,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<(), TurnError> {
        self.note(action_call(
            "action",
            turn.thread_id(),
            &action,
            sender.as_ref(),
        ));
        self.act(turn).await
    }

    async fn sync_action(
        &self,
        _: &RequestContext,
        thread: &ThreadMetadata,
        action: Action,
        sender: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, ChatError> {
        self.note(action_call(
            "sync_action",
            &thread.id,
            &action,
            sender.as_ref(),
        ));
        let acts = self.part.lock().unwrap().acts.clone();
        let item = acts.into_iter().find_map(|act| match act {
            Act::Reply(item) => Some(self.bindings.fill(&item)),
            _ => None,
        });
        let answer = json!({ "updated_item": item });
        Ok(serde_json::from_value(answer).unwrap())
    }

    async fn feedback(
        &self,
        _: &RequestContext,
        thread: &ThreadId,
        items: &[ItemId],
        kind: FeedbackKind,
    ) -> Result<(), ChatError> {
        self.note(json!({
            "method": "add_feedback", "thread_id": thread, "item_ids": items, "kind": kind,
        }));
        Ok(())
    }

    async fn transcribe(
        &self,
        _: &RequestContext,
        audio: Audio,
    ) -> Result<TranscriptionResult, ChatError> {
        self.note(json!({
            "method": "transcribe",
            "bytes": audio.data.len(),
            "mime_type": audio.mime_type,
            "media_type": audio.media_type(),
        }));
        let text = String::from_utf8_lossy(&audio.data);
        Ok(serde_json::from_value(json!({ "text": text })).unwrap())
    }
}

fn action_call(
    method: &str,
    thread: &ThreadId,
    action: &Action,
    sender: Option<&WidgetItem>,
) -> Value {
    json!({
        "method": method,
        "thread_id": thread,
        "action": { "type": action.kind, "payload": action.payload },
        "sender_item_id": sender.map(|sender| &sender.id),
    })
}

/// The part of the application that takes files.
pub(crate) struct Files(pub(crate) Arc<Application>);

#[async_trait]
impl Uploads for Files {
    async fn create(&self, upload: NewUpload, _: &RequestContext) -> Result<Attachment, ChatError> {
        let recorded = self
            .0
            .part
            .lock()
            .unwrap()
            .attachment
            .clone()
            .expect("an attachment");
        let mut attachment = json!({
            "id": upload.id,
            "name": upload.name,
            "mime_type": upload.mime_type,
        });
        for field in ["type", "upload_descriptor", "preview_url", "metadata"] {
            if let Some(value) = recorded.get(field) {
                attachment[field] = value.clone();
            }
        }
        Ok(serde_json::from_value(attachment).unwrap())
    }

    async fn delete(&self, _: &Attachment, _: &RequestContext) -> Result<(), ChatError> {
        Ok(())
    }
}
