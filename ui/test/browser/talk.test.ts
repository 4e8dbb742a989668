/** Messages and answers, against the product: sent, streamed, stopped, gone on after a reload, made anew. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet, openBrowser, openPage, watch } from "./browser";
import { Chat } from "./chat";
import { Program } from "./program";
import { Wire } from "./wire";

let browser: Browser;
let desk: Program;
before(async () => {
  [browser, desk] = await Promise.all([openBrowser(), Program.frontdesk()]);
});
after(async () => {
  await browser?.close();
  await desk?.end();
});

/** Each test is another user, so none sees what another one left. */
let users = 0;
async function open() {
  const watched = await openPage(browser);
  const url = `${desk.url}/?user=talker${++users}`;
  return { ...watched, url, chat: await new Chat(watched.page).visit(url), watched };
}

test("a message is answered as the words come, and the page keeps to itself", async () => {
  const { chat, watched } = await open();
  await chat.write("count");
  await chat.says(/^1 2 3/);
  assert.ok(!(await chat.lastAnswer()).includes("400"), "the answer came at once");
  assert.equal(await chat.questions.innerText(), "You said:\ncount");
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.equal(await chat.ask("say hello"), "You said hello.");
  mustBeQuiet(watched, desk.url);
});

test("an answer is stopped, and stays stopped", async () => {
  const { chat, page } = await open();
  await chat.write("count");
  await chat.says("1 2 3");
  const stopped = page.waitForResponse((response) => /\/stop\?/.test(response.url()));
  await chat.stop.click();
  await chat.send.waitFor();
  assert.ok((await stopped).ok());
  const said = await chat.lastAnswer();
  assert.ok(!said.includes("that is all"), said);
  await page.reload();
  await chat.says("1 2 3");
  // The server has what the page had, or a few words more.
  assert.ok(!(await chat.lastAnswer()).includes("that is all"));
  assert.equal(await chat.ask("say on"), "You said on.");
});

test("a running answer goes on after a reload", async () => {
  const { chat, page } = await open();
  await chat.write("go on counting");
  await chat.says("1 2 3");
  await page.reload();
  await chat.stop.waitFor();
  await chat.says(" 600 ");
  await chat.says("1200 and that is all.");
  await chat.idle();
  assert.equal(await chat.answers.count(), 1);
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 1199 1200 and that is all\.$/s);
});

test("a second tab shows the same answer as it comes", async () => {
  const { chat, page } = await open();
  await chat.write("go on counting");
  await chat.says("1 2 3");
  const second = watch(await page.context().newPage());
  const other = new Chat(second.page);
  await other.visit(page.url());
  await other.says("1 2 3");
  await other.stop.waitFor();
  await other.says(" 600 ");
  await Promise.all([other.says("and that is all."), chat.says("and that is all.")]);
  assert.equal(await other.lastAnswer(), await chat.lastAnswer());
  mustBeQuiet(second, desk.url);
});

test("a lost connection is waited for, and nothing of the answer is missing", async (t) => {
  const wire = await Wire.to(desk.url);
  t.after(() => wire.close());
  const { page } = await openPage(browser);
  const chat = await new Chat(page).visit(`${wire.url}/?user=talker${++users}`);
  await chat.write("count");
  await chat.says("1 2 3");
  wire.cut();
  await chat.root.getByText("The connection was lost. Trying again …").first().waitFor();
  wire.mend();
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
  assert.equal(await chat.answers.count(), 1);
});

test("an answer is made anew", async () => {
  const { chat, page } = await open();
  await chat.ask("say once");
  const asked = page.waitForRequest((request) => request.postData()?.includes("threads.retry_after_item") ?? false);
  const first = await chat.answers.first().elementHandle();
  await chat.button("Answer again").click();
  await asked;
  // The old one is gone, so what is read next is the new one.
  await eventually(async () => assert.equal(await first?.evaluate((element) => element.isConnected), false));
  assert.equal(await chat.focused(), "Message", "the button took the focus with it");
  await chat.says("You said once.");
  await chat.idle();
  assert.equal(await chat.answers.count(), 1);
});

test("an opinion about an answer is told to the server", async () => {
  const { chat, page } = await open();
  await chat.ask("say something good");
  const told = page.waitForRequest((request) => request.postData()?.includes("items.feedback") ?? false);
  await chat.button("Good answer").click();
  const { params } = (await told).postDataJSON() as { params: { kind: string; item_ids: string[] } };
  assert.equal(params.kind, "positive");
  assert.ok(params.item_ids.length > 0);
  await eventually(async () => assert.equal(await chat.button("Good answer").getAttribute("aria-pressed"), "true"));
});

test("the last message is written anew, and takes the place of the old one", async () => {
  const { chat, page } = await open();
  await chat.ask("say first");
  await chat.ask("say second");
  await chat.questions.last().hover();
  await chat.button("Edit the message").click();
  await chat.root.getByText("Editing your message").waitFor();
  assert.equal(await chat.field.inputValue(), "say second");
  const sent = page.waitForRequest((request) => request.postData()?.includes("replaces") ?? false);
  await chat.write("say third");
  const { params } = (await sent).postDataJSON() as { params: { replaces: string } };
  assert.ok(params.replaces);
  await chat.says("You said third.");
  await chat.idle();
  const all = ["You said:\nsay first", "You said:\nsay third"];
  await eventually(async () => assert.deepEqual(await chat.questions.allInnerTexts(), all));
  await page.reload();
  await chat.says("You said third.");
  assert.deepEqual(await chat.questions.allInnerTexts(), all);
});

test("Markdown is elements, and nothing in it runs or loads", async () => {
  const { chat, page, watched } = await open();
  await chat.ask("show everything");
  const answer = chat.answers.last();
  await answer.getByRole("heading", { name: "A heading" }).waitFor();
  assert.equal(await answer.getByRole("table").getByRole("row").count(), 3);
  assert.equal(await answer.getByRole("link", { name: "a link" }).getAttribute("href"), "https://example.com/page");
  assert.equal(await answer.getByRole("link", { name: "a bad link" }).count(), 0);
  // Parts that are loaded when they are first needed.
  await answer.locator("math").first().waitFor();
  await answer.locator("pre span").first().waitFor();
  assert.equal(await answer.locator("img").count(), 0);
  assert.notEqual(await page.title(), "hacked");
  mustBeQuiet(watched, desk.url);
});

test("start prompts begin a thread", async () => {
  const { chat } = await open();
  await chat.button("What can you do?").click();
  await chat.idle();
  assert.equal(await chat.questions.innerText(), "You said:\nWhat can you do?");
});

test("words that aren't selected any more aren't offered as a quote", async () => {
  const { chat, page, watched } = await open();
  await chat.ask("say something to quote");
  await chat.answers.last().getByText("You said").selectText();
  await chat.button("Quote").waitFor();
  await page.evaluate(() => getSelection()?.removeAllRanges());
  await chat.button("Quote").waitFor({ state: "detached" });
  mustBeQuiet(watched, desk.url);
});
