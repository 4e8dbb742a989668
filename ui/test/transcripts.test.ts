// The recorded conversations of the server's tests: what is shown after each step is what the store holds then.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import type { Event } from "../src/protocol/events";
import type { Item } from "../src/protocol/items";
import type { Thread } from "../src/protocol/thread";
import { reduce } from "../src/state/reduce";
import { completed } from "../src/state/tool";
import { EMPTY, loaded, type Transcript } from "../src/state/transcript";

interface Recorded {
  setup?: { threads?: Thread[]; items?: Item[] };
  steps: Step[];
}

interface Step {
  request: { type: string; params: { thread_id?: string; item_id?: string; result?: unknown } };
  reply: { type: string; ended?: string; events?: Event[]; body?: { updated_item?: Item } };
  stored: { items: Record<string, Item[]> };
}

const folder = path.join(process.env.UI_ROOT ?? ".", "../crates/chat/tests/transcripts/recorded");

/** There text comes for a message that was replaced; we show it, the server drops it. */
const OTHERWISE = new Set(["cancel_replaced_pending.json"]);

const shownOf: string[] = [];
for (const name of readdirSync(folder).sort()) {
  const { setup, steps }: Recorded = JSON.parse(readFileSync(path.join(folder, name), "utf8"));
  const isTold = steps.some(({ reply }) => reply.type === "stream" || reply.body?.updated_item);
  if (!isTold || OTHERWISE.has(name)) continue;
  shownOf.push(name);
  test(name.replace(".json", ""), () => {
    const shown = new Map((setup?.threads ?? []).map((thread) => [thread.id, opened(thread, setup?.items)]));
    const broken = new Set<string>();
    for (const step of steps) {
      const threadId = step.request.params.thread_id ?? "";
      const now = told(shown.get(threadId) ?? EMPTY, step);
      now.open.forEach((id) => broken.add(id));
      const end = reduce(now, { type: "local.ended" });
      shown.set(end.thread?.id ?? threadId, end);
      // The application gives the answer to a sync action; nothing says that it stores it.
      if (!end.thread || step.request.type === "threads.sync_custom_action") continue;
      check(end, broken, step.stored.items[end.thread.id] ?? []);
    }
  });
}

test("there are recordings to show", () => {
  assert.ok(shownOf.length >= 20, `only ${shownOf.length}`);
});

function opened(thread: Thread, items: readonly Item[] = []): Transcript {
  return loaded(thread, items.filter((item) => item.thread_id === thread.id).map(whole));
}

/** With what the recording leaves to the server to fill in. */
function whole(item: Item): Item {
  if (item.type === "client_tool_call") return { ...item, status: item.status ?? "pending" };
  if (item.type !== "structured_input") return item;
  const inputs = item.inputs.map((input) => (input.type === "freeform" ? input : { multiple: false, ...input }));
  return { ...item, status: item.status ?? "pending", inputs };
}

/** The transcript after what the page and the server do, in their order. */
function told(shown: Transcript, { request: { type, params }, reply }: Step): Transcript {
  let state = shown;
  const isTaken = reply.type === "stream" && reply.ended !== "broken";
  if (isTaken && type === "threads.retry_after_item") {
    state = reduce(state, { type: "local.cut", item_id: params.item_id ?? "" });
  }
  if (isTaken && type === "threads.add_client_tool_output") {
    const call = state.items.findLast((item) => item.type === "client_tool_call" && item.status === "pending");
    if (call?.type === "client_tool_call") {
      state = reduce(state, { type: "thread.item.replaced", item: completed(call, params.result) });
    }
  }
  if (type === "threads.delete") state = EMPTY;
  if (reply.body?.updated_item) state = reduce(state, { type: "thread.item.replaced", item: reply.body.updated_item });
  return (reply.events ?? []).reduce<Transcript>(reduce, state);
}

/** What broke off may have been stored or not; where it was, it is as it is shown. */
function check(shown: Transcript, broken: ReadonlySet<string>, stored: readonly Item[]): void {
  const isStored = (item: Item) => stored.some(({ id }) => id === item.id);
  assert.equal(shown.open.size, 0);
  assert.deepEqual(
    shown.items.filter((item) => isVisible(item) && !broken.has(item.id) && (!isWaiting(item) || isStored(item))),
    stored.filter((item) => isVisible(item) && !broken.has(item.id)).map(sent),
  );
  for (const item of stored.filter(({ id }) => broken.has(id))) {
    const same = shown.items.find(({ id }) => id === item.id);
    assert.equal(text(same).trim(), text(item).trim());
  }
}

/** A call that was left behind; the server drops it without telling, and nothing of it is seen. */
function isWaiting(item: Item): boolean {
  return item.type === "client_tool_call" && item.status === "pending";
}

function isVisible(item: Item): boolean {
  return item.type !== "hidden_context_item" && item.type !== "sdk_hidden_context";
}

/** No client learns of an attachment's metadata. */
function sent(item: Item): Item {
  if (item.type !== "user_message") return item;
  const attachments = item.attachments.map((attachment) => {
    const { metadata: _, ...known } = attachment as typeof attachment & { metadata?: unknown };
    return known;
  });
  return { ...item, attachments };
}

function text(item: Item | undefined): string {
  return item?.type === "assistant_message" ? item.content.map((part) => part.text).join("|") : "";
}
