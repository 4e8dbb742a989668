/** A tool that the page has: what it is called with ▸ what it gives back. */

import type { Tell } from "../desk";
import type { ClientToolCall } from "../protocol/items";
import type { Settings } from "../settings";

/** The tool's output. Where it fails, or there is none, the output says so: the assistant can go on with that. */
export async function outputOf(call: ClientToolCall, run: Settings["onClientTool"], tell: Tell): Promise<unknown> {
  try {
    if (!run) throw new Error(`the page has no tools; the assistant asked for ${call.name}`);
    return (await run({ name: call.name, params: call.arguments ?? {} })) ?? {};
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    tell("chatkit.error", { error });
    return { error: error.message };
  }
}

/** The call as the server keeps it from then on. It doesn't tell. */
export function completed(call: ClientToolCall, output: unknown): ClientToolCall {
  return { ...call, status: "completed", ...(output !== null && { output }) };
}
