/** Signing in: who isn't signed in sees nothing, and goes on where the page is; everybody has threads of their own. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, openBrowser, openPage } from "./browser";
import { Chat } from "./chat";
import { Program } from "./program";

const SIGN_IN = "Please sign in again.";
/** What the proxy in front says of who asks. */
const as = (user: string) => ({ "X-User": user });

let browser: Browser;
let desk: Program;
before(async () => {
  const proxy = {
    FRONTDESK__AUTH__MODE: "trusted_proxy",
    FRONTDESK__AUTH__USER_HEADER: "X-User",
    FRONTDESK__AUTH__PEERS: "127.0.0.1",
  };
  [browser, desk] = await Promise.all([openBrowser(), Program.frontdesk(proxy)]);
});
after(async () => {
  await browser?.close();
  await desk?.end();
});

/** Opens the page as that user, or as nobody, at a thread that its address may name. */
async function open(headers: Record<string, string>, address = desk.url) {
  const { page } = await openPage(browser, { extraHTTPHeaders: headers, viewport: { width: 1500, height: 800 } });
  const chat = new Chat(page);
  await page.goto(address);
  await chat.root.locator('[part~="app"]').waitFor();
  return { chat, page, signIn: (user: string) => page.context().setExtraHTTPHeaders(as(user)) };
}

test("who isn't signed in is told so, loses no word, and goes on once that is mended", async () => {
  const { chat, page, signIn } = await open({});
  await page.evaluate(() => Object.assign(window, { isTheSame: true }));
  await chat.write("say hello");
  await chat.root.getByText(SIGN_IN).first().waitFor();
  assert.equal(await chat.field.inputValue(), "say hello");
  assert.equal(await chat.questions.count(), 0);
  await chat.openHistory();
  await chat.history.getByRole("alert").getByText(SIGN_IN).waitFor();
  assert.equal(await chat.history.getByRole("listitem").count(), 0);

  await signIn("dora");
  await chat.history.getByRole("button", { name: "Try again" }).click();
  await chat.history.getByText("No chats yet").waitFor();
  await chat.field.press("Enter");
  await chat.says("You said hello.");
  await chat.idle();
  await chat.row("say hello").waitFor();
  assert.equal(await chat.root.getByText(SIGN_IN).count(), 0);
  assert.ok(await page.evaluate(() => "isTheSame" in window), "the page was loaded anew");
});

test("a thread that the address names is shown to its user alone", async () => {
  const ann = await open(as("ann"));
  await ann.chat.ask("say bananas");
  await eventually(() => assert.match(ann.page.url(), /#.+/));
  const address = ann.page.url();

  const bob = await open(as("bob"), address);
  await bob.chat.root.getByText("This chat doesn't exist any more.").first().waitFor();
  await bob.chat.button("New chat").click();
  await bob.chat.ask("say cherries");
  await bob.chat.openHistory();
  await bob.chat.row("say cherries").waitFor();
  await bob.chat.hasListed();
  assert.equal(await bob.chat.history.getByRole("listitem").count(), 1);
  await bob.chat.history.getByRole("searchbox").fill("bananas");
  await bob.chat.history.getByText("Nothing found").waitFor();

  const { chat, signIn } = await open({}, address);
  await chat.root.getByRole("alert").getByText(SIGN_IN).waitFor();
  assert.equal(await chat.root.getByText("bananas").count(), 0);
  await signIn("ann");
  await chat.button("Try again").click();
  await chat.says("You said bananas.");
  assert.deepEqual(await chat.questions.allInnerTexts(), ["You said:\nsay bananas"]);
});

test("a sign-in that ends in the middle of an answer costs nothing of it", async () => {
  const { chat, page, signIn } = await open(as("eve"));
  await chat.write("count");
  await chat.says(/^1 2 3/);
  await page.context().setExtraHTTPHeaders({});
  await page.reload();
  await chat.root.getByRole("alert").getByText(SIGN_IN).waitFor();
  assert.equal(await chat.answers.count(), 0);
  await signIn("eve");
  await chat.button("Try again").click();
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
});
