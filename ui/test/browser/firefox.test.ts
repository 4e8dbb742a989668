/** The chat in Firefox: sent, streamed, stopped, drawn with parts that are loaded later, and found again. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet, openPage } from "./browser";
import { Chat } from "./chat";
import { embed } from "./embedding";
import { FIREFOX, openFirefox } from "./firefox";
import { Keys } from "./keys";
import { Program } from "./program";
import { Stand } from "./stand";

let browser: Browser;
let desk: Program;
before(async () => {
  if (!FIREFOX) return;
  [browser, desk] = await Promise.all([openFirefox(FIREFOX), Program.frontdesk()]);
});
after(async () => {
  await browser?.close();
  await desk?.end();
});

const here = { skip: !FIREFOX && "there is no Firefox" };

test("an answer comes word by word, is stopped, drawn, and found again", here, async () => {
  const watched = await openPage(browser);
  const { page } = watched;
  const chat = await new Chat(page).visit(`${desk.url}/?user=fox`);
  assert.match(await page.evaluate(() => navigator.userAgent), /Firefox/);

  await chat.write("go on counting");
  await chat.says(/^1 2 3/);
  await chat.stop.click();
  await chat.send.waitFor();
  const said = await chat.lastAnswer();
  assert.ok(!said.includes("that is all"), said);

  await chat.ask("show everything");
  const answer = chat.answers.last();
  await answer.locator("pre span").first().waitFor();
  await answer.locator("math").first().waitFor();
  assert.equal(await answer.getByRole("table").getByRole("row").count(), 3);

  await chat.button("New chat").click();
  await eventually(async () => assert.equal(await chat.answers.count(), 0));
  assert.equal(await chat.ask("say goodbye"), "You said goodbye.");
  await chat.openHistory();
  await chat.row("go on counting").getByRole("button", { name: "go on counting", exact: true }).click();
  await answer.getByRole("heading", { name: "A heading" }).waitFor();
  // What lies out of sight has no inner text here.
  assert.deepEqual(await chat.questions.allTextContents(), ["You said:go on counting", "You said:show everything"]);
  mustBeQuiet(watched, desk.url);
});

test("a chat is renamed, a model chosen and a form sent with the keyboard alone", here, async (t) => {
  const stand = await Stand.open(desk.url);
  t.after(() => stand.close());
  stand.answers(function* () {
    const children = [
      { type: "Input", name: "name" },
      { type: "Checkbox", name: "agreed", label: "Agreed" },
      { type: "DatePicker", name: "day", placeholder: "Which day?" },
    ];
    yield { type: "thread.item.done", item: stand.item("widget", { widget: { type: "Card", asForm: true, confirm: { label: "Save", action: { type: "save" } }, children } }) };
  });
  stand.on("threads.update", ({ title }) => Object.assign(stand.thread, { title }));
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said("Noted.") };
  });
  const models = [{ id: "fast", label: "Fast" }, { id: "slow", label: "Slow" }];
  const { chat, page } = await embed(browser, stand, { composer: { models } });
  const keys = new Keys(page);
  await keys.to("Model: Fast");
  await keys.press("Enter", "Fast");
  await keys.press("ArrowDown", "Slow");
  await keys.press("Enter", "Model: Slow");
  await keys.to("Message", "Shift+Tab");
  await keys.type("go");
  await page.keyboard.press("Enter");
  await chat.button("Save").waitFor();
  await chat.send.waitFor();

  await keys.to("Name", "Shift+Tab");
  await keys.type("Ann");
  await keys.to("Agreed");
  await page.keyboard.press("Space");
  await keys.to("Which day?");
  await keys.type("12242026");
  await keys.to("Save");
  await page.keyboard.press("Enter");
  await chat.says("Noted.");
  const { params } = stand.asked.findLast(({ type }) => type === "threads.custom_action") ?? {};
  assert.deepEqual((params?.["action"] as { payload?: unknown }).payload, { name: "Ann", agreed: true, day: "2026-12-24" });

  await keys.to("Show chats", "Shift+Tab");
  await keys.press("Enter", "Chats");
  await chat.row("A thread").waitFor();
  await keys.to("Actions for “A thread”");
  await keys.press("Enter", "Rename");
  await keys.press("Enter", "Name of the chat");
  await keys.type("Fruit");
  await keys.press("Enter", "Fruit");
  await chat.row("Fruit").waitFor();
  const renamed = () => stand.asked.findLast(({ type }) => type === "threads.update")?.params;
  await eventually(() => assert.deepEqual(renamed(), { thread_id: "thr_1", title: "Fruit" }));
});

// How a module finds out where it is, each browser tells in its own way.
test("a module of another origin finds what lies beside it", here, async (t) => {
  const stand = await Stand.open(desk.url);
  t.after(() => stand.close());
  stand.put("/application.js", "text/javascript", `import "${desk.url}/chatkit.js";`);
  stand.page("/", '<script src="/application.js" type="module"></script>', undefined, {});
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("```rust\nfn main() {}\n```") };
  });
  const { chat, page, ...watched } = await embed(browser, stand);
  await chat.write("hello");
  await chat.answers.locator("pre span").first().waitFor();
  const parts = watched.requested.filter((url) => new URL(url).pathname.startsWith("/ui/"));
  assert.deepEqual(parts, [`${desk.url}/ui/highlight.js`]);
  mustBeQuiet({ page, ...watched }, stand.url, desk.url);
});
