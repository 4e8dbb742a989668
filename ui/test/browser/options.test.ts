/** What an application sets about the chat around its messages: language, header, history, start, actions, requests. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { words as german } from "../../src/lazy/parts/locale-de";
import { eventually, openPage } from "./browser";
import { Chat } from "./chat";
import { setOptions, told, useScene } from "./embedding";
import { Refusal } from "./stand";

const scene = useScene();

/** A thread of one turn, loaded. */
function aThread() {
  const { stand } = scene;
  stand.items.push(stand.item("user_message", { content: [{ type: "input_text", text: "What was asked" }], attachments: [], inference_options: {} }));
  stand.items.push(stand.said("What was said"));
}

/** The names of buttons, in their order. */
const names = (chat: Chat, part: string) =>
  chat.root.locator(`[part~="${part}"]`).getByRole("button").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? one.textContent));

test("the locale is the chat's language, and the server is told; one that isn't translated is English", async () => {
  scene.stand.answers(function* () {});
  const { chat, page } = await scene.embed({ locale: "de" });
  const app = chat.root.locator('[part~="app"]');
  await eventually(async () => assert.equal(await app.getAttribute("lang"), "de"));
  const answered = async (count: number) => {
    const ends = (await told(page)).filter(([name]) => name === "response.end");
    assert.equal(ends.length, count);
  };
  const field = chat.root.getByRole("textbox", { name: german.messageField, exact: true });
  await field.fill("Guten Tag");
  await field.press("Enter");
  await eventually(() => answered(1));
  await setOptions(page, { locale: "fi" });
  await eventually(async () => assert.equal(await app.getAttribute("lang"), "en"));
  await chat.write("Hyvää päivää");
  await eventually(() => answered(2));
  // None is the browser's, which is American.
  await setOptions(page, {});
  await chat.write("Good day");
  await eventually(() => assert.deepEqual(scene.stand.headers.map((headers) => headers["accept-language"]), ["de", "fi", "en-US"]));
});

test("the frame's title names the whole chat", async () => {
  const { chat, page } = await scene.embed({ frameTitle: "Help of the shop" });
  await chat.root.getByRole("region", { name: "Help of the shop" }).waitFor();
  await setOptions(page, {});
  await chat.root.getByRole("region", { name: "Chat", exact: true }).waitFor();
});

test("the header shows the thread's title, one of the application's, or none", async () => {
  aThread();
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  const header = chat.root.locator('[part~="header"]');
  const title = header.getByRole("heading", { level: 2 });
  await eventually(async () => assert.equal(await title.innerText(), "A thread"));
  await setOptions(page, { header: { title: { text: "The shop's desk" } } });
  await eventually(async () => assert.equal(await title.innerText(), "The shop's desk"));
  await setOptions(page, { header: { title: { enabled: false, text: "The shop's desk" } } });
  // Who listens needs a heading all the same.
  await eventually(async () => assert.equal(await title.innerText(), "Chat"));
  const { width = 0 } = (await title.boundingBox()) ?? {};
  assert.ok(width <= 1, `the title is seen: ${width} pixels`);
  await setOptions(page, { header: { enabled: false } });
  await header.waitFor({ state: "detached" });
  await chat.root.getByRole("heading", { level: 2, name: "Chat" }).waitFor({ state: "attached" });
});

test("the header has the application's own actions at its sides", async () => {
  const { chat, page } = await scene.embed({}, () => ({
    header: {
      leftAction: { icon: "sidebar-left", onClick: (...words: unknown[]) => window.tell("left", words) },
      rightAction: { icon: "settings-cog", onClick: (...words: unknown[]) => window.tell("right", words) },
    },
  }));
  assert.deepEqual(await names(chat, "header"), ["More: sidebar left", "Show chats", "New chat", "More: settings cog"]);
  await chat.button("More: sidebar left").click();
  await chat.button("More: settings cog").click();
  const heard = (await told(page)).filter(([name]) => name !== "ready");
  assert.deepEqual(heard, [["left", []], ["right", []]]);
});

test("the history can be turned off", async () => {
  aThread();
  const { chat, page } = await scene.embed({ history: { enabled: false }, initialThread: "thr_1" });
  await chat.says("What was said");
  assert.deepEqual(await names(chat, "header"), []);
  await setOptions(page, {});
  await eventually(async () => assert.deepEqual(await names(chat, "header"), ["Show chats", "New chat"]));
});

test("whoever has no history leaves a thread that can't be loaded by a new chat", async () => {
  const { stand } = scene;
  stand.on("threads.get_by_id", () => new Refusal(404, { error: { code: "not_found", message: "there is no such thread" } }));
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Good to see you.") };
  });
  const { chat } = await scene.embed({ history: { enabled: false }, initialThread: "thr_9" });
  await chat.root.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  assert.deepEqual(await names(chat, "header"), ["New chat"]);
  await chat.button("New chat").click();
  await chat.root.getByRole("heading", { name: "What can I help with today?" }).waitFor();
  await eventually(async () => assert.deepEqual(await names(chat, "header"), []));
  assert.equal(await chat.focused(), "Message");
  assert.equal(await chat.ask("hello"), "Good to see you.");
  assert.deepEqual(stand.asked.map(({ type }) => type), ["threads.get_by_id", "threads.create"]);
});

for (const [showRename, showDelete, wanted] of [
  [undefined, undefined, ["Rename", "Delete"]],
  [false, true, ["Delete"]],
  [true, false, ["Rename"]],
] as const) {
  test(`threads can be changed: ${wanted.join(" and ")}`, async () => {
    aThread();
    const { chat } = await scene.embed({ history: { enabled: true, showRename, showDelete } });
    await chat.openHistory();
    await chat.history.getByRole("button", { name: "Actions for “A thread”" }).click();
    assert.deepEqual(await chat.root.getByRole("menuitem").allInnerTexts(), wanted);
  });
}

test("threads that can't be changed have no actions", async () => {
  aThread();
  const { chat } = await scene.embed({ history: { enabled: true, showRename: false, showDelete: false } });
  await chat.openHistory();
  await chat.row("A thread").waitFor();
  assert.deepEqual(await names(chat, "history"), ["Close", "A thread"]);
});

test("the disclaimer is Markdown below the field, and stronger where that is asked for", async () => {
  const text = "It can be **wrong**; see [the rules](https://example.com/rules).";
  const { chat, page } = await scene.embed({ disclaimer: { text } });
  const link = chat.root.getByRole("link", { name: "the rules" });
  assert.equal(await link.getAttribute("href"), "https://example.com/rules");
  const shown = chat.root.locator(".composer-disclaimer");
  assert.equal(await shown.innerText(), "It can be wrong; see the rules.");
  const colour = () => shown.evaluate((element) => getComputedStyle(element).color);
  const whole = () => chat.root.evaluate((element) => getComputedStyle(element).color);
  assert.notEqual(await colour(), await whole());
  await setOptions(page, { disclaimer: { text, highContrast: true } });
  await eventually(async () => assert.equal(await colour(), await whole()));
  await setOptions(page, {});
  await shown.waitFor({ state: "detached" });
});

test("the start has a greeting and prompts, which are sent as they are", async () => {
  const tag = { type: "input_tag", id: "o7", text: "Order 7", group: "Orders", data: { total: "12" }, interactive: true } as const;
  const rich = [{ type: "input_text", text: "Where is " }, tag] as const;
  scene.stand.answers(function* () {
    yield { type: "thread.item.done", item: scene.stand.said("On its way.") };
  });
  const { chat, page } = await scene.embed({
    startScreen: {
      greeting: "Good to see you",
      prompts: [{ label: "What is new?", prompt: "Tell me what is new", icon: "sparkle" }, { label: "My order", prompt: [...rich] }],
    },
  });
  await chat.root.getByRole("heading", { level: 3, name: "Good to see you" }).waitFor();
  const prompts = chat.root.getByRole("list", { name: "Suggestions" }).getByRole("button");
  assert.deepEqual(await prompts.allInnerTexts(), ["What is new?", "My order"]);
  assert.equal(await prompts.locator("svg").count(), 1);
  await prompts.nth(1).click();
  await chat.says("On its way.");
  await chat.button("New chat").click();
  await prompts.nth(0).click();
  await chat.says("On its way.");
  const inputs = scene.stand.asked.map(({ params }) => params.input?.content);
  assert.deepEqual(inputs, [rich, [{ type: "input_text", text: "Tell me what is new" }]]);
  await chat.idle();
  await setOptions(page, {});
  await chat.button("New chat").click();
  await chat.root.getByRole("heading", { name: "What can I help with today?" }).waitFor();
});

test("answers are rated and made anew where the application wants that", async () => {
  aThread();
  const [, answer] = scene.stand.items;
  scene.stand.on("threads.retry_after_item", async function* () {
    yield { type: "thread.item.done", item: scene.stand.said("What is said now") };
  });
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  await chat.says("What was said");
  const actions = async () => (await names(chat, "transcript")).filter((name) => name !== "Edit the message");
  assert.deepEqual(await actions(), ["Copy the answer"]);
  await setOptions(page, { threadItemActions: { feedback: true } });
  await eventually(async () => assert.deepEqual(await actions(), ["Copy the answer", "Good answer", "Bad answer"]));
  await setOptions(page, { threadItemActions: { retry: true } });
  await eventually(async () => assert.deepEqual(await actions(), ["Copy the answer", "Answer again"]));
  await setOptions(page, { threadItemActions: { feedback: true, retry: true } });
  await chat.button("Bad answer").click();
  await eventually(async () => assert.equal(await chat.button("Bad answer").getAttribute("aria-pressed"), "true"));
  await eventually(() => assert.equal(scene.stand.asked.at(-1)?.type, "items.feedback"));
  await chat.button("Answer again").click();
  await chat.says("What is said now");
  await chat.idle();
  assert.deepEqual(scene.stand.asked.filter(({ type }) => type !== "threads.get_by_id"), [
    { type: "items.feedback", params: { thread_id: "thr_1", item_ids: [answer?.id], kind: "negative" } },
    { type: "threads.retry_after_item", params: { thread_id: "thr_1", item_id: "user_message_1" } },
  ]);
  assert.equal(await chat.answers.count(), 1);
});

test("a rating that fails late doesn't take back the one that was given after it", async () => {
  aThread();
  let fail = () => {};
  scene.stand.on("items.feedback", async ({ kind }) => {
    if (kind === "negative") return {};
    await new Promise<void>((resolve) => (fail = resolve));
    return new Refusal(500);
  });
  const { chat } = await scene.embed({ initialThread: "thr_1", threadItemActions: { feedback: true } });
  const said = (text: string) => chat.root.getByRole("status").getByText(text, { exact: true }).waitFor();
  const given = () => Promise.all(["Good answer", "Bad answer"].map((name) => chat.button(name).getAttribute("aria-pressed")));
  await chat.button("Good answer").click();
  const isAsked = (...kinds: string[]) =>
    eventually(() => assert.deepEqual(scene.stand.asked.filter(({ type }) => type === "items.feedback").map(({ params }) => params["kind"]), kinds));
  await isAsked("positive");
  await chat.button("Bad answer").click();
  await said("Thank you for your feedback.");
  fail();
  await said("Something went wrong. Please try again.");
  assert.deepEqual(await given(), ["false", "true"]);
  await chat.button("Good answer").click();
  await isAsked("positive", "negative", "positive");
  assert.deepEqual(await given(), ["true", "false"]);
  fail();
  await eventually(async () => assert.deepEqual(await given(), ["false", "true"]));
});

for (const autoScroll of [true, false]) {
  test(`an answer that grows is ${autoScroll ? "followed by who is at its end" : "left where it began"}`, async () => {
    const { stand } = scene;
    let goOn = () => {};
    const waited = new Promise<void>((resolve) => (goOn = resolve));
    stand.answers(async function* () {
      const item = stand.said("");
      yield { type: "thread.item.added", item };
      const part = { content_index: 0, type: "assistant_message.content_part.text_delta" } as const;
      for (let line = 0; line < 120; line++) {
        if (line === 100) await waited;
        yield { type: "thread.item.updated", item_id: item.id, update: { ...part, delta: `Line ${line}.\n\n` } };
      }
    });
    const { chat, page } = await scene.embed({ thread: { autoScroll } });
    const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const left = () => chat.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    await chat.write("Tell me much");
    await chat.says("Line 99.");
    await drawn();
    if (autoScroll) await eventually(async () => assert.ok((await left()) < 2, `${await left()} pixels from the end`));
    else assert.ok((await left()) > 1000, `${await left()} pixels from the end`);
    // Whoever goes back stays there.
    await chat.log.evaluate((log) => log.scrollTo(0, 0));
    await drawn();
    goOn();
    await chat.says("Line 119.");
    await drawn();
    assert.equal(await chat.log.evaluate((log) => log.scrollTop), 0);
  });
}

test("the thread to begin with is loaded once; other options don't open another", async () => {
  aThread();
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  await chat.says("What was said");
  await setOptions(page, { initialThread: null, header: { title: { text: "Changed" } } });
  await chat.root.getByRole("heading", { name: "Changed" }).waitFor();
  await setOptions(page, { initialThread: "thr_2", header: { title: { text: "Again" } } });
  await chat.root.getByRole("heading", { name: "Again" }).waitFor();
  await chat.says("What was said");
  assert.deepEqual(scene.stand.asked, [{ type: "threads.get_by_id", params: { thread_id: "thr_1" } }]);
});

test("options replace all that were set before", async () => {
  aThread();
  const { chat, page } = await scene.embed({
    initialThread: "thr_1",
    locale: "de",
    frameTitle: "One",
    theme: "dark",
    header: { title: { text: "Two" } },
    history: { enabled: false },
    disclaimer: { text: "Three" },
    composer: { placeholder: "Four", attachments: { enabled: true } },
    threadItemActions: { feedback: true, retry: true },
  });
  await chat.says("What was said");
  await setOptions(page, {});
  const app = chat.root.locator('[part~="app"]');
  await eventually(async () => assert.equal(await app.getAttribute("lang"), "en"));
  assert.equal(await chat.root.getByRole("heading", { level: 2 }).innerText(), "A thread");
  assert.equal(await chat.field.getAttribute("placeholder"), "Message the AI");
  assert.deepEqual(await names(chat, "header"), ["Show chats", "New chat"]);
  assert.deepEqual(await names(chat, "composer"), ["Send"]);
  assert.deepEqual(await names(chat, "transcript"), ["Copy the answer"]);
  assert.equal(await chat.root.getByText("Three").count(), 0);
  assert.equal(await chat.root.getByRole("region").getAttribute("aria-label"), "Chat");
  assert.equal(await chat.root.evaluate((element) => getComputedStyle(element).colorScheme), "light");
  // The thread is no option: it stays.
  await chat.says("What was said");
});

test("options are taken that were set before the script was there", async () => {
  const { stand, browser } = scene;
  stand.put("/early.js", "text/javascript", 'document.querySelector("#chat").options = { api: { url: "/api", domainKey: "local" }, startScreen: { greeting: "Early bird" } };');
  stand.page("/", "", '<openai-chatkit id="chat"></openai-chatkit><script src="/early.js"></script><script src="/chatkit.js" async></script>');
  const { page } = await openPage(browser);
  await page.goto(stand.url);
  const chat = new Chat(page);
  await chat.root.getByRole("heading", { name: "Early bird" }).waitFor();
  // From then on it is the element's own.
  await page.evaluate(() => {
    const options = { api: { url: "/api", domainKey: "local" }, startScreen: { greeting: "Late bird" } };
    Object.assign(document.querySelector("#chat") ?? {}, { options });
  });
  await chat.root.getByRole("heading", { name: "Late bird" }).waitFor();
});
