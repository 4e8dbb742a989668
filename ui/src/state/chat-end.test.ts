/** Whoever hears that an answer is over may ask for something else at once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { assistant, done, hello, holding, lines, user } from "../../test/conversation";
import { json, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import type { OpenChat } from "./chat";

const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
const stream = (...texts: string[]) => new ScriptedStream().send(...texts.map((text, place) => done(assistant(`msg_${text}_${place}`, text)))).end();

/** Asks once, as soon as it is told that an answer is over. */
function asking(page: ScriptedPage, chat: OpenChat, ask: (chat: OpenChat) => Promise<void>): { settled: Promise<unknown>[] } {
  const settled: Promise<unknown>[] = [];
  page.hear = (name) => {
    if (name === "chatkit.response.end" && settled.length === 0) settled.push(ask(chat).then(() => "done", String));
  };
  return { settled };
}

for (const [what, ask, asked, shown] of [
  ["sends a message", (chat) => chat.send(say("More")), "threads.add_user_message", ["> Hello", "Good day", "> More", "Sent."]],
  ["sends an action", (chat) => chat.actOn({ type: "buy" }), "threads.custom_action", ["> Hello", "Good day", "Bought."]],
  ["loads the thread anew", (chat) => chat.refresh(), "threads.get_by_id", ["> Hello", "Good night"]],
  ["makes the answer anew", (chat) => chat.retry("msg_1"), "threads.retry_after_item", ["> Hello", "Good morning"]],
  ["opens another thread", async (chat) => (chat.mustBeReady(), chat.open("thr_2")), "threads.get_by_id", ["> Hello", "Good night"]],
] as [string, (chat: OpenChat) => Promise<void>, string, string[]][]) {
  test(`at the end of an answer the application ${what}`, async () => {
    const page = new ScriptedPage().on("threads.create", new ScriptedStream().send(...hello, done(assistant("msg_2", "Good day"))).end().answer);
    page.on("threads.add_user_message", new ScriptedStream().send(done(user("msg_3", "More")), done(assistant("msg_4", "Sent."))).end().answer);
    page.on("threads.custom_action", stream("Bought.").answer).on("threads.retry_after_item", stream("Good morning").answer);
    page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good night"))));
    const chat = page.open();
    const { settled } = asking(page, chat, ask);
    await chat.send(say("Hello"));
    assert.deepEqual(await Promise.all(settled), ["done"]);
    assert.deepEqual(page.names(), ["threads.create", asked]);
    assert.deepEqual(lines(chat.transcript.value.items), shown);
    assert.equal(chat.phase.value, "ready");
  });
}

test("the end of an answer that was left is told, too, and what is asked for then goes to the thread that is open", async () => {
  const running = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", running.answer, stream("Sent.").answer);
  const chat = page.open();
  const { settled } = asking(page, chat, () => chat.send(say("More")));
  const sent = chat.send(say("Hello"));
  await rest();
  running.send(...hello);
  await until(() => chat.transcript.value.items.length === 2);
  await chat.open(null);
  await sent;
  assert.deepEqual(await Promise.all(settled), ["done"]);
  assert.deepEqual(page.names(), ["threads.create", "threads.create"]);
  assert.deepEqual(lines(chat.transcript.value.items), ["Sent."]);
});

test("a message that never came is given back before the end of its answer is told", async () => {
  const page = new ScriptedPage().on("threads.create", new ScriptedStream().end().answer, stream("Sent.").answer);
  const chat = page.open();
  const { settled } = asking(page, chat, () => chat.send(say("More")));
  await assert.rejects(chat.send(say("Hello")), /connection was lost/);
  assert.deepEqual(await Promise.all(settled), ["done"]);
  assert.deepEqual(lines(chat.transcript.value.items), ["Sent."]);
  assert.deepEqual(page.toldNames(), ["response.start", "error", "response.end", "response.start", "response.end"]);
});
