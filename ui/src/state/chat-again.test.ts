/** Trying again what failed: an action is done once more and takes nothing away; an answer to a message is made anew. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { assistant, call, done, holding, lines, options, user } from "../../test/conversation";
import { json, OURS, refused, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import { en } from "../locale/en";
import type { WidgetItem } from "../protocol/items";
import type { OpenChat } from "./chat";

const shown = (chat: OpenChat) => lines(chat.transcript.value.items);

const widget = (key: string): WidgetItem => ({ ...assistant("w_1", ""), type: "widget", widget: { type: "Card", key } });
const FAILED = { type: "error" as const, code: "custom", message: "Too many cats.", allow_retry: true };
const BUY = { type: "buy", payload: { id: 7 } };
const BUYING = { thread_id: "thr_1", item_id: "w_1", action: BUY };
const AGAIN = { type: "threads.custom_action" as const, params: BUYING };

const failing = () => new ScriptedStream().send(options, FAILED).end().answer();
const answering = () => new ScriptedStream().send(done(assistant("msg_9", "Bought."))).end().answer();

/** A thread with a message and a widget. */
const thread = (key: string) => () => json(holding(user("msg_1", "Hello"), widget(key)));

async function opened(page: ScriptedPage): Promise<OpenChat> {
  const chat = page.open();
  await chat.open("thr_1");
  return chat;
}

test("an action that failed is done again as it was, and nothing is taken away", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", thread("shop")).on("threads.custom_action", failing, answering);
  const chat = await opened(page);
  await chat.act(BUY, chat.transcript.value.items[1]);
  assert.deepEqual(chat.transcript.value.error, { ...FAILED, again: AGAIN });
  await chat.recover();
  assert.deepEqual(page.names(), ["threads.get_by_id", "threads.custom_action", "threads.custom_action"]);
  assert.deepEqual(page.asked.slice(1).map(({ params }) => params), [BUYING, BUYING]);
  assert.deepEqual(shown(chat), ["> Hello", "widget", "Bought."]);
  assert.equal(chat.transcript.value.error, null);
});

test("an action that is refused when it is done again can be tried once more", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", thread("shop")).on("threads.custom_action", failing, () => refused(429, "rate_limited", "slowly"), answering);
  const chat = await opened(page);
  await chat.act(BUY, chat.transcript.value.items[1]);
  await assert.rejects(chat.recover(), /a lot at once/);
  assert.deepEqual(chat.transcript.value.error, { ...FAILED, message: en.tooMuch, again: AGAIN });
  await chat.recover();
  assert.deepEqual(page.asked.at(-1)?.params, BUYING);
  assert.deepEqual(shown(chat), ["> Hello", "widget", "Bought."]);
});

test("who wanted the answer anew, and was refused, tries that again and not the action before", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", thread("shop")).on("threads.custom_action", failing);
  page.on("threads.retry_after_item", () => refused(429, "rate_limited", "slowly"), answering);
  const chat = await opened(page);
  await chat.act(BUY, chat.transcript.value.items[1]);
  await assert.rejects(chat.retry("msg_1"), /a lot at once/);
  await chat.recover();
  assert.deepEqual(page.names().slice(1), ["threads.custom_action", "threads.retry_after_item", "threads.retry_after_item"]);
  assert.deepEqual(shown(chat), ["> Hello", "Bought."]);
});

test("an approval counts once: where the server offers it, the answer is made anew", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", thread("frontdesk.approval/pending"));
  page.on("threads.custom_action", failing).on("threads.retry_after_item", answering);
  const chat = await opened(page);
  await chat.act({ type: "frontdesk.approval", payload: { decision: "decline" } }, chat.transcript.value.items[1]);
  assert.deepEqual(chat.transcript.value.error, FAILED);
  await chat.recover();
  assert.deepEqual(page.names().at(-1), "threads.retry_after_item");
});

const signedOut = () => refused(401, "unauthenticated", "the token has expired");

for (const [what, running, waiting, ending] of [
  ["has failed by then", null, [], [FAILED]],
  ["still runs, and fails", "turn_1", [], [FAILED]],
  ["waits for the page's tool, and fails after it", null, [call("tc_1", "read")], []],
] as const) {
  test(`an action whose turn couldn't be read here, and that ${what}, is what is tried again`, async () => {
    const page = new ScriptedPage({ onClientTool: async () => ({}) });
    page.on(
      "threads.get_by_id",
      thread("shop"),
      signedOut,
      () => refused(429, "rate_limited", "slowly"),
      () => json(holding(user("msg_1", "Hello"), widget("shop"), ...waiting), { ...OURS, ...(running && { "Frontdesk-Turn": running }) }),
    );
    page.on("threads.custom_action", () => ScriptedStream.ofTurn("turn_1").send(options).break().answer(), answering);
    const log = ScriptedStream.ofTurn("turn_1").send(options, ...waiting.map(done), ...ending).end();
    page.on("GET /turns/turn_1/events", signedOut, log.answer).on("threads.add_client_tool_output", failing);
    const chat = await opened(page);
    await chat.act(BUY, chat.transcript.value.items[1]);
    assert.match(chat.transcript.value.error?.message ?? "", /sign in/);
    await assert.rejects(chat.recover(), /a lot at once/);
    await chat.recover();
    await until(() => chat.phase.value === "ready" && chat.transcript.value.error?.message === FAILED.message);
    assert.deepEqual(chat.transcript.value.error, { ...FAILED, again: AGAIN });
    await chat.recover();
    assert.deepEqual(page.asked.at(-1)?.params, BUYING);
    assert.deepEqual([shown(chat)[1], shown(chat).at(-1)], ["widget", "Bought."]);
  });
}
