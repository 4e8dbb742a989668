/** The history, against the product: opened, searched, renamed, deleted. */
import type { Browser, Page } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet, openBrowser, openPage } from "./browser";
import { Chat } from "./chat";
import { Program } from "./program";

let browser: Browser;
let desk: Program;
before(async () => {
  [browser, desk] = await Promise.all([openBrowser(), Program.frontdesk()]);
});
after(async () => {
  await browser?.close();
  await desk?.end();
});

/** Whatever waits for the next painting has happened then. */
const twoFrames = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What is changed shows before the server has said so: waits until it has. */
const answered = (page: Page, type: string) =>
  page.waitForResponse((response) => response.ok() && response.request().postData()?.includes(`"${type}"`) === true);

let users = 0;
async function withTwoThreads() {
  const watched = await openPage(browser, { viewport: { width: 1500, height: 800 } });
  const chat = await new Chat(watched.page).visit(`${desk.url}/?user=past${++users}`);
  await chat.ask("say apples");
  await chat.button("New chat").click();
  await eventually(async () => assert.equal(await chat.answers.count(), 0));
  await chat.ask("say pears");
  await chat.openHistory();
  await chat.row("say apples").waitFor();
  await chat.row("say pears").waitFor();
  return { chat, watched };
}

test("a thread of before is opened", async () => {
  const { chat, watched } = await withTwoThreads();
  await chat.row("say apples").getByRole("button", { name: "say apples", exact: true }).click();
  await chat.says("You said apples.");
  assert.equal(await chat.answers.count(), 1);
  mustBeQuiet(watched, desk.url);
});

test("threads are found by what was said in them", async () => {
  const { chat } = await withTwoThreads();
  await chat.history.getByRole("searchbox", { name: "Search chats" }).fill("apples");
  await chat.row("say pears").waitFor({ state: "detached" });
  await chat.history.getByText("apples").first().waitFor();
  await chat.history.getByRole("searchbox").fill("nowhere to be found");
  await chat.history.getByText("Nothing found").waitFor();
});

test("a thread is renamed", async () => {
  const { chat, watched } = await withTwoThreads();
  await chat.choose("say apples", "Rename");
  await chat.history.getByRole("textbox", { name: "Name of the chat" }).fill("Fruit");
  const saved = answered(watched.page, "threads.update");
  await watched.page.keyboard.press("Enter");
  await chat.row("Fruit").waitFor();
  await saved;
  await watched.page.reload();
  await chat.openHistory();
  await chat.row("Fruit").waitFor();
});

test("whoever goes on while a thread is renamed is left where he is", async () => {
  const { chat, watched } = await withTwoThreads();
  await chat.choose("say apples", "Rename");
  await chat.history.getByRole("textbox", { name: "Name of the chat" }).fill("Fruit");
  await chat.field.click();
  await chat.row("Fruit").waitFor();
  await twoFrames(watched.page);
  assert.equal(await chat.focused(), "Message");
});

test("the row has the focus again before anything is painted", async () => {
  const { chat, watched } = await withTwoThreads();
  const { keyboard } = watched.page;
  await watched.page.evaluate(() => (window.requestAnimationFrame = () => 0));
  const field = chat.history.getByRole("textbox", { name: "Name of the chat" });
  const isOn = (name: string) => eventually(async () => assert.equal(await chat.focused(), name));
  await chat.choose("say apples", "Rename");
  await field.press("Escape");
  await isOn("say apples");
  await chat.choose("say apples", "Delete");
  await isOn("Cancel");
  await keyboard.press("Enter");
  await isOn("say apples");
  await chat.choose("say apples", "Rename");
  await field.fill("Fruit");
  await keyboard.press("Enter");
  await isOn("Fruit");
});

test("more threads take the focus that the button leaves, and none that is somewhere else", async () => {
  const { chat, watched } = await withTwoThreads();
  const { page } = watched;
  await chat.history.getByRole("button", { name: "Close" }).click();
  let after: string | undefined;
  const arrive: (() => void)[] = [];
  const pages = ["Older", "Oldest"].map((title, place) => ({ title, held: new Promise<void>((resolve) => (arrive[place] = resolve)) }));
  await page.route("**/chatkit?*", async (route) => {
    const { type, params } = route.request().postDataJSON() as { type: string; params: { after?: string } };
    if (type !== "threads.list") return route.continue();
    const response = await route.fetch();
    const list = (await response.json()) as { data: object[] };
    const next = params.after ? pages.shift() : undefined;
    if (next) {
      await next.held;
      const { title } = next;
      list.data = [{ id: title, title, created_at: "2020-01-02T03:04:05Z", status: { type: "active" } }];
    }
    after ??= (list.data.at(-1) as { id: string }).id;
    return route.fulfill({ response, json: { ...list, has_more: pages.length > 0, after } });
  });
  await chat.openHistory();
  const more = chat.button("Show more");
  await more.click();
  await more.waitFor({ state: "detached" });
  arrive[0]?.();
  await eventually(async () => assert.equal(await chat.focused(), "Older"));
  await more.click();
  await more.waitFor({ state: "detached" });
  await chat.history.getByRole("searchbox").focus();
  arrive[1]?.();
  await chat.row("Oldest").waitFor();
  await twoFrames(page);
  assert.equal(await chat.focused(), "Search chats");
});

test("a name that couldn't be saved isn't written again, and trying again saves it", async () => {
  const { chat, watched } = await withTwoThreads();
  let isDown = true;
  await watched.page.route("**/chatkit?*", (route) =>
    isDown && route.request().postData()?.includes("threads.update") ? route.fulfill({ status: 503 }) : route.continue(),
  );
  const field = chat.history.getByRole("textbox", { name: "Name of the chat" });
  await chat.choose("say apples", "Rename");
  await field.fill("Fruit");
  await watched.page.keyboard.press("Enter");
  await chat.history.getByRole("alert").waitFor();
  await chat.choose("say apples", "Rename");
  assert.equal(await field.inputValue(), "Fruit");
  await watched.page.keyboard.press("Escape");
  isDown = false;
  const saved = answered(watched.page, "threads.update");
  await chat.history.getByRole("button", { name: "Try again" }).click();
  await chat.row("Fruit").waitFor();
  assert.equal(await chat.history.getByRole("alert").count(), 0);
  await saved;
  await watched.page.reload();
  await chat.openHistory();
  await chat.row("Fruit").waitFor();
});

test("a thread is deleted, after a question", async () => {
  const { chat, watched } = await withTwoThreads();
  await chat.choose("say apples", "Delete");
  await chat.history.getByRole("group", { name: "Delete this chat?" }).getByRole("button", { name: "Cancel" }).click();
  await chat.row("say apples").waitFor();
  await chat.choose("say apples", "Delete");
  const deleted = answered(watched.page, "threads.delete");
  await chat.history.getByRole("group", { name: "Delete this chat?" }).getByRole("button", { name: "Delete" }).click();
  await chat.history.getByRole("listitem").nth(1).waitFor({ state: "detached" });
  await deleted;
  await watched.page.reload();
  await chat.openHistory();
  await chat.hasListed();
  await chat.row("say pears").waitFor();
  assert.equal(await chat.row("say apples").count(), 0);
});

test("whoever has gone on when a thread is deleted is left where he is", async () => {
  const { chat, watched } = await withTwoThreads();
  const { page } = watched;
  await page.evaluate(() => {
    const waiting: FrameRequestCallback[] = [];
    window.requestAnimationFrame = (run) => waiting.push(run);
    Object.assign(window, { paint: () => waiting.splice(0).forEach((run) => run(0)) });
  });
  await chat.choose("say apples", "Delete");
  await chat.history.getByRole("group", { name: "Delete this chat?" }).getByRole("button", { name: "Delete" }).click();
  await chat.row("say apples").waitFor({ state: "detached" });
  await chat.field.focus();
  await page.evaluate(() => (window as unknown as { paint(): void }).paint());
  assert.equal(await chat.focused(), "Message");
});
