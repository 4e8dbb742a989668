/** What destroys something asks first; the answer is given with the pointer or with the keyboard. */
import type { Browser, Locator } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet, openBrowser, openPage } from "./browser";
import { Chat } from "./chat";
import { Keys } from "./keys";
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

let users = 0;
async function asked(task: string) {
  const watched = await openPage(browser);
  const chat = await new Chat(watched.page).visit(`${desk.url}/?user=approver${++users}`);
  const added = await chat.ask(`add ${task}`);
  const id = /#(\d+)/.exec(added)?.[1];
  await chat.write(`delete ${id}`);
  const card = chat.root.locator('[part~="widget"]').last();
  await card.getByRole("button").first().waitFor();
  await chat.send.waitFor();
  return { chat, watched, card, page: watched.page };
}

/** The colour of a button. */
const ground = (card: Locator, name: string) =>
  card.getByRole("button", { name, exact: true }).evaluate((button) => {
    const canvas = document.createElement("canvas").getContext("2d");
    if (!canvas) throw new Error("the browser can't draw");
    canvas.fillStyle = getComputedStyle(button).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return { red, green, blue };
  });

test("a task is deleted when that is approved, and the card says so", async () => {
  const { chat, card, watched, page } = await asked("milk");
  assert.match(await card.innerText(), /Delete a task/);
  const [approve, decline] = [await ground(card, "Approve"), await ground(card, "Decline")];
  assert.ok(approve.red > 2 * approve.green && approve.red > 2 * approve.blue, `what destroys isn't red: ${JSON.stringify(approve)}`);
  assert.ok(Math.abs(decline.red - decline.green) < 30, `what keeps everything is coloured: ${JSON.stringify(decline)}`);
  // Another answer would take the question away.
  assert.equal(await chat.button("Answer again").count(), 0);
  await card.getByRole("button", { name: "Approve" }).click();
  await chat.says("Deleted milk.");
  await eventually(async () => assert.match(await card.innerText(), /Approved/));
  assert.equal(await card.getByRole("button", { name: "Approve" }).count(), 0);
  await chat.idle();
  await eventually(async () => assert.equal(await chat.button("Answer again").count(), 1));
  await page.reload();
  await chat.says("Deleted milk.");
  await eventually(async () => assert.match(await card.innerText(), /Approved/));
  assert.match(await chat.ask("list"), /In all 0/);
  mustBeQuiet(watched, desk.url);
});

test("a question that waits is there after a reload, and can be declined", async () => {
  const { chat, card, page } = await asked("bread");
  await page.reload();
  await card.getByRole("button", { name: "Decline" }).click();
  await chat.says("All right, it stays.");
  await chat.idle();
  assert.match(await chat.ask("list"), /bread/);
});

test("the keyboard alone is enough to approve, to decline, and to approve once and for all", async () => {
  const { chat, page } = await asked("eggs");
  const keys = new Keys(page);
  const answer = async (name: string) => {
    await keys.to(name, "Shift+Tab");
    await page.keyboard.press("Enter");
  };
  const add = async (task: string) => /#(\d+)/.exec(await chat.ask(`add ${task}`))?.[1];
  await answer("Approve");
  await chat.says("Deleted eggs.");
  await chat.idle();
  await chat.write(`delete ${await add("flour")}`);
  await chat.button("Decline").waitFor();
  await chat.send.waitFor();
  await answer("Decline");
  await chat.says("All right, it stays.");
  await chat.idle();
  await chat.write(`delete ${await add("salt")}`);
  await chat.button("Always for this thread").waitFor();
  await chat.send.waitFor();
  await answer("Always for this thread");
  await chat.says("Deleted salt.");
  await chat.idle();
  assert.equal(await chat.ask(`delete ${await add("sugar")}`), "Deleted sugar.");
});
