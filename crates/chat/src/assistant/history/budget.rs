//! A history within its size: first older results of tools are shortened, then whole exchanges left out, the oldest
//! first. The newest message always stays, and so does what was done last.

use std::collections::BTreeSet;

use frontdesk_model::{ContentPart, Item, Message};
use serde_json::Value;

use super::convert::{Exchange, Opening};
use super::pairs::blocks;
use crate::json_size::json_size;

/// Bytes of text that are guessed to be a token.
const BYTES_PER_TOKEN: usize = 4;
/// Tokens that each item costs beside its text.
const ITEM_TOKENS: usize = 4;
/// Tokens that an image or a file is guessed to cost, however large it is.
const MEDIA_TOKENS: usize = 1_000;
/// Bytes of images that are read again, as they are sent: a few large ones. Providers refuse a request of many.
const MAX_IMAGE_BYTES: usize = 16 << 20;
/// Bytes of a tool's result that stay where it is shortened.
const SHORT_RESULT_BYTES: usize = 400;
/// What stands behind a result that was shortened.
const SHORTENED: &str =
    "[the rest of this older result was left out; call the tool again if you need it]";

/// Tokens of items, by a guess that depends on nothing else: a token for each four bytes of text.
pub(super) fn tokens(items: &[Item]) -> usize {
    items.iter().map(tokens_of).sum()
}

fn tokens_of(item: &Item) -> usize {
    let bytes = match item {
        Item::Message(message) => return ITEM_TOKENS + tokens_of_message(message),
        Item::FunctionCall(call) => call.name.len() + call.arguments.len(),
        Item::FunctionCallOutput(result) => match &result.output {
            Value::String(text) => text.len(),
            Value::Array(parts) => {
                return ITEM_TOKENS + parts.iter().map(tokens_of_part).sum::<usize>();
            }
            other => json_bytes(other),
        },
        Item::Reasoning(thought) => {
            let summary: usize = thought.summary.iter().map(String::len).sum();
            let encrypted = thought.encrypted_content.as_ref().map_or(0, String::len);
            summary + encrypted + json_bytes(&thought.extra)
        }
        Item::Other(fields) => match fields.get("type").and_then(Value::as_str) {
            Some("image_generation_call") => return ITEM_TOKENS + MEDIA_TOKENS,
            _ => json_bytes(fields),
        },
    };
    ITEM_TOKENS + bytes.div_ceil(BYTES_PER_TOKEN)
}

fn tokens_of_message(message: &Message) -> usize {
    let part = |part: &ContentPart| match part.as_text() {
        Some(text) => text.len().div_ceil(BYTES_PER_TOKEN),
        None => serde_json::to_value(part).map_or(MEDIA_TOKENS, |part| tokens_of_part(&part)),
    };
    message.content.iter().map(part).sum()
}

/// A part that isn't plain text, as JSON.
fn tokens_of_part(part: &Value) -> usize {
    match part.get("type").and_then(Value::as_str) {
        Some("input_image" | "input_file" | "output_image" | "image") => MEDIA_TOKENS,
        _ => json_bytes(part).div_ceil(BYTES_PER_TOKEN),
    }
}

fn json_bytes(value: &impl serde::Serialize) -> usize {
    json_size(value).unwrap_or_default()
}

/// Leaves out the images that are too much, all but the newest; the words beside each stay.
pub(super) fn leave_out_images(exchanges: &mut [Exchange]) {
    let mut sum = 0_usize;
    let items = exchanges
        .iter_mut()
        .flat_map(|exchange| &mut exchange.items);
    for item in items.rev() {
        if let Item::Message(message) = item {
            sum = sum.saturating_add(message.content.iter().map(image_bytes).sum());
            if sum > MAX_IMAGE_BYTES {
                message.content.retain(|part| image_bytes(part) == 0);
            }
        }
    }
}

/// The bytes of an image that is its own address.
fn image_bytes(part: &ContentPart) -> usize {
    match part {
        ContentPart::Other(fields) => {
            let address = fields.get("image_url").and_then(Value::as_str);
            address.map_or(0, str::len)
        }
        ContentPart::InputText { .. }
        | ContentPart::OutputText { .. }
        | ContentPart::Refusal { .. } => 0,
    }
}

/// Shortens results of tools, the oldest first, until the exchanges fit; those of the newest exchange stay.
pub(super) fn shorten_older(exchanges: &mut [Exchange], budget: usize) {
    let mut sum = size(exchanges);
    let older = exchanges.len().saturating_sub(1);
    let older = exchanges.iter_mut().take(older);
    shorten(
        older.flat_map(|exchange| &mut exchange.items),
        &mut sum,
        budget,
    );
}

/// How many exchanges have to go, from the oldest, for the rest to fit. The newest one never has to.
pub(super) fn overflow(exchanges: &[Exchange], budget: usize) -> usize {
    let mut sum = size(exchanges);
    let mut dropped = 0;
    for exchange in exchanges.iter().take(exchanges.len().saturating_sub(1)) {
        if sum <= budget {
            break;
        }
        sum -= tokens(&exchange.items);
        dropped += 1;
    }
    dropped
}

/// Makes the newest exchange fit by itself, as far as its message, what was done last and calls without a result let it:
/// those are just being decided about.
pub(super) fn fit_newest(newest: &mut Exchange, budget: usize) {
    let mut sum = tokens(&newest.items);
    if sum <= budget {
        return;
    }
    shorten(newest.items.iter_mut(), &mut sum, budget);
    let answered: BTreeSet<String> = newest.items.iter().filter_map(result_of).collect();
    let is_open =
        |item: &Item| matches!(item, Item::FunctionCall(call) if !answered.contains(&call.call_id));
    let mut parts = blocks(std::mem::take(&mut newest.items)).into_iter();
    let message = match newest.opening {
        Opening::Message => parts.next(),
        Opening::Middle => None,
    };
    newest.items.extend(message.into_iter().flatten());
    while let Some(block) = parts.next() {
        if sum > budget && parts.len() > 0 && !block.iter().any(is_open) {
            sum -= tokens(&block);
        } else {
            newest.items.extend(block);
        }
    }
}

/// The call that an item is the result of.
fn result_of(item: &Item) -> Option<String> {
    match item {
        Item::FunctionCallOutput(result) => Some(result.call_id.clone()),
        _ => None,
    }
}

fn size(exchanges: &[Exchange]) -> usize {
    exchanges
        .iter()
        .map(|exchange| tokens(&exchange.items))
        .sum()
}

fn shorten<'i>(items: impl Iterator<Item = &'i mut Item>, sum: &mut usize, budget: usize) {
    for item in items {
        if *sum <= budget {
            return;
        }
        let before = tokens_of(item);
        if let Item::FunctionCallOutput(result) = item {
            let text = result.text();
            if text.len() > SHORT_RESULT_BYTES + SHORTENED.len() || before > MEDIA_TOKENS {
                let kept = text.floor_char_boundary(SHORT_RESULT_BYTES);
                let kept = text.get(..kept).unwrap_or_default();
                result.output = Value::String(format!("{kept}… {SHORTENED}"));
            }
            *sum = (*sum + tokens_of(item)).saturating_sub(before);
        }
    }
}
