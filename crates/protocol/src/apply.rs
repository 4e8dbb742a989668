//! Making an item update: the item as it is after it, by the reference's rules.

use serde_json::{Value, map::Entry};

use crate::{AssistantContent, ItemUpdate, Map, ThreadItem, Widget, widget::MAX_DEPTH};

/// The largest index of a part of a message; a larger one is refused, because the parts before it are filled up.
pub const MAX_CONTENT_INDEX: usize = 1024;

/// Makes the update, and says whether it could be made.
///
/// An update that is for another kind of item, or for a part that isn't there, changes nothing.
pub fn apply(item: &mut ThreadItem, update: &ItemUpdate) -> bool {
    match item {
        ThreadItem::AssistantMessage(message) => assistant_message(&mut message.content, update),
        ThreadItem::Workflow(item) => match update {
            ItemUpdate::WorkflowTaskAdded(added) => {
                item.workflow.tasks.push(added.task.clone());
                true
            }
            ItemUpdate::WorkflowTaskUpdated(updated) => {
                match item.workflow.tasks.get_mut(updated.task_index) {
                    Some(task) => {
                        task.clone_from(&updated.task);
                        true
                    }
                    None => false,
                }
            }
            _ => false,
        },
        ThreadItem::Widget(item) => widget(&mut item.widget, update),
        ThreadItem::GeneratedImage(item) => match update {
            ItemUpdate::GeneratedImageUpdated(updated) => {
                item.image = Some(updated.image.clone());
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn assistant_message(content: &mut Vec<AssistantContent>, update: &ItemUpdate) -> bool {
    let index = match update {
        ItemUpdate::ContentPartAdded(update) => update.content_index,
        ItemUpdate::ContentPartTextDelta(update) => update.content_index,
        ItemUpdate::AnnotationAdded(update) => update.content_index,
        ItemUpdate::ContentPartDone(update) => update.content_index,
        _ => return false,
    };
    if index > MAX_CONTENT_INDEX {
        return false;
    }
    if content.len() <= index {
        content.resize_with(index + 1, AssistantContent::default);
    }
    let Some(part) = content.get_mut(index) else {
        return false;
    };
    match update {
        ItemUpdate::ContentPartAdded(update) => part.clone_from(&update.content),
        ItemUpdate::ContentPartDone(update) => part.clone_from(&update.content),
        ItemUpdate::ContentPartTextDelta(update) => part.text.push_str(&update.delta),
        ItemUpdate::AnnotationAdded(update) => {
            let at = update.annotation_index.min(part.annotations.len());
            part.annotations.insert(at, update.annotation.clone());
        }
        _ => return false,
    }
    true
}

fn widget(widget: &mut Widget, update: &ItemUpdate) -> bool {
    match update {
        ItemUpdate::WidgetRootUpdated(update) => {
            widget.clone_from(&update.widget);
            true
        }
        ItemUpdate::WidgetComponentUpdated(update) => {
            match find(widget.as_map_mut(), &update.component_id, 0) {
                Some(component) => {
                    component.clone_from(update.component.as_map());
                    true
                }
                None => false,
            }
        }
        ItemUpdate::WidgetStreamingTextValueDelta(update) => {
            find(widget.as_map_mut(), &update.component_id, 0)
                .is_some_and(|component| append(component, &update.delta))
        }
        _ => false,
    }
}

/// The component with this `id`, here or among the children.
fn find<'a>(component: &'a mut Map, id: &str, depth: usize) -> Option<&'a mut Map> {
    if component.get("id").and_then(Value::as_str) == Some(id) {
        return Some(component);
    }
    if depth >= MAX_DEPTH {
        return None;
    }
    match component.get_mut("children")? {
        Value::Array(children) => children
            .iter_mut()
            .filter_map(Value::as_object_mut)
            .find_map(|child| find(child, id, depth + 1)),
        Value::Object(child) => find(child, id, depth + 1),
        _ => None,
    }
}

fn append(component: &mut Map, delta: &str) -> bool {
    match component.entry("value") {
        Entry::Vacant(value) => {
            value.insert(Value::from(delta));
            true
        }
        Entry::Occupied(mut value) => match value.get_mut() {
            Value::String(text) => {
                text.push_str(delta);
                true
            }
            _ => false,
        },
    }
}
