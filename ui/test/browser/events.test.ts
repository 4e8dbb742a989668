/** Every event of the element: when it comes, in which order, and with what details. */
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Event } from "../../src/protocol/events";
import { eventually } from "./browser";
import { call, setOptions, told, useScene } from "./embedding";
import { Refusal } from "./stand";

const scene = useScene();

/** These, in this order, and no others. */
const tells = (page: Page, events: [string, unknown][]) => eventually(async () => assert.deepEqual(await told(page), events));

const READY: [string, unknown] = ["ready", null];

test("a conversation is told from its beginning to its end", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "client_effect", name: "shine", data: { bright: true } };
    yield { type: "client_effect", name: "ring" };
    yield { type: "thread.item.done", item: stand.said("Here.") };
  });
  const { chat, page } = await scene.embed();
  await tells(page, [READY]);
  await chat.ask("one");
  const first: [string, unknown][] = [
    ["response.start", null],
    ["thread.change", { threadId: "thr_1" }],
    ["effect", { name: "shine", data: { bright: true } }],
    ["effect", { name: "ring" }],
    ["response.end", null],
  ];
  await tells(page, [READY, ...first]);
  await chat.ask("two");
  const again = first.filter(([name]) => name !== "thread.change");
  await tells(page, [READY, ...first, ...again]);
  await chat.button("New chat").click();
  await tells(page, [READY, ...first, ...again, ["thread.change", { threadId: null }]]);
});

test("threads are told while they load: the first one, one of the history, and one that isn't there", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("What was said"));
  stand.on("threads.get_by_id", ({ thread_id }, { thread, items }) =>
    thread_id === thread.id ? { ...thread, items: { data: items, has_more: false } } : new Refusal(404, { error: { code: "gone", message: "it is gone" } }),
  );
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  const loaded: [string, unknown][] = [
    ["thread.load.start", { threadId: "thr_1" }],
    ["thread.change", { threadId: "thr_1" }],
    ["thread.load.end", { threadId: "thr_1" }],
  ];
  const events = [READY, ...loaded];
  await tells(page, events);
  await chat.button("New chat").click();
  events.push(["thread.change", { threadId: null }]);
  await tells(page, events);
  await chat.openHistory();
  await chat.row("A thread").getByRole("button", { name: "A thread", exact: true }).click();
  events.push(["history.open", null], ...loaded);
  await tells(page, events);
  await call(page, "setThreadId", "thr_0");
  const start: [string, unknown] = ["thread.load.start", { threadId: "thr_0" }];
  events.push(start, ["error", "ServerError: it is gone"], ["thread.load.end", { threadId: "thr_0" }]);
  await tells(page, events);
});

test("a thread that is left before it is there is told to the end, and never as the open one", async () => {
  const { stand } = scene;
  let load = () => {};
  const loaded = new Promise<void>((resolve) => (load = resolve));
  stand.on("threads.get_by_id", async (_, { thread }) => {
    await loaded;
    return { ...thread, items: { data: [], has_more: false } };
  });
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  const start: [string, unknown] = ["thread.load.start", { threadId: "thr_1" }];
  await tells(page, [READY, start]);
  await chat.button("New chat").click();
  load();
  await tells(page, [READY, start, ["thread.load.end", { threadId: "thr_1" }]]);
  assert.equal(await chat.root.getByRole("heading", { name: "A thread" }).count(), 0);
});

test("the history is told when it opens and closes, whoever does it", async () => {
  const { chat, page } = await scene.embed();
  const open: [string, unknown] = ["history.open", null];
  const close: [string, unknown] = ["history.close", null];
  await chat.openHistory();
  await page.keyboard.press("Escape");
  await chat.history.waitFor({ state: "detached" });
  await tells(page, [READY, open, close]);
  await call(page, "showHistory");
  await call(page, "showHistory");
  await chat.history.getByRole("button", { name: "Close" }).click();
  await call(page, "hideHistory");
  await tells(page, [READY, open, close, open, close]);
});

test("a tool is told when it is chosen, whoever does it, and when the application takes it away", async () => {
  const tools = [{ id: "web", label: "Search", icon: "globe" as const, pinned: true }, { id: "draw", label: "Draw", icon: "images" as const, pinned: true }];
  const { chat, page } = await scene.embed({ composer: { tools } });
  const change = (toolId: string | null): [string, unknown] => ["tool.change", { toolId }];
  await chat.button("Search").click();
  await chat.button("Draw").click();
  await call(page, "setComposerValue", { selectedToolId: "web" });
  await call(page, "setComposerValue", { selectedToolId: "web", text: "hello" });
  await call(page, "setComposerValue", { selectedToolId: null });
  await chat.button("Draw").click();
  await setOptions(page, { composer: { tools: tools.slice(0, 1) } });
  await tells(page, [READY, ...["web", "draw", "web", null, "draw", null].map(change)]);
});

test("errors are told: the server's refusal, one in the middle of an answer, and a connection that breaks", async () => {
  const { stand } = scene;
  stand.on("threads.create", () => new Refusal(500, { error: { code: "broken", message: "the till is jammed" } }));
  const { chat, page } = await scene.embed();
  await chat.write("one");
  const events: [string, unknown][] = [READY, ["error", "ServerError: the till is jammed"]];
  await tells(page, events);
  stand.answers(function* () {
    yield { type: "error", code: "custom", message: "The drawer is stuck.", allow_retry: false };
  });
  await chat.write("two");
  const begun: [string, unknown][] = [["response.start", null], ["thread.change", { threadId: "thr_1" }]];
  events.push(...begun, ["error", "Error: The drawer is stuck."], ["response.end", null]);
  await tells(page, events);
  let cut = () => {};
  const seen = new Promise<void>((resolve) => (cut = resolve));
  stand.answers(async function* () {
    yield { type: "thread.item.done", item: stand.said("Half of it") };
    await seen;
    throw new Refusal(0);
  });
  await chat.write("three");
  await chat.says("Half of it");
  cut();
  events.push(["response.start", null], ["error", "ServerError: the server can't be reached"], ["response.end", null]);
  await tells(page, events);
});

test("what can't be understood is logged, and the rest goes on", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.updated", item_id: "nobody", update: null } as unknown as Event;
    yield { type: "thread.item.done", item: null } as unknown as Event;
    yield { type: "something.new", of: "tomorrow" } as unknown as Event;
    yield { type: "thread.item.done", item: stand.said("All the same.") };
  });
  const { chat, page } = await scene.embed();
  await chat.ask("hello");
  await chat.says("All the same.");
  const logs = (await told(page)).filter(([name]) => name === "log").map(([, detail]) => detail as { name: string; data: { error: string } });
  assert.ok(logs.length > 0, "nothing was logged");
  for (const { name, data } of logs) assert.deepEqual([name, data.error.split(":")[0]], ["event.unreadable", "TypeError"]);
});

test("a link into the application is told with its name and data, and leads nowhere else", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("See [order 7](chatkit-link://order?id=7&view=whole) or [all](chatkit-link://orders/open).") };
  });
  const { chat, page, requested } = await scene.embed();
  await chat.ask("hello");
  const before = requested.length;
  await chat.button("order 7").click();
  await chat.button("all").click();
  await eventually(async () => {
    const links = (await told(page)).filter(([name]) => name === "deeplink").map(([, detail]) => detail);
    assert.deepEqual(links, [{ name: "order", data: { id: "7", view: "whole" } }, { name: "orders/open", data: {} }]);
  });
  assert.equal(requested.length, before);
  assert.equal(page.url(), `${stand.url}/`);
});

test("each listener hears an event once, as an error with its message or without any detail", async () => {
  scene.stand.answers(function* () {
    yield { type: "error", code: "stream.error", message: "No.", allow_retry: true };
  });
  const { chat, page } = await scene.embed();
  await page.evaluate(() => {
    const element = document.querySelector("#chat");
    const heard = (event: globalThis.Event) => {
      const { detail } = event as CustomEvent<{ error?: unknown } | null>;
      const error = detail?.error;
      window.tell("heard", [event.type, event instanceof CustomEvent, error instanceof Error ? error.message : detail]);
    };
    for (const name of ["chatkit.error", "chatkit.response.end"]) element?.addEventListener(name, heard);
    const once = () => window.tell("once");
    element?.addEventListener("chatkit.error", once);
    element?.removeEventListener("chatkit.error", once);
    // What goes on in the chat is between it and its page: nothing else on the page hears it.
    addEventListener("chatkit.error", () => window.tell("bubbled"));
  });
  await chat.write("hello");
  await eventually(async () => {
    const heard = (await told(page)).filter(([name]) => ["heard", "once", "bubbled"].includes(name));
    assert.deepEqual(heard, [["heard", ["chatkit.error", true, "No."]], ["heard", ["chatkit.response.end", true, null]]]);
  });
});

for (const [method, given, asked, said] of [
  ["sendUserMessage", [{ text: "two" }], ["threads.add_user_message"], "Here."],
  ["sendCustomAction", [{ type: "note" }], ["threads.custom_action"], "Noted."],
  ["fetchUpdates", [], ["threads.get_by_id"], "Come meanwhile."],
  ["setThreadId", [null], [], null],
] as const) {
  test(`at the end of an answer ${method} can be called`, async () => {
    const { stand } = scene;
    stand.answers(function* () {
      yield { type: "thread.item.done", item: stand.said("Here.") };
    });
    stand.on("threads.custom_action", async function* () {
      yield { type: "thread.item.done", item: stand.said("Noted.") };
    });
    stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, items: { data: [...items, stand.said("Come meanwhile.")], has_more: false } }));
    const { chat, page } = await scene.embed();
    await page.evaluate(
      ([name, words]) => {
        const element = document.querySelector("#chat") as unknown as HTMLElement & Record<string, (...words: unknown[]) => Promise<void>>;
        const ask = () => void element[name]?.(...words).then(() => window.tell("done"), (error) => window.tell("done", String(error)));
        element.addEventListener("chatkit.response.end", ask, { once: true });
      },
      [method, given as readonly unknown[]] as const,
    );
    await chat.write("one");
    await eventually(async () => assert.deepEqual((await told(page)).filter(([name]) => name === "done"), [["done", null]]));
    assert.deepEqual(stand.asked.map(({ type }) => type), ["threads.create", ...asked]);
    if (said) await chat.says(said);
    else await chat.answers.first().waitFor({ state: "detached" });
  });
}
