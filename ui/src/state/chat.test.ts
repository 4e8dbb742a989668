import assert from "node:assert/strict";
import { test } from "node:test";

import {
  added, assistant, call, created, delta, done, hello, holding, lines, options, user,
} from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import { en } from "../locale/en";
import type { OpenChat } from "./chat";

const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
const shown = (chat: OpenChat) => lines(chat.transcript.value.items);

test("a first message begins a thread, and its answer streams in", async () => {
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  const chat = page.open();
  const sent = chat.send({ ...say("Hello"), toolId: "search", modelId: "large", quote: "you said" });
  assert.equal(chat.phase.value, "answering");
  assert.equal(lines([chat.transcript.value.unsent!])[0], "> Hello");
  assert.deepEqual(page.asked.map(({ params }) => params), []);
  await rest();
  assert.deepEqual(page.asked[0]?.params, {
    input: {
      content: say("Hello").content,
      attachments: [],
      quoted_text: "you said",
      inference_options: { tool_choice: { id: "search" }, model: "large" },
    },
  });
  stream.send(...hello, delta("msg_2", "Hi"));
  await until(() => shown(chat)[1] === "Hi");
  assert.equal(chat.transcript.value.unsent, null);
  assert.equal(chat.threadId.value, "thr_1");
  stream.send(done(assistant("msg_2", "Hi!"))).end();
  await sent;
  assert.deepEqual(shown(chat), ["> Hello", "Hi!"]);
  assert.equal(chat.phase.value, "ready");
  assert.deepEqual(page.toldNames(), ["response.start", "thread.change", "response.end"]);
});

test("a refused message leaves nothing behind and says why", async () => {
  const page = new ScriptedPage().on("threads.add_user_message", () => refused(409, "conflict", "a turn is running"));
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"))));
  const chat = page.open();
  await chat.open("thr_1");
  await assert.rejects(chat.send(say("More")), { message: "A turn is running." });
  assert.equal(chat.transcript.value.unsent, null);
  assert.equal(chat.phase.value, "ready");
  assert.equal(page.toldNames().at(-1), "error");
  assert.ok(!page.toldNames().includes("response.start"));
});

test("while an answer runs other commands are refused", async () => {
  const stream = new ScriptedStream();
  const chat = new ScriptedPage().on("threads.create", stream.answer).open();
  const sent = chat.send(say("Hello"));
  for (const command of [chat.send(say("More")), chat.retry("msg_1"), chat.refresh(), chat.actOn({ type: "x" })]) {
    await assert.rejects(command, /the chat is busy: an answer is running/);
  }
  await rest();
  stream.send(...hello).end();
  await sent;
});

test("stop asks a Frontdesk and waits for the end of the stream", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer).on("POST /turns/turn_1/stop", () => json({}));
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello, delta("msg_2", "Good "));
  await until(() => shown(chat).length === 2);
  const stopped = chat.stop();
  const again = chat.stop();
  assert.equal(chat.phase.value, "stopping");
  await until(() => page.names().includes("POST /turns/turn_1/stop"));
  stream.send(done(assistant("msg_2", "Good"))).end();
  await Promise.all([stopped, again, sent]);
  assert.equal(page.asked.length, 2);
  assert.deepEqual(shown(chat), ["> Hello", "Good"]);
  assert.equal(chat.phase.value, "ready");
  assert.ok(!page.toldNames().includes("error"));
});

test("a stop that doesn't arrive is asked for again", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.on("POST /turns/turn_1/stop", () => Promise.reject(new TypeError("offline")), () => {
    stream.end();
    return json({}, OURS, 202);
  });
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello);
  await rest();
  await chat.stop();
  await sent;
  assert.equal(page.asked.length, 3);
});

test("stop drops the connection of a plain server, and what was said stays", async () => {
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello, delta("msg_2", "Good "));
  await until(() => shown(chat)[1] === "Good ");
  await chat.stop();
  await sent;
  assert.equal(page.asked[0]?.signal?.aborted, true);
  assert.deepEqual(shown(chat), ["> Hello", "Good "]);
  assert.equal(chat.transcript.value.open.size, 0);
  assert.equal(chat.transcript.value.error, null);
  assert.deepEqual(page.toldNames(), ["response.start", "thread.change", "response.end"]);
});

test("the page's tool is run, and its output goes on as the same answer", async () => {
  const first = new ScriptedStream();
  const second = new ScriptedStream().send(options, done(assistant("msg_3", "Thanks"))).end();
  const page = new ScriptedPage({ onClientTool: async ({ name, params }) => ({ name, params }) });
  page.on("threads.create", first.answer).on("threads.add_client_tool_output", second.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(created, done(user("msg_1", "Hello")), done(call("tc_1", "read")), done(assistant("msg_2", "See"))).end();
  await sent;
  assert.deepEqual(page.asked[1]?.params, { thread_id: "thr_1", result: { name: "read", params: { max: 3 } } });
  assert.deepEqual(shown(chat), ["> Hello", "read: completed", "See", "Thanks"]);
  assert.deepEqual(page.toldNames(), ["response.start", "thread.change", "response.end"]);
});

for (const [name, onClientTool, expected] of [
  ["a tool that fails", () => Promise.reject(new Error("no selection")), /^no selection$/],
  ["a tool that isn't there", undefined, /the page has no tools.*read/],
] as const) {
  test(`${name} is told to the application and to the assistant`, async () => {
    const first = new ScriptedStream().send(created, done(call("tc_1", "read"))).end();
    const second = new ScriptedStream().send(options).end();
    const page = new ScriptedPage({ onClientTool });
    page.on("threads.create", first.answer).on("threads.add_client_tool_output", second.answer);
    await page.open().send(say("Hello"));
    const { result } = page.asked[1]?.params as { result: { error: string } };
    assert.match(result.error, expected);
    const { error } = page.told.find(({ name }) => name === "chatkit.error")?.detail as { error: Error };
    assert.match(error.message, expected);
  });
}

test("a tool that another tab runs isn't run twice; what it led to is read", async () => {
  const first = ScriptedStream.ofTurn("turn_1").send(created, done(call("tc_1", "read"))).end();
  const next = ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_2", "Thanks"))).end();
  const page = new ScriptedPage({ onClientTool: () => assert.fail("it was run") });
  page.elsewhere.add("frontdesk.tool.tc_1");
  page.on("threads.create", first.answer).on("GET /turns/turn_2/events", next.answer);
  const read = call("tc_1", "read", { status: "completed" });
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), read), { ...OURS, "Frontdesk-Turn": "turn_2" }));
  const chat = page.open();
  await chat.send(say("Hello"));
  assert.deepEqual(shown(chat), ["> Hello", "read: completed", "Thanks"]);
});

test("an error of the stream is shown and told", async () => {
  const failure = { type: "error" as const, code: "custom", message: "Too many cats.", allow_retry: true };
  const stream = new ScriptedStream().send(...hello, failure).end();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.isByFrame = true;
  const chat = page.open();
  await chat.send(say("Hello"));
  assert.deepEqual(chat.transcript.value.error, failure);
  assert.deepEqual(page.toldNames(), ["response.start", "thread.change", "error", "response.end"], "in the order of what it tells of");
  assert.deepEqual(shown(chat), ["> Hello"], "the message that never came is gone");
  const told = page.told.find(({ name }) => name === "chatkit.error")?.detail as { error: Error };
  assert.ok(told.error instanceof Error);
  assert.equal(told.error.message, "Too many cats.");
});

test("however many events come, what is shown changes once a frame", async () => {
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.isByFrame = true;
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  let writes = -1;
  const end = chat.transcript.subscribe(() => void writes++);
  stream.send(...hello);
  for (let count = 0; count < 100; count++) stream.send(delta("msg_2", "x"));
  await rest();
  assert.equal(writes, 0);
  assert.equal(page.frames.length, 1);
  page.frames.splice(0).forEach((run) => run());
  assert.equal(writes, 1);
  assert.equal(shown(chat)[1], "x".repeat(100));
  stream.end();
  await sent;
  assert.equal(writes, 2, "and once at the end");
  end();
});

test("an effect is told once, also by a page that is loaded anew", async () => {
  const effect = (name: string) => ({ type: "client_effect" as const, name });
  const first = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", first.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(...hello, effect("one")).end();
  await sent;

  const reloaded = new ScriptedPage();
  page.memory.forEach((value, key) => reloaded.memory.set(key, value));
  reloaded.on("threads.get_by_id", () => json(holding(), { ...OURS, "Frontdesk-Turn": "turn_1" }));
  const rerun = ScriptedStream.ofTurn("turn_1").send(...hello, effect("one"), effect("two")).end();
  reloaded.on("GET /turns/turn_1/events", rerun.answer);
  const after = reloaded.open();
  await after.open("thr_1");
  await until(() => after.phase.value === "ready");
  const told = [...page.told, ...reloaded.told].filter(({ name }) => name === "chatkit.effect");
  assert.deepEqual(told.map(({ detail }) => detail), [{ name: "one" }, { name: "two" }]);
});

test("an answer is made anew: what came after the message goes", async () => {
  const stream = new ScriptedStream().send(options, done(assistant("msg_4", "Better"))).end();
  const page = new ScriptedPage().on("threads.retry_after_item", stream.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Bad"))));
  const chat = page.open();
  await chat.open("thr_1");
  await chat.retry("msg_1");
  assert.deepEqual(shown(chat), ["> Hello", "Better"]);
  assert.deepEqual(page.asked[1]?.params, { thread_id: "thr_1", item_id: "msg_1" });
});

test("a retry that is refused leaves the answer as it was, and says why", async () => {
  const again = new ScriptedStream().send(options, done(assistant("msg_3", "Better"))).end();
  const page = new ScriptedPage().on("threads.retry_after_item", () => refused(429, "rate_limited", "slowly"), again.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Bad"))));
  const chat = page.open();
  await chat.open("thr_1");
  await assert.rejects(chat.retry("msg_1"), /a lot at once/);
  assert.deepEqual(shown(chat), ["> Hello", "Bad"]);
  assert.deepEqual(chat.transcript.value.error, { type: "error", message: en.tooMuch, allow_retry: true });
  await chat.recover();
  assert.deepEqual(shown(chat), ["> Hello", "Better"]);
  assert.equal(chat.transcript.value.error, null);
});

test("actions go where they belong", async () => {
  const widget = (value: string) => ({
    ...assistant("w_1", ""), type: "widget" as const, widget: { type: "Card", children: [{ type: "Text", value }] },
  });
  const handled: unknown[] = [];
  const page = new ScriptedPage({ onWidgetAction: async (...asked) => void handled.push(asked) });
  page.on("threads.get_by_id", () => json(holding(widget("one"))));
  page.on("threads.sync_custom_action", () => json({ updated_item: widget("two") }));
  page.on("threads.custom_action", new ScriptedStream().send(options, { type: "thread.item.replaced", item: widget("three") }).end().answer);
  const chat = page.open();
  await chat.open("thr_1");
  const value = () => JSON.stringify(chat.transcript.value.items[0]).match(/one|two|three/)?.[0];
  const item = chat.transcript.value.items[0]!;
  await chat.act({ type: "open", payload: { id: 7 }, handler: "client" }, item);
  assert.deepEqual(handled, [[{ type: "open", payload: { id: 7 } }, { id: "w_1", widget: widget("one").widget }]]);
  await chat.act({ type: "now", streaming: false, loadingBehavior: "self" }, item);
  assert.equal(value(), "two");
  await chat.act({ type: "later", payload: { id: 7 } }, item);
  assert.equal(value(), "three");
  assert.deepEqual(page.asked.slice(1).map(({ params }) => params), [
    { thread_id: "thr_1", item_id: "w_1", action: { type: "now" } },
    { thread_id: "thr_1", item_id: "w_1", action: { type: "later", payload: { id: 7 } } },
  ]);
});

test("a message in the place of another one names it to a Frontdesk alone", async () => {
  for (const [headers, expected] of [[OURS, "msg_1"], [{}, undefined]] as const) {
    const page = new ScriptedPage().on("threads.get_by_id", () => json(holding(user("msg_1", "Helo")), headers));
    page.on("threads.add_user_message", new ScriptedStream(headers).send(done(user("msg_2", "Hello"))).end().answer);
    const chat = page.open();
    await chat.open("thr_1");
    await chat.send({ ...say("Hello"), instead: "msg_1" });
    const { replaces } = page.asked[1]?.params as { replaces?: string };
    assert.equal(replaces, expected);
  }
});

test("an item that was announced twice is there once", async () => {
  const stream = new ScriptedStream().send(created, added(assistant("msg_2", "a")), added(assistant("msg_2", "b"))).end();
  const chat = new ScriptedPage().on("threads.create", stream.answer).open();
  await chat.send(say("Hello"));
  assert.deepEqual(shown(chat), ["b"]);
});
