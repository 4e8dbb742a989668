/** Our own page with the keyboard alone: written, stopped, attached, judged, edited, looked up, renamed, deleted, dressed. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, openBrowser, openPage } from "./browser";
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
async function open() {
  const { page } = await openPage(browser);
  const chat = await new Chat(page).visit(`${desk.url}/?user=keys${++users}`);
  return { page, chat, keys: new Keys(page) };
}

test("written and stopped without a pointer", async () => {
  const { chat, keys } = await open();
  await keys.to("Message");
  await keys.type("say keys");
  await keys.press("Enter", "Message");
  await chat.idle();
  await keys.isOn("Message");
  await chat.says("You said keys.");

  // Escape in the field stops.
  await keys.type("go on counting");
  await keys.press("Enter", "Message");
  await chat.says("1 2 3");
  await keys.press("Escape", "Message");
  await chat.send.waitFor();
  assert.ok(!(await chat.lastAnswer()).includes("that is all"));

  // So does the button.
  await keys.type("go on counting");
  await keys.press("Enter", "Message");
  await eventually(async () => assert.equal(await chat.answers.count(), 3));
  await chat.says("1 2 3");
  await keys.to("Stop the answer");
  await keys.press("Enter", "Send");
  await chat.send.waitFor();
  assert.ok(!(await chat.lastAnswer()).includes("that is all"));
});

test("looked up, searched, renamed and deleted without a pointer", async () => {
  const { chat, keys } = await open();
  await chat.ask("say doors");
  await keys.to("New chat", "Shift+Tab");
  await keys.press("Enter", "Message");
  await keys.type("say windows");
  await keys.press("Enter", "Message");
  await chat.says("You said windows.");
  await chat.idle();

  // The history takes the focus, and gives it back.
  await keys.to("Show chats", "Shift+Tab");
  await keys.press("Enter", "Search chats");
  await chat.row("say doors").waitFor();
  await keys.press("Escape", "Show chats");
  await keys.press("Enter", "Search chats");
  await keys.type("doors");
  await chat.row("say windows").waitFor({ state: "detached" });
  await keys.press("ArrowDown", "say doorsYou said doors.");
  await keys.press("Enter", "Show chats");
  await chat.says("You said doors.");

  await keys.press("Enter", "Search chats");
  await keys.press("Control+A", "Search chats");
  await keys.press("Delete", "Search chats");
  await chat.row("say windows").waitFor();
  await keys.press("ArrowDown", "say windows");
  await keys.press("Tab", "Actions for “say windows”");
  await keys.press("Enter", "Rename");
  await keys.press("Enter", "Name of the chat");
  await keys.type("Doors");
  await keys.press("Enter", "Doors");

  await keys.press("Tab", "Actions for “Doors”");
  await keys.press("Enter", "Rename");
  await keys.press("ArrowDown", "Delete");
  // A second Enter doesn't delete.
  await keys.press("Enter", "Cancel");
  await keys.press("Enter", "Doors");
  await keys.press("Tab", "Actions for “Doors”");
  await keys.press("Enter", "Rename");
  await keys.press("ArrowDown", "Delete");
  await keys.press("Enter", "Cancel");
  await keys.press("Tab", "Delete");
  await keys.press("Enter", "say doors");
  assert.equal(await chat.row("Doors").count(), 0);
});

test("a file attached, an answer judged, made anew and asked for otherwise, without a pointer", async () => {
  const { chat, keys, page } = await open();
  const files = chat.root.getByRole("list", { name: "Attached files" });
  const attach = async () => {
    const dialog = page.waitForEvent("filechooser");
    await keys.to("Attach files");
    await page.keyboard.press("Enter");
    await (await dialog).setFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("remember the milk") });
    await keys.isOn("Message");
    await files.getByText("notes.txt").waitFor();
    await eventually(async () => assert.equal(await files.getByRole("progressbar").count(), 0));
  };
  await keys.to("Message");
  await attach();
  await keys.to("Remove notes.txt", "Shift+Tab");
  await keys.press("Enter", "Message");
  await files.waitFor({ state: "detached" });
  await attach();
  await keys.type("say notes");
  await keys.press("Enter", "Message");
  await chat.says("I am a script for tests.");
  await chat.idle();
  await keys.to("Open notes.txt", "Shift+Tab");

  await keys.to("Good answer");
  await keys.press("Enter", "Good answer");
  await eventually(async () => assert.equal(await chat.button("Good answer").getAttribute("aria-pressed"), "true"));
  const first = await chat.answers.first().elementHandle();
  await keys.to("Answer again");
  await keys.press("Enter", "Message");
  await eventually(async () => assert.equal(await first?.evaluate((element) => element.isConnected), false));
  await chat.says("I am a script for tests.");
  await chat.idle();

  await keys.to("Edit the message", "Shift+Tab");
  await keys.press("Enter", "Message");
  await keys.press("Escape", "Message");
  await chat.root.getByText("Editing your message").waitFor({ state: "detached" });
  await keys.to("Edit the message", "Shift+Tab");
  await keys.press("Enter", "Message");
  await keys.press("Control+A", "Message");
  await keys.type("say more");
  await keys.press("Enter", "Message");
  await eventually(async () => assert.deepEqual(await chat.questions.locator(".message-bubble").allInnerTexts(), ["say more"]));
  await chat.idle();
});

test("the page is dressed, and its lines copied, without a pointer", async () => {
  const { chat, keys, page } = await open();
  const ground = () => chat.root.evaluate((element) => getComputedStyle(element).backgroundColor);
  const light = await ground();
  await keys.to("System", "Shift+Tab");
  await keys.press("ArrowRight", "Light");
  await keys.press("ArrowRight", "Dark");
  await eventually(async () => assert.notEqual(await ground(), light));
  await keys.to("The lines for your page");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await keys.press("Tab", "Copy");
  await keys.press("Enter", "Copy");
  await page.getByRole("status").getByText("Copied.", { exact: true }).waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^<script src=.*<openai-chatkit id="chat">.*<\/script>$/s);
  await keys.to("Green");
  await keys.press("Space", "Green");
  await eventually(async () => assert.equal(await page.getByRole("button", { name: "Green" }).getAttribute("aria-pressed"), "true"));
});
