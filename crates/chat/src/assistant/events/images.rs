//! Images that the model makes ▸ generated images, shown while they are drawn.

use std::collections::BTreeMap;

use frontdesk_agent::OutputKey;
use frontdesk_model::Item;
use frontdesk_protocol::{
    GeneratedImage, GeneratedImageItem, GeneratedImageUpdated, ItemId, ItemUpdate, Map,
    ThreadEvent, ThreadItem,
};

use super::super::notices::tell_user;
use crate::{Turn, TurnError};

/// Bytes of one image in base64: with it, an item can still be stored.
const MOST_BYTES: usize = 4_000_000;

/// Bytes of all images of one turn that are shown unfinished; further ones are shown when they are done.
const MOST_UNFINISHED_BYTES: usize = 16 << 20;

/// What the user reads in place of an image that can't be stored.
const TOO_LARGE: &str = "I made an image that is too large to be shown here. \
                         Ask me for a smaller one.";

/// The images of a run.
#[derive(Default)]
pub(super) struct Images {
    begun: BTreeMap<OutputKey, GeneratedImageItem>,
    /// Those of this step that are complete: a guardrail may still take them back.
    done: BTreeMap<OutputKey, ItemId>,
    unfinished_bytes: usize,
}

impl Images {
    /// An image as far as it is drawn.
    pub(super) async fn draw(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        number: usize,
        data: &str,
    ) -> Result<(), TurnError> {
        self.unfinished_bytes = self.unfinished_bytes.saturating_add(data.len());
        if self.unfinished_bytes > MOST_UNFINISHED_BYTES {
            return Ok(());
        }
        let Some(url) = data_url(data, None) else {
            return Ok(());
        };
        let begun = self.begun.get(&key).map(|item| item.id.clone());
        let id = if let Some(id) = begun {
            id
        } else {
            let item = empty_image(turn);
            let id = item.id.clone();
            self.begun.insert(key, item.clone());
            turn.emit(ThreadEvent::item_added(ThreadItem::GeneratedImage(item)))
                .await?;
            id
        };
        let update = ItemUpdate::GeneratedImageUpdated(GeneratedImageUpdated {
            image: image(&id, url),
            progress: Some(progress(number)),
            extra: Map::new(),
        });
        turn.emit(ThreadEvent::item_updated(id, update)).await
    }

    /// An image is complete. One that can't be stored is taken away, with a message in its place.
    pub(super) async fn complete(
        &mut self,
        turn: &mut Turn,
        key: OutputKey,
        data: &str,
        media_type: Option<&str>,
    ) -> Result<(), TurnError> {
        let begun = self.begun.remove(&key);
        let Some(url) = data_url(data, media_type) else {
            if let Some(item) = begun {
                turn.emit(ThreadEvent::item_removed(item.id)).await?;
            }
            return tell_user(turn, TOO_LARGE).await;
        };
        let mut item = begun.unwrap_or_else(|| empty_image(turn));
        item.image = Some(image(&item.id, url));
        self.done.insert(key, item.id.clone());
        turn.emit(ThreadEvent::item_done(ThreadItem::GeneratedImage(item)))
            .await
    }

    /// The step is over: an image that isn't complete never will be.
    pub(super) async fn finish(&mut self, turn: &mut Turn) -> Result<(), TurnError> {
        self.done.clear();
        for item in std::mem::take(&mut self.begun).into_values() {
            turn.emit(ThreadEvent::item_removed(item.id)).await?;
        }
        Ok(())
    }

    /// The images of this step that are complete.
    pub(super) fn completed(&self) -> impl Iterator<Item = &ItemId> {
        self.done.values()
    }

    /// The item of an image that is void.
    pub(super) fn withdraw(&mut self, key: OutputKey) -> Option<ItemId> {
        let begun = self.begun.remove(&key).map(|item| item.id);
        begun.or_else(|| self.done.remove(&key))
    }
}

/// A step's items without images, and without the thoughts that belong to them: megabytes that every later turn would
/// send again. The thread's item says that there was one.
pub(super) fn without_images(items: Vec<Item>) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        if is_image(&item) {
            while matches!(kept.last(), Some(Item::Reasoning(_))) {
                kept.pop();
            }
        } else {
            kept.push(item);
        }
    }
    kept
}

fn is_image(item: &Item) -> bool {
    match item {
        Item::Other(fields) => {
            fields.get("type").and_then(|kind| kind.as_str()) == Some("image_generation_call")
        }
        _ => false,
    }
}

fn empty_image(turn: &Turn) -> GeneratedImageItem {
    GeneratedImageItem {
        id: turn.new_item_id("img"),
        thread_id: turn.thread_id().clone(),
        created_at: turn.now(),
        image: None,
        extra: Map::new(),
    }
}

fn image(id: &ItemId, url: String) -> GeneratedImage {
    GeneratedImage {
        id: id.as_str().to_owned(),
        url,
        extra: Map::new(),
    }
}

/// How much of an image is done. Nobody says how many partial images there will be, so each is half of what is left.
fn progress(number: usize) -> f64 {
    let halves = i32::try_from(number).unwrap_or(i32::MAX).saturating_add(1);
    1.0 - 0.5_f64.powi(halves)
}

/// The address of an image that is in it; `None` where it is too large, or no base64.
fn data_url(data: &str, media_type: Option<&str>) -> Option<String> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if data.is_empty() || data.len() > MOST_BYTES || !data.bytes().all(is_base64) {
        return None;
    }
    let known = ["image/png", "image/jpeg", "image/webp", "image/gif"];
    let said = media_type.filter(|said| known.contains(said));
    let media_type = said.unwrap_or_else(|| sniffed(data));
    Some(format!("data:{media_type};base64,{data}"))
}

/// The media type by the first bytes, in base64.
fn sniffed(data: &str) -> &'static str {
    if data.starts_with("/9j/") {
        "image/jpeg"
    } else if data.starts_with("UklGR") {
        "image/webp"
    } else if data.starts_with("R0lGOD") {
        "image/gif"
    } else {
        "image/png"
    }
}
