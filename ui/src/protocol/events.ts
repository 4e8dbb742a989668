/** What a stream tells, event by event. */

import type { Annotation, AssistantContent, GeneratedImage, Item, Task } from "./items";
import type { Thread } from "./thread";
import type { WidgetNode } from "./widget";

export type Event =
  | { type: "thread.created"; thread: Thread }
  | { type: "thread.updated"; thread: Thread }
  | { type: "thread.item.added"; item: Item }
  | { type: "thread.item.done"; item: Item }
  | { type: "thread.item.replaced"; item: Item }
  | { type: "thread.item.removed"; item_id: string }
  | { type: "thread.item.updated"; item_id: string; update: ItemUpdate }
  | { type: "stream_options"; stream_options: { allow_cancel: boolean } }
  | { type: "progress_update"; icon?: string; text: string }
  | { type: "notice"; level: NoticeLevel; message: string; title?: string }
  | { type: "client_effect"; name: string; data?: Record<string, unknown> }
  | ErrorEvent
  | { type: "frontdesk.reload" };

export type NoticeLevel = "info" | "warning" | "danger" | (string & {});

export interface ErrorEvent {
  type: "error";
  code?: string;
  message?: string;
  allow_retry?: boolean;
}

export type ItemUpdate =
  | { type: "assistant_message.content_part.added"; content_index: number; content: AssistantContent }
  | { type: "assistant_message.content_part.text_delta"; content_index: number; delta: string }
  | {
      type: "assistant_message.content_part.annotation_added";
      content_index: number;
      annotation_index: number;
      annotation: Annotation;
    }
  | { type: "assistant_message.content_part.done"; content_index: number; content: AssistantContent }
  | { type: "widget.streaming_text.value_delta"; component_id: string; delta: string; done: boolean }
  | { type: "widget.component.updated"; component_id: string; component: WidgetNode }
  | { type: "widget.root.updated"; widget: WidgetNode }
  | { type: "workflow.task.added"; task_index: number; task: Task }
  | { type: "workflow.task.updated"; task_index: number; task: Task }
  | { type: "generated_image.updated"; image: GeneratedImage; progress?: number };
