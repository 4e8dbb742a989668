import assert from "node:assert/strict";
import { test } from "node:test";

import { thread } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, until } from "../../test/scripted";
import { createPast } from "./past";

const ids = (past: ReturnType<typeof createPast>) => past.threads.value.map(({ thread }) => thread.id);
const titles = (past: ReturnType<typeof createPast>) => past.threads.value.map(({ thread }) => thread.title);
const listed = (...data: ReturnType<typeof thread>[]) => () => json({ data, has_more: false });

function open(page: ScriptedPage) {
  const chat = page.open();
  const { server, settings, words, tell } = page;
  return { chat, past: createPast({ server, settings, words, tell, chat }) };
}

test("threads come in pages, each once", async () => {
  const page = new ScriptedPage().on(
    "threads.list",
    () => json({ data: [thread("thr_3"), thread("thr_2")], has_more: true, after: "thr_2" }),
    () => json({ data: [thread("thr_2"), thread("thr_1")], has_more: false }),
  );
  const { past } = open(page);
  await past.show();
  assert.deepEqual([ids(past), past.hasMore.value], [["thr_3", "thr_2"], true]);
  await past.loadMore();
  assert.deepEqual([ids(past), past.hasMore.value], [["thr_3", "thr_2", "thr_1"], false]);
  await past.loadMore();
  assert.deepEqual(page.asked.map(({ params }) => params["after"]), [undefined, "thr_2"]);
  past.hide();
  past.hide();
  assert.deepEqual(page.toldNames(), ["history.open", "history.close"]);
});

test("what is searched for is asked once, when the typing rests", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1")));
  page.on("GET /search", () => json({ data: [{ thread: thread("thr_9"), snippet: "the milk" }], has_more: false }));
  const { past } = open(page);
  await past.show();
  assert.equal(past.canSearch.value, true);
  past.search("mi");
  past.search("milk ");
  past.search("milk");
  context.mock.timers.tick(200);
  context.mock.timers.reset();
  await until(() => !past.isLoading.value);
  assert.deepEqual(past.threads.value, [{ thread: thread("thr_9"), excerpt: "the milk" }]);
  assert.deepEqual(page.asked.slice(1).map(({ url }) => url.searchParams.get("q")), ["milk"]);
});

test("a list that comes while one types is no answer to what is searched for", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let arrive = () => {};
  const page = new ScriptedPage().on("threads.list", () => new Promise((resolve) => (arrive = () => resolve(listed(thread("thr_1"))()))));
  page.on("GET /search", () => json({ data: [{ thread: thread("thr_9"), snippet: "the milk" }], has_more: false }));
  const { past } = open(page);
  void past.show();
  past.search("milk");
  arrive();
  await rest();
  assert.deepEqual([ids(past), past.isLoading.value], [[], true]);
  context.mock.timers.tick(200);
  context.mock.timers.reset();
  await until(() => !past.isLoading.value);
  assert.deepEqual(ids(past), ["thr_9"]);
});

test("what was searched for isn't there when the list is opened again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let arrive = () => {};
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1")), () => new Promise((resolve) => (arrive = () => resolve(listed(thread("thr_1"))()))));
  page.on("GET /search", () => json({ data: [{ thread: thread("thr_9"), snippet: "the milk" }], has_more: false }));
  const { past } = open(page);
  const closeAndOpen = async (expected: string[]) => {
    past.hide();
    void past.show();
    assert.deepEqual([ids(past), past.isLoading.value], [expected, true]);
    arrive();
    await until(() => !past.isLoading.value);
    assert.deepEqual(ids(past), ["thr_1"]);
  };
  const find = async () => {
    past.search("milk");
    context.mock.timers.tick(200);
    await until(() => !past.isLoading.value);
    assert.deepEqual(ids(past), ["thr_9"]);
  };
  await past.show();
  await find();
  await closeAndOpen([]);
  await find();
  // The field is empty, and the whole list is still asked for.
  past.search("");
  await closeAndOpen([]);
  await closeAndOpen(["thr_1"]);
});

test("a query without a word finds nothing, and that is no error", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1")));
  page.on("GET /search", () => refused(400, "bad_request", "q: has no word to look for"));
  const { past } = open(page);
  await past.show();
  past.search("!");
  context.mock.timers.tick(200);
  context.mock.timers.reset();
  await until(() => !past.isLoading.value);
  assert.deepEqual([ids(past), past.trouble.value], [[], null]);
});

test("a new title is seen at once, and taken back where the server refuses it", async () => {
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1", { title: "Old" })));
  page.on("threads.get_by_id", () => json(thread("thr_1", { title: "Old" })));
  page.on("threads.update", ({ params }) => json(thread("thr_1", { title: String(params["title"]) })), () => refused(403, "forbidden", "no"));
  const { chat, past } = open(page);
  await chat.open("thr_1");
  await past.show();
  const renamed = past.rename("thr_1", "New");
  assert.deepEqual(titles(past), ["New"]);
  await renamed;
  assert.deepEqual(titles(past), ["New"]);
  assert.equal(chat.transcript.value.thread?.title, "New");
  const refusedOne = past.rename("thr_1", "Newer");
  assert.deepEqual(titles(past), ["Newer"]);
  await refusedOne;
  assert.deepEqual(titles(past), ["New"]);
  assert.notEqual(past.trouble.value, null);
});

test("what has failed is what is tried again", async () => {
  const down = () => refused(503, "unavailable", "down");
  const page = new ScriptedPage().on("threads.list", down, listed(thread("thr_2"), thread("thr_1", { title: "Old" })));
  page.on("threads.update", down, ({ params }) => json(thread("thr_1", { title: String(params["title"]) })));
  page.on("threads.delete", down, () => json({}));
  const { past } = open(page);
  await past.show();
  assert.deepEqual([ids(past), past.trouble.value !== null], [[], true]);
  await past.retry();
  assert.deepEqual([titles(past), past.trouble.value], [[undefined, "Old"], null]);
  await past.rename("thr_1", "New");
  assert.deepEqual([titles(past), past.trouble.value !== null], [[undefined, "Old"], true]);
  await past.retry();
  assert.deepEqual([titles(past), past.trouble.value], [[undefined, "New"], null]);
  await past.remove("thr_2");
  assert.deepEqual([ids(past), past.trouble.value !== null], [["thr_2", "thr_1"], true]);
  await past.retry();
  assert.deepEqual([ids(past), past.trouble.value], [["thr_1"], null]);
  assert.deepEqual(page.names(), ["threads.list", "threads.list", "threads.update", "threads.update", "threads.delete", "threads.delete"]);
});

test("a thread that is deleted while it is open leaves a new one", async () => {
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_2"), thread("thr_1")));
  page.on("threads.get_by_id", () => json(thread("thr_1")));
  page.on("threads.delete", () => json({}), () => refused(500, "internal", "internal error"));
  const { chat, past } = open(page);
  await chat.open("thr_1");
  await past.show();
  const removed = past.remove("thr_1");
  assert.deepEqual(ids(past), ["thr_2"]);
  await removed;
  assert.equal(chat.threadId.value, null);
  assert.deepEqual(ids(past), ["thr_2"]);
  await past.remove("thr_2");
  assert.deepEqual(ids(past), ["thr_2"], "one that couldn't be deleted is there again");
});

test("the open thread is in the list as it is now", async () => {
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1")));
  page.on("threads.get_by_id", () => json(thread("thr_2", { title: "Mine" }), OURS));
  const { chat, past } = open(page);
  await past.show();
  await chat.open("thr_2");
  assert.deepEqual(ids(past), ["thr_2", "thr_1"]);
  chat.apply({ type: "thread.updated", thread: thread("thr_2", { title: "Ours" }) });
  assert.deepEqual(titles(past), ["Ours", undefined]);
});

test("why the list can't be loaded is said", async () => {
  const page = new ScriptedPage().on("threads.list", () => Promise.reject(new TypeError("offline")));
  const { past } = open(page);
  await past.show();
  assert.match(past.trouble.value ?? "", /reached/);
  assert.equal(past.isLoading.value, false);
});

test("another server's list takes the place of the old one's", async () => {
  const page = new ScriptedPage().on("threads.list", listed(thread("thr_1")));
  const { past } = open(page);
  await past.show();
  let arrive = () => {};
  page.on("threads.list", () => new Promise((resolve) => (arrive = () => resolve(listed(thread("thr_2"))()))));
  const { api } = page.settings.value;
  page.settings.value = { ...page.settings.value, api: { ...api, url: "/other/chatkit" } };
  assert.deepEqual([ids(past), past.isLoading.value], [[], true]);
  await until(() => page.names().length === 2);
  arrive();
  await until(() => !past.isLoading.value);
  assert.deepEqual(ids(past), ["thr_2"]);
  past.hide();
  page.settings.value = { ...page.settings.value, api };
  assert.deepEqual([ids(past), page.names().length], [[], 2], "it is asked for when it is shown");
});
