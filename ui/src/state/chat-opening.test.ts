import assert from "node:assert/strict";
import { test } from "node:test";

import { assistant, delta, done, hello, holding, lines, thread, user } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import { en } from "../locale/en";
import type { OpenChat } from "./chat";

const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
const shown = (chat: OpenChat) => lines(chat.transcript.value.items);

test("a thread that is opened while its answer runs shows the rest of it", async () => {
  const stream = ScriptedStream.ofTurn("turn_1").send(...hello, delta("msg_2", "Good "));
  const page = new ScriptedPage().on("GET /turns/turn_1/events", stream.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello")), { ...OURS, "Frontdesk-Turn": "turn_1" }));
  const chat = page.open();
  await chat.open("thr_1");
  assert.equal(chat.phase.value, "answering");
  await until(() => shown(chat)[1] === "Good ");
  stream.send(done(assistant("msg_2", "Good day"))).end();
  await until(() => chat.phase.value === "ready");
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
  const told = ["thread.load.start", "thread.change", "thread.load.end", "response.start", "response.end"];
  assert.deepEqual(page.toldNames(), told);
});

test("of a long thread the end is shown, and older items come on demand", async () => {
  const messages = Array.from({ length: 120 }, (_, place) => user(`msg_${place}`, `${place}`));
  const page = new ScriptedPage();
  page.on("threads.get_by_id", () => json(thread("thr_1", { items: { data: messages.slice(0, 20), has_more: true, after: "msg_19" } })));
  page.on("items.list", ({ params }) => {
    const before = params["after"] ? messages.findIndex(({ id }) => id === params["after"]) : messages.length;
    const start = Math.max(0, before - 50);
    const data = messages.slice(start, before).reverse();
    return json({ data, has_more: start > 0, after: data.at(-1)?.id });
  });
  const chat = page.open();
  await chat.open("thr_1");
  assert.deepEqual([shown(chat)[0], shown(chat).at(-1), chat.hasOlder.value], ["> 70", "> 119", true]);
  await chat.loadOlder();
  await Promise.all([chat.loadOlder(), chat.loadOlder()]);
  assert.deepEqual(shown(chat), messages.map((_, place) => `> ${place}`));
  assert.equal(chat.hasOlder.value, false);
  await chat.loadOlder();
  assert.equal(page.asked.length, 4);
  await chat.refresh();
  assert.equal(shown(chat).length, 120, "what was loaded stays");
  assert.equal(chat.hasOlder.value, false);
});

test("an empty page of items isn't the end of them", async () => {
  const page = new ScriptedPage();
  page.on("threads.get_by_id", () => json(thread("thr_1", { items: { data: [], has_more: true, after: "a" } })));
  page.on(
    "items.list",
    () => json({ data: [], has_more: true, after: "x" }),
    () => json({ data: [user("msg_1", "Hello")], has_more: false }),
  );
  const chat = page.open();
  await chat.open("thr_1");
  assert.deepEqual(shown(chat), ["> Hello"]);
  assert.equal(page.asked[2]?.params["after"], "x");
});

test("a thread that can't be loaded says why, and can be tried again", async () => {
  const page = new ScriptedPage();
  page.on("threads.get_by_id", () => refused(404, "not_found", "not found: thread"), () => json(holding(user("msg_1", "Hello"))));
  const chat = page.open();
  await chat.open("thr_1");
  assert.match(chat.trouble.value ?? "", /exist/);
  assert.deepEqual(page.toldNames(), ["thread.load.start", "error", "thread.load.end"]);
  await chat.refresh();
  assert.equal(chat.trouble.value, null);
  assert.deepEqual(shown(chat), ["> Hello"]);
});

for (const [what, loads, asked, seen] of [
  ["is loaded first, and then", true, ["threads.get_by_id", "threads.get_by_id", "threads.add_user_message"], ["> Hello", "> More", "Hi"]],
  ["still can't be loaded isn't sent,", false, ["threads.get_by_id", "threads.get_by_id"], []],
] as const) {
  test(`a message to a thread that couldn't be loaded and ${what} ${loads ? "its answer is shown" : "and is told why"}`, async () => {
    const gone = () => refused(404, "not_found", "not found: thread");
    const page = new ScriptedPage().on("threads.get_by_id", gone, loads ? () => json(holding(user("msg_1", "Hello"))) : gone);
    page.on("threads.add_user_message", new ScriptedStream().send(done(user("msg_2", "More")), done(assistant("msg_3", "Hi"))).end().answer);
    const chat = page.open();
    await chat.open("thr_1");
    await assert.rejects(chat.actOn({ type: "buy" }), { message: chat.trouble.value ?? "" });
    const sent = chat.send(say("More"));
    if (loads) await sent;
    else await assert.rejects(sent, { message: en.threadGone });
    assert.deepEqual(page.names(), asked);
    assert.deepEqual(shown(chat), seen);
    assert.deepEqual([chat.trouble.value, chat.transcript.value.unsent], [loads ? null : en.threadGone, null]);
  });
}

test("a message for a new thread is sent, whatever couldn't be loaded before", async () => {
  const page = new ScriptedPage().on("threads.get_by_id", () => refused(404, "not_found", "not found: thread"));
  page.on("threads.create", new ScriptedStream().send(...hello, done(assistant("msg_2", "Hi"))).end().answer);
  const chat = page.open();
  await chat.open("thr_0");
  await chat.send({ ...say("Hello"), newThread: true });
  assert.deepEqual(page.names(), ["threads.get_by_id", "threads.create"]);
  assert.deepEqual([shown(chat), chat.trouble.value], [["> Hello", "Hi"], null]);
});

test("what has no content takes no other item with it", async () => {
  const widget = { ...assistant("w_1", ""), type: "widget", widget: { type: "Row", children: [{ type: "Text", id: "t", value: "Hm" }] } };
  const flow = { ...assistant("wf_1", ""), type: "workflow", workflow: { type: "custom", tasks: [{ type: "custom", title: "Look" }] } };
  const update = (item_id: string, update: object) => ({ type: "thread.item.updated", item_id, update });
  const page = new ScriptedPage().on("threads.create", new ScriptedStream().send(...[
    ...hello,
    done(widget as never),
    done(flow as never),
    update("w_1", { type: "widget.root.updated" }),
    update("w_1", { type: "widget.component.updated", component_id: "t" }),
    update("wf_1", { type: "workflow.task.added", task_index: 1 }),
    update("wf_1", { type: "workflow.task.updated", task_index: 0, task: null }),
    done(assistant("msg_2", "Hi")),
  ] as never[]).end().answer);
  const chat = page.open();
  await chat.send(say("Hello"));
  assert.deepEqual(chat.transcript.value.items, [user("msg_1", "Hello"), assistant("msg_2", "Hi"), widget, flow]);
});

test("the thread that was opened last is the one that is shown", async () => {
  const page = new ScriptedPage();
  let release = () => {};
  const late = new Promise<void>((resolve) => (release = resolve));
  page.on("threads.get_by_id", async ({ params }) => {
    if (params["thread_id"] === "thr_1") await late;
    return json(thread(String(params["thread_id"])));
  });
  const chat = page.open();
  const first = chat.open("thr_1");
  await chat.open("thr_2");
  release();
  await first;
  assert.equal(chat.threadId.value, "thr_2");
  assert.equal(chat.transcript.value.thread?.id, "thr_2");
});

test("who opens another thread leaves the answer to the server", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello);
  await until(() => shown(chat).length === 2);
  await chat.open(null);
  await sent;
  assert.deepEqual(page.names(), ["threads.create"]);
  assert.deepEqual(shown(chat), []);
  assert.equal(chat.phase.value, "ready");
  assert.deepEqual(page.toldNames(), ["response.start", "thread.change", "thread.change", "response.end"]);
});

test("coming back to the page shows what happened in another tab", async () => {
  const page = new ScriptedPage().on(
    "threads.get_by_id",
    () => json(holding(user("msg_1", "Hello"))),
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "")), { ...OURS, "Frontdesk-Turn": "turn_1" }),
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Hi"), user("msg_3", "More"))),
  );
  page.on("GET /turns/turn_1/events", ScriptedStream.ofTurn("turn_1").send(done(assistant("msg_2", "Hi"))).end().answer);
  const chat = page.open();
  await chat.open("thr_1");
  await chat.look();
  await until(() => chat.phase.value === "ready" && page.asked.length === 3);
  assert.deepEqual(shown(chat), ["> Hello", "Hi"]);
  await chat.look();
  assert.equal(page.asked.length, 3, "it isn't asked all the time");
  page.time += 10_000;
  await chat.look();
  assert.deepEqual(shown(chat), ["> Hello", "Hi", "> More"]);
});

test("what was done while the thread was loaded anew isn't undone by it", async () => {
  const stored = { title: "Old" };
  let first = () => {};
  const held = new Promise<void>((resolve) => (first = resolve));
  const page = new ScriptedPage().on(
    "threads.get_by_id",
    () => json(thread("thr_1", stored)),
    async () => {
      const found = json(thread("thr_1", stored));
      await held;
      return found;
    },
    () => json(thread("thr_1", stored)),
  );
  const chat = page.open();
  await chat.open("thr_1");
  const looking = chat.look();
  await until(() => page.asked.length === 2);
  stored.title = "New";
  chat.apply({ type: "thread.updated", thread: { ...chat.transcript.value.thread!, title: "New" } });
  first();
  await looking;
  assert.equal(chat.transcript.value.thread?.title, "New");
  assert.equal(page.asked.length, 3);
});

test("older items of a thread that was left don't hold up those of the next one", async () => {
  const page = new ScriptedPage();
  const older = { data: [user("msg_2", "Hello")], has_more: true, after: "msg_2" };
  page.on("threads.get_by_id", ({ params }) => json(thread(String(params["thread_id"]), { items: { ...older, data: [] } })));
  const listed: string[] = [];
  page.on("items.list", ({ params }) => {
    listed.push(`${params["thread_id"]} ${params["after"] ?? ""}`);
    const isSlow = params["thread_id"] === "thr_1" && params["after"];
    return isSlow ? new Promise(() => {}) : json(older);
  });
  const chat = page.open();
  await chat.open("thr_1");
  void chat.loadOlder();
  await until(() => listed.length === 2);
  await chat.open("thr_2");
  await chat.loadOlder();
  assert.deepEqual(listed, ["thr_1 ", "thr_1 msg_2", "thr_2 ", "thr_2 msg_2"]);
});

test("coming back to the page leaves an error and notices, until something newer came", async () => {
  const items = [user("msg_1", "Hello"), assistant("msg_2", "Hi")] as const;
  const page = new ScriptedPage().on("threads.get_by_id", () => json(holding(...items)), () => json(holding(...items, user("msg_3", "More"))));
  const failure = { type: "error" as const, code: "custom", message: "Too many cats.", allow_retry: true };
  const notice = { type: "notice" as const, level: "info" as const, message: "Cats are expensive." };
  page.on("threads.create", ScriptedStream.ofTurn("turn_1").send(...hello, done(items[1]), notice, failure).end().answer);
  const chat = page.open();
  await chat.send(say("Hello"));
  await chat.look();
  assert.deepEqual(page.names(), ["threads.create", "threads.get_by_id"]);
  assert.equal(chat.transcript.value.error?.message, "Too many cats.");
  assert.deepEqual(chat.transcript.value.notices.map(({ message }) => message), ["Cats are expensive."]);
  await chat.refresh();
  assert.equal(chat.transcript.value.error, null);
  assert.equal(chat.transcript.value.notices.length, 1);
});

test("an item that was deleted at the server is gone, also the first one", async () => {
  const page = new ScriptedPage().on(
    "threads.get_by_id",
    () => json(holding(assistant("msg_0", "Welcome"), user("msg_1", "Hello"))),
    () => json(holding(user("msg_1", "Hello"))),
  );
  const chat = page.open();
  await chat.open("thr_1");
  await chat.refresh();
  assert.deepEqual(shown(chat), ["> Hello"]);
});

test("what a server leaves out of its items is empty", async () => {
  const odd = [
    { ...user("msg_1", "Hello"), attachments: undefined, inference_options: undefined },
    { ...assistant("msg_2", ""), content: [{ type: "output_text", text: "Hi" }] },
    { ...assistant("msg_3", ""), content: undefined },
    { ...assistant("wf_1", ""), type: "workflow", workflow: { type: "custom" } },
    { ...assistant("si_1", ""), type: "structured_input", status: "pending" },
    { ...assistant("w_1", ""), type: "widget" },
    { ...assistant("ts_1", ""), type: "task", task: null },
  ];
  const page = new ScriptedPage().on("threads.get_by_id", () => json({ ...thread(), items: { data: odd, has_more: false } }));
  page.on("threads.add_user_message", new ScriptedStream().send(...odd.map((item) => done(item as never))).end().answer);
  for (const ask of ["open", "send"] as const) {
    const chat = page.open();
    await chat.open("thr_1");
    if (ask === "send") await chat.send(say("More")).catch(() => {});
    const [first, second, third, fourth, fifth, widget, task] = chat.transcript.value.items as unknown as Record<string, unknown>[];
    assert.deepEqual([first?.["attachments"], first?.["inference_options"]], [[], {}]);
    assert.deepEqual(second?.["content"], [{ type: "output_text", text: "Hi", annotations: [] }]);
    assert.deepEqual(third?.["content"], []);
    assert.deepEqual(fourth?.["workflow"], { type: "custom", tasks: [] });
    assert.deepEqual(fifth?.["inputs"], []);
    assert.deepEqual([widget?.["widget"], task?.["task"]], [{ type: "Basic" }, { type: "custom" }]);
  }
});

test("an event that can't be understood takes no other with it", async () => {
  const odd = { type: "thread.item.updated", item_id: "msg_2", update: { type: "assistant_message.content_part.text_delta", delta: "?" } };
  const worse = [odd, { type: "thread.item.updated", item_id: "msg_2" }, { type: "thread.item.done" }, { type: 7 }] as never[];
  const page = new ScriptedPage();
  page.isByFrame = true;
  page.on("threads.create", new ScriptedStream().send(...hello, delta("msg_2", "Good "), ...worse, delta("msg_2", "day")).end().answer);
  const chat = page.open();
  await chat.send(say("Hello"));
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
  assert.ok(!page.toldNames().includes("error"));
});
