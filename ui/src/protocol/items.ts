/** What a thread holds, as it goes over the wire. Fields that a server leaves out are absent, never null. */

import type { WidgetNode } from "./widget";

export type Item =
  | UserMessage
  | AssistantMessage
  | ClientToolCall
  | WidgetItem
  | GeneratedImageItem
  | StructuredInput
  | WorkflowItem
  | TaskItem
  | EndOfTurn
  | HiddenItem;

interface Base {
  id: string;
  thread_id: string;
  /** RFC 3339; other servers leave the zone out. */
  created_at: string;
}

export interface UserMessage extends Base {
  type: "user_message";
  content: UserContent[];
  attachments: Attachment[];
  quoted_text?: string;
  inference_options: InferenceOptions;
}

export type UserContent =
  | { type: "input_text"; text: string }
  | {
      type: "input_tag";
      text: string;
      id: string;
      group?: string;
      data?: Record<string, unknown>;
      interactive?: boolean;
    };

export interface InferenceOptions {
  tool_choice?: { id: string };
  model?: string;
}

export type Attachment = FileAttachment | ImageAttachment;

interface AttachmentBase {
  id: string;
  name: string;
  mime_type: string;
  /** Where to put the bytes, until they are there. */
  upload_descriptor?: UploadDescriptor;
  thread_id?: string;
  /** Frontdesk's own: where a browser loads the file, for a short while. */
  download_url?: string;
}

export interface FileAttachment extends AttachmentBase {
  type: "file";
}

export interface ImageAttachment extends AttachmentBase {
  type: "image";
  preview_url: string;
}

export interface UploadDescriptor {
  url: string;
  method: string;
  headers?: Record<string, string>;
}

export interface AssistantMessage extends Base {
  type: "assistant_message";
  content: AssistantContent[];
}

export interface AssistantContent {
  type: "output_text";
  text: string;
  annotations: Annotation[];
}

export interface Annotation {
  type: "annotation";
  /** Place in the text, in characters. Those with the same one are one group. */
  index?: number;
  source: Source;
}

interface SourceBase {
  title: string;
  description?: string;
  timestamp?: string;
  group?: string;
}

export type Source = UrlSource | FileSource | EntitySource;

export interface UrlSource extends SourceBase {
  type: "url";
  url: string;
  attribution?: string;
}

export interface FileSource extends SourceBase {
  type: "file";
  filename: string;
}

export interface EntitySource extends SourceBase {
  type: "entity";
  id: string;
  icon?: string;
  label?: string;
  inline_label?: string;
  interactive?: boolean;
  data?: Record<string, unknown>;
  preview?: string;
}

export interface ClientToolCall extends Base {
  type: "client_tool_call";
  status: "pending" | "completed";
  call_id: string;
  name: string;
  arguments: Record<string, unknown>;
  output?: unknown;
}

export interface WidgetItem extends Base {
  type: "widget";
  widget: WidgetNode;
  copy_text?: string;
}

export interface GeneratedImageItem extends Base {
  type: "generated_image";
  image?: GeneratedImage;
}

export interface GeneratedImage {
  id: string;
  url: string;
}

export interface StructuredInput extends Base {
  type: "structured_input";
  status: "pending" | "answered" | "skipped";
  inputs: Question[];
}

export type Question = ChoiceQuestion | FreeformQuestion;

export interface ChoiceQuestion {
  type: "multiple_choice";
  id: string;
  question: string;
  options: { value: string }[];
  multiple?: boolean;
  answer?: Answer;
}

export interface FreeformQuestion {
  type: "freeform";
  id: string;
  question: string;
  description?: string;
  answer?: Answer;
}

export interface Answer {
  values: string[];
  skipped?: boolean;
}

export interface WorkflowItem extends Base {
  type: "workflow";
  workflow: Workflow;
}

export interface Workflow {
  type: "custom" | "reasoning" | (string & {});
  tasks: Task[];
  summary?: { title: string; icon?: string } | { duration: number };
  expanded?: boolean;
}

export interface TaskItem extends Base {
  type: "task";
  task: Task;
}

interface TaskBase {
  status_indicator?: "none" | "loading" | "complete" | (string & {});
  title?: string;
}

export type Task =
  | (TaskBase & { type: "custom"; icon?: string; content?: string })
  | (TaskBase & { type: "web_search"; title_query?: string; queries: string[]; sources: UrlSource[] })
  | (TaskBase & { type: "thought"; content: string })
  | (TaskBase & { type: "file"; sources: FileSource[] })
  | (TaskBase & { type: "image" });

export interface EndOfTurn extends Base {
  type: "end_of_turn";
}

/** Never shown. */
export interface HiddenItem extends Base {
  type: "hidden_context_item" | "sdk_hidden_context";
}
