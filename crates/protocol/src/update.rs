//! Item updates: how an item changes while it streams.

use serde::{Deserialize, Serialize};

use crate::{Annotation, AssistantContent, GeneratedImage, Map, Task, Widget, tag};

/// A change to one item; [`apply`](crate::apply) makes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ItemUpdate {
    /// A part of an assistant's message begins.
    ContentPartAdded(ContentPartAdded),
    /// A part of an assistant's message grows.
    ContentPartTextDelta(ContentPartTextDelta),
    /// A part of an assistant's message gets an annotation.
    AnnotationAdded(AnnotationAdded),
    /// A part of an assistant's message is complete.
    ContentPartDone(ContentPartDone),
    /// A text in a widget grows.
    WidgetStreamingTextValueDelta(WidgetStreamingTextValueDelta),
    /// A component of a widget is another now.
    WidgetComponentUpdated(WidgetComponentUpdated),
    /// The whole widget is another now.
    WidgetRootUpdated(WidgetRootUpdated),
    /// A workflow gets a task.
    WorkflowTaskAdded(WorkflowTaskAdded),
    /// A task of a workflow is another now.
    WorkflowTaskUpdated(WorkflowTaskUpdated),
    /// An image can be seen, or seen better.
    GeneratedImageUpdated(GeneratedImageUpdated),
    /// A kind that this version doesn't know.
    Other(Map),
}

tag::read_by_type!(open ItemUpdate {
    "assistant_message.content_part.added" => ContentPartAdded,
    "assistant_message.content_part.text_delta" => ContentPartTextDelta,
    "assistant_message.content_part.annotation_added" => AnnotationAdded,
    "assistant_message.content_part.done" => ContentPartDone,
    "widget.streaming_text.value_delta" => WidgetStreamingTextValueDelta,
    "widget.component.updated" => WidgetComponentUpdated,
    "widget.root.updated" => WidgetRootUpdated,
    "workflow.task.added" => WorkflowTaskAdded,
    "workflow.task.updated" => WorkflowTaskUpdated,
    "generated_image.updated" => GeneratedImageUpdated,
});

impl ItemUpdate {
    /// More text for a part of an assistant's message.
    pub fn text_delta(content_index: usize, delta: impl Into<String>) -> Self {
        Self::ContentPartTextDelta(ContentPartTextDelta {
            content_index,
            delta: delta.into(),
            extra: Map::new(),
        })
    }

    /// A new part of an assistant's message.
    pub fn part_added(content_index: usize, content: AssistantContent) -> Self {
        Self::ContentPartAdded(ContentPartAdded {
            content_index,
            content,
            extra: Map::new(),
        })
    }

    /// A complete part of an assistant's message.
    pub fn part_done(content_index: usize, content: AssistantContent) -> Self {
        Self::ContentPartDone(ContentPartDone {
            content_index,
            content,
            extra: Map::new(),
        })
    }

    /// A new task of a workflow.
    pub fn task_added(task_index: usize, task: Task) -> Self {
        Self::WorkflowTaskAdded(WorkflowTaskAdded {
            task_index,
            task,
            extra: Map::new(),
        })
    }

    /// A task of a workflow as it is now.
    pub fn task_updated(task_index: usize, task: Task) -> Self {
        Self::WorkflowTaskUpdated(WorkflowTaskUpdated {
            task_index,
            task,
            extra: Map::new(),
        })
    }
}

/// A part of an assistant's message begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "assistant_message.content_part.added")]
pub struct ContentPartAdded {
    /// Which part, from 0.
    pub content_index: usize,
    /// The part as it begins.
    pub content: AssistantContent,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A part of an assistant's message grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "assistant_message.content_part.text_delta")]
pub struct ContentPartTextDelta {
    /// Which part, from 0.
    pub content_index: usize,
    /// What comes after the text so far.
    pub delta: String,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A part of an assistant's message gets an annotation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename = "assistant_message.content_part.annotation_added"
)]
pub struct AnnotationAdded {
    /// Which part, from 0.
    pub content_index: usize,
    /// Which place among the part's annotations, from 0.
    pub annotation_index: usize,
    /// The annotation.
    pub annotation: Annotation,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A part of an assistant's message is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "assistant_message.content_part.done")]
pub struct ContentPartDone {
    /// Which part, from 0.
    pub content_index: usize,
    /// The whole part.
    pub content: AssistantContent,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A text in a widget grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "widget.streaming_text.value_delta")]
pub struct WidgetStreamingTextValueDelta {
    /// The `id` of the component with the text.
    pub component_id: String,
    /// What comes after the text so far.
    pub delta: String,
    /// Whether the text is complete.
    pub done: bool,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A component of a widget is another now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "widget.component.updated")]
pub struct WidgetComponentUpdated {
    /// The `id` of the component.
    pub component_id: String,
    /// What stands in its place.
    pub component: Widget,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// The whole widget is another now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "widget.root.updated")]
pub struct WidgetRootUpdated {
    /// What stands in its place.
    pub widget: Widget,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A workflow gets a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "workflow.task.added")]
pub struct WorkflowTaskAdded {
    /// Which task, from 0.
    pub task_index: usize,
    /// The task.
    pub task: Task,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// A task of a workflow is another now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "workflow.task.updated")]
pub struct WorkflowTaskUpdated {
    /// Which task, from 0.
    pub task_index: usize,
    /// What stands in its place.
    pub task: Task,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An image can be seen, or seen better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "generated_image.updated")]
pub struct GeneratedImageUpdated {
    /// The image.
    pub image: GeneratedImage,
    /// How much of it is done, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}
