/** A message that was written ▸ what is sent, and what is shown of it until the server tells it back. */

import type { Outgoing } from "../desk";
import type { UserMessage } from "../protocol/items";
import type { StreamRequest, UserInput } from "../protocol/requests";
import type { World } from "./world";

/**
 * The request that sends it to the thread; without one it begins a new thread. One that takes another message's place is
 * one more message for servers that aren't Frontdesk: plain ChatKit has no such thing.
 */
export function requestOf(message: Outgoing, threadId: string | null, isFrontdesk: boolean): StreamRequest {
  const input = inputOf(message);
  if (threadId === null) return { type: "threads.create", params: { input } };
  const replaces = isFrontdesk && message.instead !== undefined ? { replaces: message.instead } : {};
  return { type: "threads.add_user_message", params: { thread_id: threadId, input, ...replaces } };
}

export function unsentOf(message: Outgoing, threadId: string | null, world: World): UserMessage {
  const { content, quoted_text, inference_options } = inputOf(message);
  return {
    type: "user_message",
    id: `local_${world.uuid()}`,
    thread_id: threadId ?? "",
    created_at: new Date(world.now()).toISOString(),
    content,
    attachments: message.attachments ?? [],
    ...(quoted_text && { quoted_text }),
    inference_options,
  };
}

function inputOf({ content, attachments, quote, toolId, modelId }: Outgoing): UserInput {
  return {
    content,
    attachments: (attachments ?? []).map(({ id }) => id),
    ...(quote && { quoted_text: quote }),
    inference_options: { ...(toolId && { tool_choice: { id: toolId } }), ...(modelId && { model: modelId }) },
  };
}
