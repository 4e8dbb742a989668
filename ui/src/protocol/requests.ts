/** What the page asks of the server. */

import type { Attachment, InferenceOptions, Item, UserContent } from "./items";
import type { Page, Thread } from "./thread";

export interface UserInput {
  content: UserContent[];
  /** Ids. */
  attachments: string[];
  quoted_text?: string;
  inference_options: InferenceOptions;
}

export interface CustomAction {
  type: string;
  payload?: unknown;
}

/** Those that are answered with a stream of events. */
export type StreamRequest =
  | { type: "threads.create"; params: { input: UserInput } }
  | {
      type: "threads.add_user_message";
      /** `replaces` is Frontdesk's own: the message that this one takes the place of, with all after it. */
      params: { thread_id: string; input: UserInput; replaces?: string };
    }
  | { type: "threads.add_client_tool_output"; params: { thread_id: string; result: unknown } }
  | {
      type: "threads.add_structured_input";
      params: { thread_id: string; item_id: string; input: StructuredSubmission };
    }
  | { type: "threads.retry_after_item"; params: { thread_id: string; item_id: string } }
  | { type: "threads.custom_action"; params: { thread_id: string; item_id?: string; action: CustomAction } };

export interface StructuredSubmission {
  status: "answered" | "skipped";
  answers: Record<string, { values: string[]; skipped?: boolean }>;
}

/** Those that are answered with one value. */
export interface Calls {
  "threads.get_by_id": { params: { thread_id: string }; answer: Thread };
  "threads.list": { params: PageParams; answer: Page<Thread> };
  "threads.update": { params: { thread_id: string; title: string }; answer: Thread };
  "threads.delete": { params: { thread_id: string }; answer: unknown };
  "threads.sync_custom_action": {
    params: { thread_id: string; item_id?: string; action: CustomAction };
    answer: { updated_item?: Item };
  };
  "items.list": { params: PageParams & { thread_id: string }; answer: Page<Item> };
  "items.feedback": { params: { thread_id: string; item_ids: string[]; kind: Feedback }; answer: unknown };
  "attachments.create": {
    params: { name: string; size: number; mime_type: string };
    answer: Attachment;
  };
  "attachments.delete": { params: { attachment_id: string }; answer: unknown };
  "input.transcribe": { params: { audio_base64: string; mime_type: string }; answer: { text: string } };
}

export interface PageParams {
  limit?: number;
  order?: "asc" | "desc";
  after?: string;
}

export type Feedback = "positive" | "negative";
