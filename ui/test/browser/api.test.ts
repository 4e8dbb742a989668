/** Every method of the element: what it shows, what it asks of the server, and when it is refused. */
import type { OpenAIChatKit } from "@openai/chatkit";
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Event } from "../../src/protocol/events";
import type { Attachment } from "../../src/protocol/items";
import { eventually, openPage } from "./browser";
import { Chat } from "./chat";
import { call, setOptions, told, useScene } from "./embedding";
import { Refusal } from "./stand";

const scene = useScene();

const text = (said: string) => [{ type: "input_text" as const, text: said }];

/** Answers each message with one word. */
function talks() {
  scene.stand.answers(function* () {
    yield { type: "thread.item.done", item: scene.stand.said("Yes.") };
  });
}

/** Answers messages when it is told to. */
function waits(): () => void {
  let goOn = () => {};
  const waited = new Promise<void>((resolve) => (goOn = resolve));
  scene.stand.answers(async function* () {
    yield { type: "thread.item.done", item: scene.stand.said("First.") };
    await waited;
    yield { type: "thread.item.done", item: scene.stand.said("Second.") };
  });
  return goOn;
}

const has = async (page: Page, ...wanted: string[]) =>
  eventually(async () => {
    const names = (await told(page)).map(([name]) => name);
    assert.ok(wanted.every((name) => names.includes(name)), names.join(" "));
  });

test("setThreadId opens a thread, or a new one", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("What was said"));
  const { chat, page } = await scene.embed({ startScreen: { greeting: "Welcome" } });
  assert.equal(await call(page, "setThreadId", "thr_1"), null);
  // It is settled when the thread is there.
  assert.equal((await told(page)).at(-1)?.[0], "thread.load.end");
  await chat.says("What was said");
  assert.equal(await call(page, "setThreadId", null), null);
  await chat.root.getByRole("heading", { name: "Welcome" }).waitFor();
  assert.deepEqual(stand.asked, [{ type: "threads.get_by_id", params: { thread_id: "thr_1" } }]);
});

test("setThreadId is rejected where there is no such thread, and while the chat is busy", async () => {
  const { stand } = scene;
  stand.on("threads.get_by_id", () => new Refusal(404));
  const { chat, page } = await scene.embed();
  const failed = await call(page, "setThreadId", "thr_0");
  assert.equal(failed, "Error: This chat doesn't exist any more.");
  await chat.root.getByRole("alert").getByText("This chat doesn't exist any more.").waitFor();
  let load = () => {};
  const loaded = new Promise<void>((resolve) => (load = resolve));
  stand.on("threads.get_by_id", async (_, { thread }) => {
    await loaded;
    return { ...thread, items: { data: [], has_more: false } };
  });
  const loading = call(page, "setThreadId", "thr_1");
  await eventually(async () => assert.equal((await told(page)).filter(([name]) => name === "thread.load.start").length, 2));
  assert.equal(await call(page, "setThreadId", null), "Error: the chat is busy: a thread is being loaded");
  assert.equal(await call(page, "sendUserMessage", { text: "hello" }), "Error: the chat is busy: a thread is being loaded");
  load();
  assert.equal(await loading, null);
  const goOn = waits();
  await chat.write("hello");
  await chat.says("First.");
  for (const refused of [call(page, "setThreadId", null), call(page, "sendUserMessage", { text: "no" }), call(page, "fetchUpdates")]) {
    assert.equal(await refused, "Error: the chat is busy: an answer is running");
  }
  goOn();
  await chat.says("Second.");
});

test("focusComposer puts the focus into the message field", async () => {
  const { chat, page } = await scene.embed();
  await chat.button("Show chats").focus();
  assert.equal(await call(page, "focusComposer"), null);
  assert.equal(await chat.focused(), "Message");
});

test("sendUserMessage sends each part of a message, and leaves the field as it is", async () => {
  talks();
  const { stand } = scene;
  const attachment = { type: "file", id: "att_1", name: "list.txt", mime_type: "text/plain" } as const;
  const { chat, page } = await scene.embed({
    composer: { tools: [{ id: "web", label: "Search", icon: "globe" }], models: [{ id: "a", label: "A" }, { id: "b", label: "B" }] },
  });
  await chat.field.fill("half a thought");
  const tag = { type: "input_tag", id: "o7", text: "Order 7", group: "Orders", data: { total: 12 }, interactive: false } as const;
  assert.equal(await call(page, "sendUserMessage", { text: "plain" }), null);
  // It is settled when the answer is over.
  assert.equal((await told(page)).at(-1)?.[0], "response.end");
  await chat.says("Yes.");
  assert.equal(await call(page, "sendUserMessage", { content: [tag, ...text(" please")], reply: "what was said" }), null);
  assert.equal(await call(page, "sendUserMessage", { text: "with a file", attachments: [attachment] }), null);
  assert.equal(await chat.field.inputValue(), "half a thought");
  assert.equal(await call(page, "sendUserMessage", { text: "elsewhere", newThread: true, toolChoice: { id: "draw" }, model: "large" }), null);
  const thread_id = "thr_1";
  const input = { attachments: [], inference_options: {} };
  assert.deepEqual(stand.asked, [
    { type: "threads.create", params: { input: { ...input, content: text("plain") } } },
    { type: "threads.add_user_message", params: { thread_id, input: { ...input, content: [tag, ...text(" please")], quoted_text: "what was said" } } },
    { type: "threads.add_user_message", params: { thread_id, input: { ...input, content: text("with a file"), attachments: ["att_1"] } } },
    {
      type: "threads.create",
      params: { input: { ...input, content: text("elsewhere"), inference_options: { tool_choice: { id: "draw" }, model: "large" } } },
    },
  ]);
  await eventually(async () => assert.equal(await chat.questions.innerText(), "You said:\nelsewhere"));
  assert.equal(await chat.field.inputValue(), "", "it belongs to the thread that it was written in");
  assert.equal(await chat.button("Don't use Search").count(), 0);
  await chat.button("Model: A").waitFor();
});

test("sendUserMessage is rejected where the server doesn't take the message", async () => {
  scene.stand.on("threads.create", () => new Refusal(400, { error: { code: "too_long", message: "that is too long" } }));
  const { chat, page } = await scene.embed();
  assert.equal(await call(page, "sendUserMessage", { text: "hello" }), "Error: That is too long.");
  assert.equal(await chat.questions.count(), 0);
  assert.equal(await chat.field.inputValue(), "");
});

test("setComposerValue fills the field with all that a message has, and changes only what is named", async () => {
  talks();
  const { stand } = scene;
  const attachment: Attachment = { type: "file", id: "att_2", name: "new.txt", mime_type: "text/plain" };
  stand.takes("/upload", () => attachment);
  const { chat, page } = await scene.embed({
    api: { url: "/api", domainKey: "local", uploadStrategy: { type: "direct", uploadUrl: "/upload" } },
    composer: {
      attachments: { enabled: true },
      tools: [{ id: "web", label: "Search", icon: "globe" }],
      models: [{ id: "a", label: "A" }, { id: "b", label: "B" }],
    },
  });
  const tag = { type: "input_tag", id: "o7", text: "Order 7" } as const;
  const old: Attachment = { ...attachment, id: "att_1", name: "old.txt" };
  assert.equal(await call(page, "setComposerValue", { text: "gone soon", selectedToolId: "web", selectedModelId: "b" }), null);
  assert.equal(await chat.field.inputValue(), "gone soon");
  assert.equal(await call(page, "setComposerValue", { content: [...text("About "), tag], reply: "what was said", attachments: [old] }), null);
  assert.equal(await chat.field.inputValue(), "About Order 7");
  await chat.button("Model: B").waitFor();
  await page.evaluate(async () => {
    const files = [new File(["bread"], "new.txt", { type: "text/plain" })];
    await document.querySelector<OpenAIChatKit>("#chat")?.setComposerValue({ files });
  });
  const names = chat.root.getByRole("list", { name: "Attached files" }).getByRole("listitem");
  await eventually(async () => assert.deepEqual(await names.allInnerTexts(), ["old.txt", "new.txt"]));
  await eventually(async () => assert.equal(await chat.root.getByRole("progressbar").count(), 0));
  assert.deepEqual(stand.asked, [], "nothing is sent before the user does");
  await chat.send.click();
  await chat.says("Yes.");
  await chat.idle();
  await call(page, "setComposerValue", { text: "no tool", selectedToolId: "web" });
  await chat.button("Don't use Search").waitFor();
  await call(page, "setComposerValue", { selectedToolId: null, selectedModelId: "a" });
  await chat.button("Don't use Search").waitFor({ state: "detached" });
  await chat.send.click();
  await eventually(() => assert.equal(stand.asked.length, 2));
  const input = { content: text("no tool"), attachments: [], inference_options: { model: "a" } };
  assert.deepEqual(stand.asked, [
    {
      type: "threads.create",
      params: {
        input: {
          content: [...text("About "), tag],
          quoted_text: "what was said",
          attachments: ["att_1", "att_2"],
          inference_options: { tool_choice: { id: "web" }, model: "b" },
        },
      },
    },
    { type: "threads.add_user_message", params: { thread_id: "thr_1", input } },
  ]);
});

test("setComposerValue is rejected with files where none can be attached, and changes nothing", async () => {
  talks();
  const { chat, page } = await scene.embed();
  await chat.field.fill("half a thought");
  const refused = await page.evaluate(async () => {
    const element = document.querySelector<OpenAIChatKit>("#chat");
    const files = [new File(["bread"], "new.txt", { type: "text/plain" })];
    return element?.setComposerValue({ text: "see this", files }).then(() => null, String);
  });
  assert.equal(refused, "Error: files can't be attached: composer.attachments.enabled is not true");
  assert.equal(await chat.field.inputValue(), "half a thought");
  assert.equal(await call(page, "setComposerValue", { text: "nothing to see", files: [] }), null);
  assert.equal(await chat.field.inputValue(), "nothing to see");
});

test("sendCustomAction asks the server, with the item that it is about or without one", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("What was said"));
  stand.on("threads.custom_action", async function* (): AsyncGenerator<Event> {
    yield { type: "thread.item.done", item: stand.said("Done.") };
  });
  const { chat, page } = await scene.embed();
  assert.equal(await call(page, "sendCustomAction", { type: "ship" }), "Error: no thread is open to act in");
  await call(page, "setThreadId", "thr_1");
  assert.equal(await call(page, "sendCustomAction", { type: "ship" }), null);
  await chat.says("Done.");
  assert.equal(await call(page, "sendCustomAction", { type: "ship", payload: { by: "boat" } }, "widget_7"), null);
  assert.deepEqual(stand.asked.slice(1), [
    { type: "threads.custom_action", params: { thread_id: "thr_1", action: { type: "ship" } } },
    { type: "threads.custom_action", params: { thread_id: "thr_1", item_id: "widget_7", action: { type: "ship", payload: { by: "boat" } } } },
  ]);
});

test("showHistory and hideHistory open and close the history, also without a header", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("What was said"));
  const { chat, page } = await scene.embed({ header: { enabled: false } });
  assert.equal(await call(page, "showHistory"), null);
  await chat.row("A thread").waitFor();
  assert.equal(await call(page, "hideHistory"), null);
  await chat.history.waitFor({ state: "detached" });
  assert.deepEqual(stand.asked, [{ type: "threads.list", params: { limit: 25, order: "desc" } }]);
  await call(page, "showHistory");
  // Where the application turns it off it closes, and doesn't open any more.
  await setOptions(page, { history: { enabled: false } });
  await chat.history.waitFor({ state: "detached" });
  assert.equal(await call(page, "showHistory"), "Error: the history is turned off: history.enabled is false");
  const events = (await told(page)).map(([name]) => name);
  assert.deepEqual(events, ["ready", "history.open", "history.close", "history.open", "history.close"]);
});

test("fetchUpdates shows what has changed at the server", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("What was said"));
  const { chat, page } = await scene.embed();
  assert.equal(await call(page, "fetchUpdates"), null);
  assert.deepEqual(stand.asked, [], "there is no thread to ask for");
  await call(page, "setThreadId", "thr_1");
  stand.items.push(stand.said("What came by another way"));
  stand.thread.title = "Another title";
  assert.equal(await call(page, "fetchUpdates"), null);
  await chat.says("What came by another way");
  await chat.root.getByRole("heading", { name: "Another title" }).waitFor();
  stand.items.pop();
  assert.equal(await call(page, "fetchUpdates"), null);
  await chat.says("What was said");
});

test("a method says that options are missing, and after them waits until the chat is there", async () => {
  talks();
  const { page } = await openPage(scene.browser);
  await page.goto(scene.stand.url);
  await page.evaluate(() => customElements.whenDefined("openai-chatkit").then(() => {}));
  const missing = "Error: the chat has no options yet: call setOptions first";
  for (const refused of [call(page, "focusComposer"), call(page, "sendUserMessage", { text: "hello" }), call(page, "showHistory")]) {
    assert.equal(await refused, missing);
  }
  // As `createElement` makes it: nowhere on the page at first.
  await page.evaluate(() => {
    document.querySelector("#chat")?.remove();
    const chat = document.createElement("openai-chatkit") as unknown as OpenAIChatKit;
    chat.id = "chat";
    window.told = [];
    chat.addEventListener("chatkit.ready", () => window.told.push(["ready", null]));
    const asking: typeof fetch = (input, init) => (window.told.push(["fetch", null]), fetch(input, init));
    chat.setOptions({ api: { url: "/api", domainKey: "local", fetch: asking } });
    void chat.sendUserMessage({ text: "early" }).then(() => window.told.push(["sent", null]));
    window.told.push(["asked", null]);
    document.querySelector("main")?.append(chat);
  });
  const chat = new Chat(page);
  await chat.says("Yes.");
  await eventually(async () => assert.deepEqual(await told(page), ["asked", "ready", "fetch", "sent"].map((name) => [name, null])));
});

test("an element that is moved goes on, and one that was taken away is as it was when it is back", async () => {
  const goOn = waits();
  const { chat, page } = await scene.embed();
  await chat.write("hello");
  await chat.says("First.");
  await chat.field.fill("half a thought");
  const log = await chat.log.elementHandle();
  await page.evaluate(() => {
    const place = document.createElement("section");
    document.querySelector("main")?.append(place);
    const element = document.querySelector("#chat");
    if (element) place.append(element);
  });
  await page.locator("section > #chat").waitFor();
  assert.equal(await log?.evaluate((shown) => shown.isConnected), true, "it is drawn anew");
  await chat.says("First.");
  assert.equal(await chat.field.inputValue(), "half a thought");
  await page.evaluate(() => {
    const element = document.querySelector("#chat");
    element?.remove();
    Object.assign(window, { taken: element });
  });
  // What is shown goes with it; the answer goes on.
  await eventually(async () => assert.equal(await page.evaluate(() => (window as unknown as { taken: Element }).taken.shadowRoot?.childElementCount), 0));
  goOn();
  await has(page, "response.end");
  await page.evaluate(() => document.querySelector("main")?.append((window as unknown as { taken: Element }).taken));
  await chat.says("Second.");
  assert.equal(await chat.field.inputValue(), "half a thought");
  assert.equal(scene.stand.asked.length, 1);
  const events = (await told(page)).map(([name]) => name);
  assert.deepEqual(events, ["ready", "response.start", "thread.change", "response.end"]);
});
