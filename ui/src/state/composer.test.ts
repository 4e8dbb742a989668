/** What is written, attached and chosen is sent once, and comes back where the server refuses it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ToolOption } from "@openai/chatkit";

import { added, assistant, created, done, hello, holding, options, thread, user } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import type { Composer } from "../desk";
import type { UserContent } from "../protocol/items";
import type { Settings } from "../settings";
import type { OpenChat } from "./chat";
import { createComposer } from "./composer";
import { joined, tidy, trimmed } from "./writing";

Object.assign(globalThis, { document: { baseURI: "https://page.example/app/", hidden: false } });

const text = (written: string): UserContent => ({ type: "input_text", text: written });
const TOOLS: ToolOption[] = [
  { id: "search", label: "Search", icon: "globe" },
  { id: "think", label: "Think", icon: "atom", persistent: true },
];
const LIMITS = { maxSize: { "*": 1000 }, maxCount: 2, accept: { "text/plain": [".txt"] } };

function page(more: Partial<Settings["composer"]> = {}) {
  const composer = { attachments: LIMITS, tools: TOOLS, models: [], dictation: false, ...more };
  const scripted = new ScriptedPage({ composer });
  const chat = scripted.open();
  const { settings, words, server, tell } = scripted;
  return { scripted, chat, composer: createComposer({ settings, words, chat, server, tell }) };
}

const written = ({ content }: Composer) => content.value.map((part) => part.text).join("");
const inputs = ({ asked }: ScriptedPage) => asked.flatMap(({ params }) => params["input"] ?? []) as Record<string, unknown>[];

/** What the next message is answered with. */
function answering(scripted: ScriptedPage): ScriptedStream {
  const stream = ScriptedStream.ofTurn("turn_1");
  scripted.on("threads.create", stream.answer).on("threads.add_user_message", stream.answer);
  return stream;
}

test("a message goes with all that belongs to it, and the field is empty", async () => {
  const models = [{ id: "a", label: "A", disabled: true, default: true }, { id: "b", label: "B" }, { id: "c", label: "C" }];
  const { scripted, composer } = page({ models });
  const stream = answering(scripted);
  composer.write([text("  Hello "), { type: "input_tag", id: "1", text: "Anna" }, text("\r\n ")]);
  composer.setQuote("so it was said");
  composer.pickTool("search");
  const sending = composer.submit();
  await until(() => inputs(scripted).length === 1);
  assert.deepEqual(inputs(scripted)[0], {
    content: [text("Hello "), { type: "input_tag", id: "1", text: "Anna" }],
    attachments: [],
    quoted_text: "so it was said",
    inference_options: { tool_choice: { id: "search" }, model: "b" },
  });
  assert.equal(written(composer), "");
  assert.equal(composer.quote.value, null);
  assert.equal(composer.canSend.value, false);
  stream.send(...hello).end();
  await sending;
});

test("a tool is for one message, unless it stays", async () => {
  const { scripted, chat, composer } = page();
  const told = () => scripted.told.filter(({ name }) => name === "chatkit.tool.change").map(({ detail }) => detail);
  for (const [id, after] of [["search", null], ["think", "think"]] as const) {
    const stream = answering(scripted);
    composer.pickTool(id);
    composer.write([text("go")]);
    const sending = composer.submit();
    await until(() => chat.phase.value === "answering");
    assert.equal(composer.tool.value?.id ?? null, after);
    stream.send(...hello).end();
    await sending;
  }
  assert.deepEqual(told(), [{ toolId: "search" }, { toolId: null }, { toolId: "think" }]);
  composer.pickTool("no such tool");
  assert.equal(composer.tool.value, null);
});

test("what is refused is in the field again, before what was written since", async () => {
  const { scripted, composer } = page();
  let refuse = () => {};
  scripted.on("threads.create", () => new Promise((resolve) => (refuse = () => resolve(refused(422, "too_long", "too long")))));
  composer.pickTool("search");
  composer.write([text("first")]);
  const sending = composer.submit();
  await rest();
  composer.write([text("second")]);
  refuse();
  await sending;
  assert.equal(written(composer), "first\nsecond");
  assert.equal(composer.complaint.value, "Too long.");
  assert.equal(composer.tool.value?.id, "search");
  composer.write([text("shorter")]);
  assert.equal(composer.complaint.value, null);
});

test("what is refused after another thread was opened waits where it was written", async () => {
  const { scripted, chat } = page();
  const { settings, words, server, tell } = scripted;
  let refuse = () => {};
  const send = () => new Promise<void>((_, reject) => (refuse = () => reject(new Error("Too long."))));
  const refusing: OpenChat = Object.create(chat, { send: { value: send } });
  const composer = createComposer({ settings, words, chat: refusing, server, tell });
  scripted.on("threads.get_by_id", () => json(thread()));
  composer.write([text("first")]);
  const sending = composer.submit();
  await chat.open("thr_1");
  composer.write([text("other")]);
  refuse();
  await sending;
  assert.equal(written(composer), "other");
  await chat.open(null);
  assert.equal(written(composer), "first");
});

test("a first message that breaks off when its thread has just begun is in that thread's field", async () => {
  const { scripted, chat, composer } = page();
  const stream = answering(scripted);
  composer.write([text("Hello")]);
  const sending = composer.submit();
  await until(() => inputs(scripted).length === 1);
  stream.send(created);
  await until(() => chat.threadId.value === "thr_1");
  const stopping = chat.stop();
  stream.end();
  await Promise.all([sending, stopping]);
  assert.equal(written(composer), "Hello");
});

test("each thread has its own draft, and a new thread's stays when it gets its id", async () => {
  const { scripted, chat, composer } = page();
  const stream = answering(scripted);
  scripted.on("threads.get_by_id", ({ params }) => json(thread(String(params["thread_id"]))));
  composer.write([text("Hello")]);
  const sending = composer.submit();
  await rest();
  composer.write([text("the next one")]);
  stream.send(created, done(user("msg_1", "Hello")), options, added(assistant("msg_2", ""))).end();
  await sending;
  assert.equal(chat.threadId.value, "thr_1");
  assert.equal(written(composer), "the next one");
  await chat.open("thr_2");
  assert.equal(written(composer), "");
  composer.write([text("for two")]);
  await chat.open("thr_1");
  assert.equal(written(composer), "the next one");
  await chat.open("thr_2");
  assert.equal(written(composer), "for two");
});

test("an older message is written anew, and the draft comes back after it", async () => {
  const { scripted, chat, composer } = page();
  scripted.on("threads.get_by_id", () => json(holding(user("msg_1", "Helo"), assistant("msg_2", "?"))));
  await chat.open("thr_1");
  composer.write([text("a draft")]);
  composer.edit("msg_1");
  assert.equal(written(composer), "Helo");
  composer.cancelEdit();
  assert.equal(written(composer), "a draft");
  composer.edit("msg_1");
  composer.write([text("Hello")]);
  scripted.on("threads.add_user_message", () => refused(422, "too_long", "too long"));
  await composer.submit();
  assert.equal(composer.editing.value, "msg_1");
  assert.equal(written(composer), "Hello");
  const stream = answering(scripted);
  const sending = composer.submit();
  await rest();
  assert.equal(composer.editing.value, null);
  assert.equal(written(composer), "a draft");
  stream.send(done(user("msg_3", "Hello"))).end();
  await sending;
  composer.edit("no such message");
  assert.equal(composer.editing.value, null);
});

test("only a server that knows how takes one message in the place of another", async () => {
  for (const [headers, canEdit] of [[OURS, true], [{}, false]] as const) {
    const { scripted, chat } = page();
    scripted.on("threads.get_by_id", () => json(holding(user("msg_1", "Helo"), assistant("msg_2", "?")), headers));
    await chat.open("thr_1");
    assert.equal(chat.canEdit.value, canEdit);
  }
});

test("a file is announced, brought and sent along", async () => {
  const { scripted, composer } = page();
  const upload_descriptor = { url: "https://page.example/chatkit/files/1", method: "PUT", headers: { "X-Key": "k" } };
  scripted
    .on("attachments.create", () => json({ type: "file", id: "atc_1", name: "a.txt", mime_type: "text/plain", upload_descriptor }))
    .on("PUT /files/1", () => new Response(null, { status: 204 }));
  composer.attach([new File(["hello"], "a.txt", { type: "text/plain" })]);
  assert.equal(composer.attachments.value[0]?.state, "uploading");
  assert.equal(composer.canSend.value, false);
  await composer.submit();
  assert.match(composer.complaint.value ?? "", /wait/);
  await until(() => composer.attachments.value[0]?.state === "ready");
  assert.deepEqual(scripted.asked[0]?.params, { name: "a.txt", size: 5, mime_type: "text/plain" });
  assert.equal(scripted.asked[1]?.headers.get("x-key"), "k");
  const stream = answering(scripted);
  const sending = composer.submit();
  await until(() => inputs(scripted).length === 1);
  assert.deepEqual(inputs(scripted)[0]?.["attachments"], ["atc_1"]);
  assert.equal(composer.attachments.value.length, 0);
  stream.end();
  await sending;
  assert.ok(!scripted.names().includes("attachments.delete"));
});

test("a file that fails can be tried again, and is deleted when it is removed", async () => {
  const { scripted, composer } = page();
  const upload_descriptor = { url: "/chatkit/files/1", method: "POST" };
  scripted
    .on("attachments.create", () => json({ type: "file", id: "atc_1", name: "a.txt", mime_type: "text/plain", upload_descriptor }))
    .on("attachments.delete", () => json({}))
    .on("POST /files/1", () => refused(415, "unsupported", "it is not what it claims to be"), () => json({}));
  composer.attach([new File(["hello"], "a.txt")]);
  await until(() => composer.attachments.value[0]?.state === "failed");
  assert.equal(composer.attachments.value[0]?.trouble, "It is not what it claims to be.");
  await composer.submit();
  assert.match(composer.complaint.value ?? "", /could not be uploaded/);
  const key = composer.attachments.value[0]?.key ?? "";
  composer.retryUpload(key);
  await until(() => composer.attachments.value[0]?.state === "ready");
  composer.detach(key);
  await rest();
  assert.equal(composer.attachments.value.length, 0);
  assert.deepEqual(scripted.names().filter((name) => name === "attachments.delete").length, 2);
});

test("a file that is removed while it comes is deleted when it has come", async () => {
  const { scripted, composer } = page();
  let arrive = () => {};
  scripted
    .on("attachments.create", () => new Promise((resolve) => (arrive = () => resolve(json({ type: "file", id: "atc_9", name: "a", mime_type: "b" })))))
    .on("attachments.delete", () => json({}));
  composer.attach([new File(["hello"], "a.txt")]);
  await rest();
  composer.detach(composer.attachments.value[0]?.key ?? "");
  arrive();
  await rest();
  assert.equal(composer.attachments.value.length, 0);
  assert.equal(composer.complaint.value, null);
});

test("the bytes of a file that was removed meanwhile stay here", async () => {
  const { scripted, composer } = page();
  let arrive = () => {};
  const upload_descriptor = { url: "/chatkit/files/9", method: "PUT" };
  const announced = { type: "file", id: "atc_9", name: "a.txt", mime_type: "text/plain", upload_descriptor };
  scripted
    .on("attachments.create", () => new Promise((resolve) => (arrive = () => resolve(json(announced)))))
    .on("attachments.delete", () => json({}));
  composer.attach([new File(["hello"], "a.txt")]);
  await rest();
  composer.detach(composer.attachments.value[0]?.key ?? "");
  arrive();
  await rest();
  assert.deepEqual(scripted.names(), ["attachments.create", "attachments.delete"]);
});

test("a message to begin with goes with the tool that was chosen, and leaves the draft", async () => {
  const { scripted, composer } = page();
  const stream = answering(scripted);
  composer.write([text("a draft")]);
  composer.pickTool("search");
  const sending = composer.submit([text("Begin")]);
  await until(() => inputs(scripted).length === 1);
  assert.deepEqual(inputs(scripted)[0]?.["content"], [text("Begin")]);
  assert.deepEqual(inputs(scripted)[0]?.["inference_options"], { tool_choice: { id: "search" } });
  assert.deepEqual([composer.tool.value, written(composer)], [null, "a draft"]);
  stream.send(...hello).end();
  await sending;
  assert.equal(written(composer), "a draft");
});

test("a message to begin with is in the field where it is refused", async () => {
  const { scripted, composer } = page();
  scripted.on("threads.create", () => refused(422, "too_long", "too long"));
  await composer.submit([text("Begin")]);
  assert.equal(written(composer), "Begin");
  assert.match(composer.complaint.value ?? "", /too long/i);
});

test("the direct way is one request", async () => {
  const { scripted, composer } = page();
  const { api } = scripted.settings.value;
  const direct = { ...api, uploadStrategy: { type: "direct" as const, uploadUrl: "/chatkit/files" } };
  scripted.settings.value = { ...scripted.settings.value, api: direct };
  scripted.on("POST /files", () => json({ type: "file", id: "atc_1", name: "a.txt", mime_type: "text/plain" }));
  composer.attach([new File(["hello"], "a.txt")]);
  await until(() => composer.attachments.value[0]?.state === "ready");
  assert.deepEqual(scripted.names(), ["POST /files"]);
});

test("what may not be attached is said, all at once", () => {
  const { composer } = page();
  const files = [new File(["x"], "a.exe"), new File(["x".repeat(2000)], "b.txt"), new File([""], "c.txt")];
  composer.attach(files);
  assert.equal(
    composer.complaint.value,
    "“a.exe” is not of a type that can be attached. “b.txt” is too large. Files may have up to 1 kB. “c.txt” is empty.",
  );
});

test("what the application sets replaces what it names", () => {
  const { composer } = page();
  composer.write([text("old")]);
  composer.set({ quote: "a quote", toolId: "think" });
  assert.equal(written(composer), "old");
  composer.set({ content: [text("new")], quote: null, toolId: null });
  assert.deepEqual([written(composer), composer.quote.value, composer.tool.value], ["new", null, null]);
  composer.set({ attachments: [{ type: "file", id: "atc_7", name: "x.pdf", mime_type: "application/pdf" }] });
  assert.deepEqual(composer.attachments.value.map(({ name, state }) => [name, state]), [["x.pdf", "ready"]]);
  assert.ok(composer.canSend.value);
});

test("a locked thread takes no messages", async () => {
  const { scripted, chat, composer } = page();
  scripted.on("threads.get_by_id", () => json(thread("thr_1", { status: { type: "locked" } })));
  await chat.open("thr_1");
  composer.write([text("Hello")]);
  assert.equal(composer.canSend.value, false);
});

test("content is tidied, trimmed and joined", () => {
  const tag: UserContent = { type: "input_tag", id: "1", text: "Anna" };
  assert.deepEqual(tidy([text("a"), text(""), text("b\r"), tag, text("")]), [text("ab\n"), tag]);
  assert.deepEqual(trimmed([text(" \n"), tag, text(" and "), text(" ")]), [tag, text(" and")]);
  assert.deepEqual(trimmed([text("  x  ")]), [text("x")]);
  const first = { content: [text("a")], quote: null, files: ["1"] };
  const second = { content: [text("b")], quote: "q", files: ["1", "2"] };
  assert.deepEqual(joined(first, second), { content: [text("a\nb")], quote: "q", files: ["1", "2"] });
});
