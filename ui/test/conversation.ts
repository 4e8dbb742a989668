/** Events and items for tests. */
import type { Event } from "../src/protocol/events";
import type { AssistantMessage, ClientToolCall, Item, UserMessage } from "../src/protocol/items";
import type { Thread } from "../src/protocol/thread";

const AT = "2026-01-02T03:04:05Z";

export const thread = (id = "thr_1", more: Partial<Thread> = {}): Thread => ({
  id,
  created_at: AT,
  status: { type: "active" },
  items: { data: [], has_more: false },
  ...more,
});

export const holding = (...data: Item[]): Thread => thread("thr_1", { items: { data, has_more: false } });

export const user = (id: string, text: string): UserMessage => ({
  type: "user_message",
  id,
  thread_id: "thr_1",
  created_at: AT,
  content: [{ type: "input_text", text }],
  attachments: [],
  inference_options: {},
});

export const assistant = (id: string, text: string): AssistantMessage => ({
  type: "assistant_message",
  id,
  thread_id: "thr_1",
  created_at: AT,
  content: [{ type: "output_text", text, annotations: [] }],
});

export const call = (id: string, name: string, more: Partial<ClientToolCall> = {}): ClientToolCall => ({
  type: "client_tool_call",
  id,
  thread_id: "thr_1",
  created_at: AT,
  status: "pending",
  call_id: `call_${id}`,
  name,
  arguments: { max: 3 },
  ...more,
});

export const created: Event = { type: "thread.created", thread: thread() };
export const options: Event = { type: "stream_options", stream_options: { allow_cancel: true } };
export const done = (item: Item): Event => ({ type: "thread.item.done", item });
export const added = (item: Item): Event => ({ type: "thread.item.added", item });
export const delta = (item_id: string, text: string): Event => ({
  type: "thread.item.updated",
  item_id,
  update: { type: "assistant_message.content_part.text_delta", content_index: 0, delta: text },
});

/** The first message, and the answer's beginning. */
export const hello: Event[] = [created, done(user("msg_1", "Hello")), options, added(assistant("msg_2", ""))];

/** What is shown, in a line each. */
export function lines(items: readonly Item[]): string[] {
  return items.map((item) => {
    switch (item.type) {
      case "user_message":
        return `> ${item.content.map(({ text }) => text).join("")}`;
      case "assistant_message":
        return item.content.map(({ text }) => text).join("");
      case "client_tool_call":
        return `${item.name}: ${item.status}`;
      default:
        return item.type;
    }
  });
}
