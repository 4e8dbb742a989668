/** A Frontdesk on another origin than the application's page: all that one on the same origin does. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet, openBrowser } from "./browser";
import { embed, setOptions, told, type Embedded } from "./embedding";
import { Program } from "./program";
import { Stand } from "./stand";
import { Wire } from "./wire";

let browser: Browser;
let front: Program;
let application: Stand;
let stranger: Stand;
let desk: Program;
before(async () => {
  [browser, front] = await Promise.all([openBrowser(), Program.frontdesk()]);
  [application, stranger] = await Promise.all([Stand.open(front.url), Stand.open(front.url)]);
  // The policy of our own page lets nobody call another origin.
  for (const stand of [application, stranger]) stand.page("/", '<script src="/chatkit.js" async></script>', undefined, {});
  desk = await Program.frontdesk({ FRONTDESK__CORS__ALLOWED_ORIGINS: application.url });
});
after(async () => {
  application?.close();
  stranger?.close();
  await browser?.close();
  await Promise.all([front?.end(), desk?.end()]);
});

/** Each test is another user. */
let users = 0;
const apiAt = (origin: string) => ({ url: `${origin}/chatkit?user=far${++users}`, domainKey: "local" });

async function threadOf({ page }: Pick<Embedded, "page">): Promise<string> {
  const change = (await told(page)).findLast(([name]) => name === "thread.change")?.[1] as { threadId: string };
  return change.threadId;
}

test("an answer goes on after a reload of the application's page", async () => {
  const api = apiAt(desk.url);
  const { chat, page, ...watched } = await embed(browser, application, { api });
  await chat.write("count");
  await chat.says(/^1 2 3/);
  const initialThread = await threadOf({ page });
  await page.reload();
  await setOptions(page, { api, initialThread });
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.equal(await chat.answers.count(), 1);
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
  mustBeQuiet({ page, ...watched }, application.url, desk.url);
});

test("an answer is stopped where it is made", async () => {
  const api = apiAt(desk.url);
  const { chat, page } = await embed(browser, application, { api });
  await chat.write("go on counting");
  await chat.says(/^1 2 3/);
  const stopped = page.waitForResponse((response) => /\/chatkit\/turns\/[^/]+\/stop\?/.test(response.url()));
  await chat.stop.click();
  assert.ok((await stopped).ok());
  await chat.send.waitFor();
  const initialThread = await threadOf({ page });
  await page.reload();
  await setOptions(page, { api, initialThread });
  await chat.says(/^1 2 3/);
  assert.equal(await chat.stop.count(), 0);
  assert.ok(!(await chat.lastAnswer()).includes("that is all"));
});

test("a lost connection is waited for, and read on from where it broke", async (t) => {
  const wire = await Wire.to(desk.url);
  t.after(() => wire.close());
  const { chat, page } = await embed(browser, application, { api: apiAt(wire.url) });
  await chat.write("count");
  await chat.says(/^1 2 3/);
  wire.cut();
  await chat.root.getByText("The connection was lost. Trying again …").first().waitFor();
  const resumed = page.waitForRequest((request) => /\/turns\/[^/]+\/events/.test(request.url()) && request.method() === "GET");
  wire.mend();
  assert.match((await (await resumed).allHeaders())["last-event-id"] ?? "", /./);
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
});

test("chats are found by what was said in them, and a message is written anew", async () => {
  const { chat, page, ...watched } = await embed(browser, application, { api: apiAt(desk.url) });
  await chat.ask("say apples");
  await chat.button("New chat").click();
  await eventually(async () => assert.equal(await chat.answers.count(), 0));
  await chat.ask("say pears");
  // Only a Frontdesk can, so the page must know that it is one.
  await chat.questions.last().hover();
  await chat.button("Edit the message").waitFor();
  await chat.openHistory();
  await chat.history.getByRole("searchbox", { name: "Search chats" }).fill("apples");
  await chat.row("say pears").waitFor({ state: "detached" });
  await chat.history.getByText("apples").first().waitFor();
  mustBeQuiet({ page, ...watched }, application.url, desk.url);
});

test("a page that isn't on the list reads nothing", async () => {
  const { chat } = await embed(browser, stranger, { api: apiAt(desk.url) });
  await chat.write("say secret");
  await chat.root.getByText("The assistant can't be reached. Please check your connection.").first().waitFor();
  assert.equal(await chat.field.inputValue(), "say secret");
  assert.equal(await chat.answers.count(), 0);
});
