/** What is under way when the user looks elsewhere, stops it or takes the chat from the page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { assistant, call, created, delta, done, hello, holding, lines, thread, user } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import type { OpenChat } from "./chat";
import { createComposer } from "./composer";

Object.assign(globalThis, { document: { baseURI: "https://page.example/app/", hidden: false } });

const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
const shown = (chat: OpenChat) => lines(chat.transcript.value.items);
const empty = () => json(thread("thr_1"));

function later<T>() {
  let settle!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (settle = resolve));
  return { promise, settle };
}

test("a message that was on its way when another thread was opened isn't lost", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", empty);
  page.on("threads.add_user_message", () => Promise.reject(new TypeError("offline")));
  const chat = page.open();
  const { settings, words, server, tell } = page;
  const composer = createComposer({ settings, words, chat, server, tell });
  await chat.open("thr_1");
  page.held = [];
  composer.write([{ type: "input_text", text: "Hello" }]);
  const sending = composer.submit();
  await until(() => chat.phase.value === "reconnecting");
  await chat.open(null);
  assert.equal(composer.content.value.length, 0);
  page.held.splice(0).forEach((run) => run());
  page.held = null;
  await sending;
  await chat.open("thr_1");
  assert.equal(composer.content.value[0]?.text, "Hello");
});

test("a message that arrives after another thread was opened is there when the user is back", async () => {
  const response = later<Response>();
  const page = new ScriptedPage().on("threads.get_by_id", empty, empty, () => json(holding(user("msg_1", "Hello"))));
  page.on("threads.add_user_message", () => response.promise);
  const chat = page.open();
  await chat.open("thr_1");
  const sent = chat.send(say("Hello"));
  await rest();
  await chat.open(null);
  assert.equal(page.asked[1]?.signal?.aborted, false);
  await chat.open("thr_1");
  response.settle(ScriptedStream.ofTurn("turn_1").answer());
  await sent;
  await until(() => shown(chat)[0] === "> Hello");
  assert.ok(!page.toldNames().includes("error"));
});

test("the page's tool that was running when another thread was opened gives its output", async () => {
  const output = later<unknown>();
  const first = ScriptedStream.ofTurn("turn_1").send(created, done(user("msg_1", "Hello")), done(call("tc_1", "read"))).end();
  const page = new ScriptedPage({ onClientTool: () => output.promise as Promise<Record<string, unknown>> });
  page.on("threads.create", first.answer);
  page.on("threads.add_client_tool_output", ScriptedStream.ofTurn("turn_2").answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await until(() => shown(chat).length === 2);
  await rest();
  await chat.open(null);
  output.settle({ words: 3 });
  await sent;
  const sending = page.asked.find(({ name }) => name === "threads.add_client_tool_output");
  assert.deepEqual(sending?.params, { thread_id: "thr_1", result: { words: 3 } });
  assert.deepEqual(shown(chat), []);
});

test("a tool that a reload of the page broke off is run again there, and nowhere else", async () => {
  let runs = 0;
  const never = new Promise<Record<string, unknown>>(() => {});
  const first = ScriptedStream.ofTurn("turn_1").send(created, done(user("msg_1", "Hello")), done(call("tc_1", "read"))).end();
  const page = new ScriptedPage({ onClientTool: () => (runs++, never) }).on("threads.create", first.answer);
  void page.open().send(say("Hello"));
  await until(() => runs === 1);

  for (const [memory, expected] of [[page.memory, 2], [new Map<string, string>(), 2]] as const) {
    const anew = new ScriptedPage({ onClientTool: async () => ({ runs: ++runs }) });
    memory.forEach((value, key) => anew.memory.set(key, value));
    anew.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), call("tc_1", "read"))));
    const next = ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_2", "Thanks"))).end();
    anew.on("threads.add_client_tool_output", next.answer);
    const chat = anew.open();
    await chat.open("thr_1");
    await until(() => chat.phase.value === "ready");
    await rest();
    assert.equal(runs, expected);
    if (memory.size > 0) assert.deepEqual(shown(chat), ["> Hello", "read: completed", "Thanks"]);
  }
});

test("a reader that comes late doesn't run a tool whose call was answered meanwhile", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage({ onClientTool: () => assert.fail("it was run") });
  const answered = holding(user("msg_1", "Hello"), call("tc_1", "read", { status: "completed" }), assistant("msg_2", "Thanks"));
  page.on(
    "threads.get_by_id",
    () => json(holding(user("msg_1", "Hello")), { ...OURS, "Frontdesk-Turn": "turn_1" }),
    () => json(answered),
  );
  page.on("GET /turns/turn_1/events", stream.answer);
  const chat = page.open();
  await chat.open("thr_1");
  stream.send(...hello, done(call("tc_1", "read"))).end();
  await until(() => chat.phase.value === "ready");
  assert.deepEqual(shown(chat), ["> Hello", "read: completed", "Thanks"]);
  assert.ok(!page.toldNames().includes("error"));
});

test("a reader that comes late runs the tool that is still waited for", async () => {
  const page = new ScriptedPage({ onClientTool: async () => ({ ok: true }) });
  const waiting = holding(user("msg_1", "Hello"), call("tc_1", "read"));
  page.on("threads.get_by_id", () => json(waiting, { ...OURS, "Frontdesk-Turn": "turn_1" }), () => json({}, {}, 503), () => json(waiting));
  page.on("GET /turns/turn_1/events", ScriptedStream.ofTurn("turn_1").send(...hello, done(call("tc_1", "read"))).end().answer);
  page.on("threads.add_client_tool_output", ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_3", "Thanks"))).end().answer);
  const chat = page.open();
  await chat.open("thr_1");
  await until(() => chat.phase.value === "ready");
  assert.equal(shown(chat).at(-1), "Thanks");
});

test("a stop before the first answer of a server that may be a Frontdesk waits for the turn", async () => {
  const response = later<Response>();
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", () => response.promise);
  page.on("POST /turns/turn_1/stop", () => {
    stream.send(...hello).end();
    return json({});
  });
  page.held = [];
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  const stopped = chat.stop();
  await rest();
  assert.equal(page.asked[0]?.signal?.aborted, false);
  response.settle(stream.answer());
  await Promise.all([sent, stopped]);
  assert.deepEqual(page.names(), ["threads.create", "POST /turns/turn_1/stop"]);
  assert.equal(shown(chat)[0], "> Hello");
});

test("a stop before the first answer of a plain server drops the connection as soon as it is one", async () => {
  const response = later<Response>();
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", (asked) => response.promise.then(() => stream.answer(asked)));
  page.held = [];
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  const stopped = chat.stop();
  response.settle(json({}));
  await assert.rejects(sent);
  await stopped;
  assert.equal(page.asked[0]?.signal?.aborted, true);
  assert.equal(chat.transcript.value.unsent, null);
  assert.equal(chat.phase.value, "ready");
});

test("a stop of a request that hangs gives up after a while, and says what isn't known", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", empty).on("threads.add_user_message", () => new Promise(() => {}));
  const chat = page.open();
  await chat.open("thr_1");
  const sent = chat.send(say("Hello"));
  await rest();
  const stopped = chat.stop();
  await assert.rejects(sent, /may have arrived/);
  await stopped;
  assert.deepEqual(page.pauses, [5000]);
  assert.equal(chat.phase.value, "ready");
});

test("while the chat isn't in the page, a server that is away isn't asked", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer);
  const next = ScriptedStream.ofTurn("turn_1", 4).send(delta("msg_2", "Hi"), done(assistant("msg_2", "Hi"))).end();
  page.on("GET /turns/turn_1/events", next.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello);
  await until(() => shown(chat).length === 2);
  chat.isPresent.value = false;
  stream.break();
  await rest();
  assert.deepEqual(page.names(), ["threads.create"]);
  chat.isPresent.value = true;
  await sent;
  assert.deepEqual(shown(chat), ["> Hello", "Hi"]);
});

test("of two messages for new threads at once one is sent", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.get_by_id", empty).on("threads.create", stream.answer);
  const chat = page.open();
  await chat.open("thr_1");
  const both = Promise.allSettled([chat.send({ ...say("One"), newThread: true }), chat.send({ ...say("Two"), newThread: true })]);
  await rest();
  stream.send(...hello).end();
  assert.deepEqual((await both).map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.equal(page.names().filter((name) => name === "threads.create").length, 1);
});

test("a refused output of the page's tool is an error of the answer", async () => {
  const first = new ScriptedStream().send(created, done(user("msg_1", "Hello")), done(call("tc_1", "read"))).end();
  const page = new ScriptedPage({ onClientTool: async () => ({}) }).on("threads.create", first.answer);
  page.on("threads.add_client_tool_output", () => refused(409, "conflict", "it was answered"));
  const chat = page.open();
  await chat.send(say("Hello"));
  assert.match(chat.transcript.value.error?.message ?? "", /answered/);
});

test("a tool that the user stopped isn't run again when they come back to the page", async () => {
  let runs = 0;
  const waiting = [user("msg_1", "Hello"), call("tc_1", "read")] as const;
  const page = new ScriptedPage({ onClientTool: () => (runs++, new Promise(() => {})) });
  page.on("threads.create", ScriptedStream.ofTurn("turn_1").send(created, ...waiting.map(done)).end().answer);
  page.on("threads.get_by_id", () => json(holding(...waiting)));
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await until(() => runs === 1);
  await chat.stop();
  await sent;
  await chat.look();
  await rest();
  assert.deepEqual([runs, chat.phase.value], [1, "ready"]);
});

test("who comes back while the page's tool still runs sees what it leads to", async () => {
  let runs = 0;
  const output = later<Record<string, unknown>>();
  const asked = [user("msg_1", "Hello"), call("tc_1", "read")] as const;
  const page = new ScriptedPage({ onClientTool: () => (runs++, output.promise) });
  page.on("threads.create", ScriptedStream.ofTurn("turn_1").send(created, ...asked.map(done)).end().answer);
  page.on("threads.add_client_tool_output", ScriptedStream.ofTurn("turn_2").answer);
  const answered = holding(asked[0], call("tc_1", "read", { status: "completed" }));
  page.on(
    "threads.get_by_id",
    () => json(holding(...asked)),
    () => Promise.reject(new TypeError("offline")),
    () => json(answered, { ...OURS, "Frontdesk-Turn": "turn_2" }),
  );
  page.on("GET /turns/turn_2/events", ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_2", "Thanks"))).end().answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await until(() => runs === 1);
  await chat.open(null);
  await chat.open("thr_1");
  assert.equal(chat.phase.value, "answering");
  output.settle({ words: 3 });
  await sent;
  await until(() => chat.phase.value === "ready");
  assert.deepEqual([runs, shown(chat)], [1, ["> Hello", "read: completed", "Thanks"]]);
});

test("what one server was asked for isn't asked of another", async () => {
  const output = later<Record<string, unknown>>();
  const asked = [user("msg_1", "Hello"), call("tc_1", "read")] as const;
  const page = new ScriptedPage({ onClientTool: () => output.promise });
  page.on("threads.create", ScriptedStream.ofTurn("turn_1").send(created, ...asked.map(done)).end().answer);
  page.on("threads.get_by_id", empty).on("threads.add_user_message", () => Promise.reject(new TypeError("offline")));
  const move = (chat: OpenChat, url: string) => {
    page.settings.value = { ...page.settings.value, api: { ...page.settings.value.api, url } };
    return chat.open(null);
  };
  const first = page.open();
  const sent = first.send(say("Hello"));
  await until(() => shown(first).length === 2);
  await rest();
  const second = page.open();
  await second.open("thr_1");
  page.held = [];
  const refusal = assert.rejects(second.send(say("More")));
  await until(() => second.phase.value === "reconnecting");
  await move(first, "/other/chatkit");
  await move(second, "/other/chatkit");
  output.settle({});
  page.held.splice(0).forEach((run) => run());
  await Promise.all([sent, refusal]);
  assert.deepEqual(page.asked.filter(({ url }) => url.pathname.startsWith("/other")), []);
});
