//! What the model says ▸ messages of the assistant.

use std::collections::BTreeMap;

use frontdesk_agent::OutputKey;
use frontdesk_protocol::{
    Annotation, AnnotationAdded, AssistantContent, AssistantMessageItem, ItemId, ItemUpdate, Map,
    ThreadEvent, ThreadItem,
};
use serde_json::Value;

use super::citations::{MOST_ANNOTATIONS, annotation};
use super::structured;
use crate::{Turn, TurnError};

/// Parts of one text; what a provider counts beyond is added to the last.
const MAX_PARTS: usize = 64;

/// The texts of one step.
#[derive(Default)]
pub(super) struct Texts {
    open: BTreeMap<OutputKey, Text>,
    form: Form,
}

/// What an agent's answers are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    #[default]
    Words,
    Json,
}

/// A message that is being written.
struct Text {
    item: AssistantMessageItem,
    parts: usize,
    is_complete: bool,
}

/// A message of the assistant, complete.
pub(in super::super) fn message(turn: &Turn, text: &str) -> ThreadItem {
    message_as(turn.new_item_id("msg"), turn, text)
}

/// The same under this id.
pub(in super::super) fn message_as(id: ItemId, turn: &Turn, text: &str) -> ThreadItem {
    let mut item = AssistantMessageItem {
        id,
        ..empty_message(turn)
    };
    item.content.push(AssistantContent::new(text));
    ThreadItem::AssistantMessage(item)
}

fn empty_message(turn: &Turn) -> AssistantMessageItem {
    AssistantMessageItem {
        id: turn.new_item_id("msg"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        content: Vec::new(),
        extra: Map::new(),
    }
}

impl Texts {
    /// The next texts have this form.
    pub(super) fn expect(&mut self, form: Form) {
        self.form = form;
    }

    /// A text begins.
    pub(super) async fn start(&mut self, turn: &mut Turn, key: OutputKey) -> Result<(), TurnError> {
        let item = empty_message(turn);
        let added = ThreadEvent::item_added(ThreadItem::AssistantMessage(item.clone()));
        let text = Text {
            item,
            parts: 0,
            is_complete: false,
        };
        self.open.insert(key, text);
        turn.emit(added).await
    }

    /// A text grows.
    pub(super) async fn add(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        part: usize,
        delta: String,
    ) -> Result<(), TurnError> {
        let Some(text) = self.open.get_mut(&key) else {
            return Ok(());
        };
        let part = part.min(MAX_PARTS - 1);
        let id = text.item.id.clone();
        let begun = text.parts;
        let delta = match self.form {
            Form::Json if begun == 0 => structured::begin(delta),
            Form::Json | Form::Words => delta,
        };
        text.parts = text.parts.max(part + 1);
        while text.item.content.len() <= part {
            text.item.content.push(AssistantContent::default());
        }
        if let Some(content) = text.item.content.get_mut(part) {
            content.text.push_str(&delta);
        }
        for index in begun..=part {
            let part_begins = ItemUpdate::part_added(index, AssistantContent::default());
            update(turn, &id, part_begins).await?;
        }
        update(turn, &id, ItemUpdate::text_delta(part, delta)).await
    }

    /// A text has something from somewhere.
    pub(super) async fn cite(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        part: usize,
        citation: &Value,
    ) -> Result<(), TurnError> {
        let content_index = part.min(MAX_PARTS - 1);
        let Some(text) = self.open.get_mut(&key) else {
            return Ok(());
        };
        let Some(content) = text.item.content.get_mut(content_index) else {
            return Ok(());
        };
        let annotation_index = content.annotations.len();
        let annotation = annotation(citation, content.text.chars().count());
        let Some(annotation) = annotation.filter(|_| annotation_index < MOST_ANNOTATIONS) else {
            return Ok(());
        };
        content.annotations.push(annotation.clone());
        let added = ItemUpdate::AnnotationAdded(AnnotationAdded {
            content_index,
            annotation_index,
            annotation,
            extra: Map::new(),
        });
        let id = text.item.id.clone();
        update(turn, &id, added).await
    }

    /// The text is complete. Where the provider left out deltas or citations, it becomes what the whole is.
    pub(super) async fn complete(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        whole: String,
        citations: &[Value],
    ) -> Result<(), TurnError> {
        let Some(text) = self.open.get_mut(&key) else {
            return Ok(());
        };
        text.is_complete = true;
        let chars = whole.chars().count();
        let whole = match self.form {
            Form::Json => structured::whole(whole),
            Form::Words => whole,
        };
        let parts = &mut text.item.content;
        let begun = text.parts;
        let cited: Vec<Annotation> = parts
            .iter()
            .flat_map(|part| part.annotations.clone())
            .collect();
        let said: String = parts.iter().map(|part| part.text.as_str()).collect();
        if said != whole {
            let blank = begun.saturating_sub(1);
            let first = AssistantContent {
                annotations: cited.clone(),
                ..AssistantContent::new(whole)
            };
            *parts = vec![first];
            parts.resize_with(1 + blank, AssistantContent::default);
        }
        if let (true, Some(first)) = (cited.is_empty(), parts.first_mut()) {
            let annotations = citations.iter().filter_map(|one| annotation(one, chars));
            first.annotations = annotations.take(MOST_ANNOTATIONS).collect();
        }
        let id = text.item.id.clone();
        let parts = parts.clone();
        if begun == 0 && !parts.is_empty() {
            let part_begins = ItemUpdate::part_added(0, AssistantContent::default());
            update(turn, &id, part_begins).await?;
        }
        for (index, content) in parts.into_iter().enumerate() {
            update(turn, &id, ItemUpdate::part_done(index, content)).await?;
        }
        Ok(())
    }

    /// The messages whose text is complete.
    pub(super) fn completed(&self) -> Vec<ItemId> {
        let complete = self.open.values().filter(|text| text.is_complete);
        complete.map(|text| text.item.id.clone()).collect()
    }

    /// The item of a text that is void.
    pub(super) fn withdraw(&mut self, key: OutputKey) -> Option<ItemId> {
        self.open.remove(&key).map(|text| text.item.id)
    }

    /// All messages as they are, to be shown as done.
    pub(super) fn take(&mut self) -> Vec<ThreadEvent> {
        let texts = std::mem::take(&mut self.open).into_values();
        texts
            .map(|text| ThreadEvent::item_done(ThreadItem::AssistantMessage(text.item)))
            .collect()
    }
}

async fn update(turn: &mut Turn, id: &ItemId, update: ItemUpdate) -> Result<(), TurnError> {
    turn.emit(ThreadEvent::item_updated(id.clone(), update))
        .await
}
