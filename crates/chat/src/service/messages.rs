//! `threads.create`, `threads.add_user_message` and `threads.retry_after_item`: what a user says begins a turn.

use std::sync::Arc;

use frontdesk_identity::Scope;
use frontdesk_protocol::{
    ItemId, Map, Page, ThreadEvent, ThreadId, ThreadItem, ThreadMetadata, ThreadsAddUserMessage,
    ThreadsCreate, ThreadsRetryAfterItem, UserMessageInput, UserMessageItem,
};
use frontdesk_store::{After, Trim};

use super::asked::Asked;
use super::begin::{Ground, Opening, refuse_unless_open};
use super::{Reply, Service};
use crate::json_size::json_size;
use crate::turn::{Call, ThreadTime};
use crate::{ChatError, Limits, Place};

impl Service {
    pub(super) async fn create_thread(
        &self,
        params: ThreadsCreate,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        check_input(&params.input, &self.options().limits)?;
        self.0.parts.responder.admit_message(&params.input)?;
        let parts = &self.0.parts;
        let time = ThreadTime::new(Arc::clone(&parts.clock));
        let thread = ThreadMetadata::new(ThreadId::new(parts.ids.next("thr")), time.now());
        let ground = Ground {
            thread,
            time,
            after: After::Any,
        };
        let mut opening = self.message(params.input, ground, &asked.scope).await?;
        opening.place = Place::First;
        if let Call::Respond(Some(first)) = &opening.call {
            opening.ground.thread.title = parts.responder.title(first);
        }
        let created = ThreadEvent::thread_created(opening.ground.thread.to_wire(Page::default()));
        opening.before.insert(0, created);
        self.begin(opening, asked).await
    }

    pub(super) async fn add_user_message(
        &self,
        params: ThreadsAddUserMessage,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        check_input(&params.input, &self.options().limits)?;
        self.0.parts.responder.admit_message(&params.input)?;
        let replaces = params.replaces;
        let scope = &asked.scope;
        let (_guard, ground) = self.enter(asked, &params.thread_id).await?;
        let thread = &ground.thread;
        refuse_unless_open(thread)?;
        if let Some(id) = &replaces {
            self.user_message(scope, &thread.id, id, "params.replaces")
                .await?;
        }
        let mut opening = self.message(params.input, ground, scope).await?;
        opening.trim = replaces.map(Trim::From);
        self.begin(opening, asked).await
    }

    pub(super) async fn retry_after_item(
        &self,
        params: &ThreadsRetryAfterItem,
        asked: &Asked,
    ) -> Result<Reply, ChatError> {
        let scope = &asked.scope;
        let (_guard, ground) = self.enter(asked, &params.thread_id).await?;
        let thread = &ground.thread;
        refuse_unless_open(thread)?;
        let message = self
            .user_message(scope, &thread.id, &params.item_id, "params.item_id")
            .await?;
        let mut opening = Opening::of(ground, Call::Respond(Some(Box::new(message))));
        opening.trim = Some(Trim::After(params.item_id.clone()));
        self.begin(opening, asked).await
    }

    async fn user_message(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        id: &ItemId,
        field: &str,
    ) -> Result<UserMessageItem, ChatError> {
        match self.item(scope, thread, id).await? {
            ThreadItem::UserMessage(message) => Ok(message),
            _ => Err(ChatError::BadRequest {
                field: field.to_owned(),
                message: "is not a message of the user".to_owned(),
            }),
        }
    }

    /// The beginning of a turn that a message starts.
    async fn message(
        &self,
        input: UserMessageInput,
        ground: Ground,
        scope: &Scope,
    ) -> Result<Opening, ChatError> {
        let thread = &ground.thread.id;
        let attachments = self.attachments_of(&input, thread, scope).await?;
        let parts = &self.0.parts;
        let item = UserMessageItem {
            id: ItemId::new(parts.ids.next("msg")),
            thread_id: thread.clone(),
            created_at: ground.time.now(),
            content: input.content,
            attachments: attachments.clone(),
            quoted_text: input.quoted_text,
            inference_options: input.inference_options,
            extra: Map::new(),
        };
        let mut opening = Opening::of(ground, Call::Respond(Some(Box::new(item.clone()))));
        opening.attachments = attachments;
        let mut shown = item.clone();
        self.show_attachments(&mut shown, scope);
        opening.before = vec![ThreadEvent::item_done(ThreadItem::UserMessage(shown))];
        opening.put = vec![ThreadItem::UserMessage(item)];
        Ok(opening)
    }
}

fn check_input(input: &UserMessageInput, limits: &Limits) -> Result<(), ChatError> {
    let text = input.content.iter().map(|part| part.text().chars().count());
    let quoted = input
        .quoted_text
        .as_deref()
        .map_or(0, |text| text.chars().count());
    at_most(
        "params.input.content",
        "characters",
        text.sum::<usize>() + quoted,
        limits.message_chars,
    )?;
    let bytes = json_size(input).unwrap_or(usize::MAX);
    at_most("params.input", "bytes", bytes, limits.message_bytes)?;
    at_most(
        "params.input.content",
        "parts",
        input.content.len(),
        limits.content_parts,
    )?;
    at_most(
        "params.input.attachments",
        "attachments",
        input.attachments.len(),
        limits.attachments,
    )
}

pub(super) fn at_most(field: &str, unit: &str, count: usize, most: usize) -> Result<(), ChatError> {
    if count <= most {
        return Ok(());
    }
    let message = format!("has {count} {unit}; at most {most} are taken");
    Err(ChatError::unprocessable(field, message))
}
