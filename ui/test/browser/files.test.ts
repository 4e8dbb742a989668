/** Attachments, against the product: pasted, picked, shown, loaded again. */
import type { Browser } from "playwright-core";
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

let users = 0;
async function open() {
  const watched = await openPage(browser);
  const chat = await new Chat(watched.page).visit(`${desk.url}/?user=filer${++users}`);
  return { chat, watched, page: watched.page };
}

test("a picture is pasted, sent and shown, also after a reload", async () => {
  const { chat, page, watched } = await open();
  await chat.field.focus();
  await page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    canvas.getContext("2d")?.fillRect(0, 0, 4, 8);
    const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made ?? new Blob())));
    const data = new DataTransfer();
    data.items.add(new File([blob], "square.png", { type: "image/png" }));
    const field = document.querySelector("#chat")?.shadowRoot?.querySelector("textarea");
    field?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, composed: true, cancelable: true }));
  });
  const files = chat.root.getByRole("list", { name: "Attached files" });
  await files.getByText("square.png").waitFor();
  await eventually(async () => assert.equal(await files.getByRole("progressbar").count(), 0));
  await chat.ask("say picture");
  const picture = chat.questions.locator('img[alt="square.png"]');
  const isShown = () => picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth === 8);
  await eventually(async () => assert.ok(await isShown(), "the picture isn't shown"));
  await page.reload();
  await eventually(async () => assert.ok(await isShown(), "the picture isn't shown again"));
  mustBeQuiet(watched, desk.url);
});

test("a file is picked, sent, and saved again from its link", async () => {
  const { chat, page, watched } = await open();
  const dialog = page.waitForEvent("filechooser");
  await chat.button("Attach files").click();
  await (await dialog).setFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("remember the milk") });
  const files = chat.root.getByRole("list", { name: "Attached files" });
  await eventually(async () => assert.equal(await files.getByRole("progressbar").count(), 0));
  await chat.ask("say notes");
  assert.equal(await files.count(), 0);
  const link = chat.questions.getByRole("link", { name: "Open notes.txt" });
  const address = await link.getAttribute("href");
  assert.ok(address);
  const saved = await page.request.get(new URL(address, desk.url).href);
  assert.equal(await saved.text(), "remember the milk");
  mustBeQuiet(watched, desk.url);
});

test("a file that isn't taken says why, and can be removed", async () => {
  const { chat, page } = await open();
  const dialog = page.waitForEvent("filechooser");
  await chat.button("Attach files").click();
  await (await dialog).setFiles({ name: "tool.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 1, 2, 3]) });
  const files = chat.root.getByRole("list", { name: "Attached files" });
  await files.getByRole("alert").waitFor();
  await chat.button("Remove tool.bin").click();
  await files.waitFor({ state: "detached" });
  await chat.ask("say on");
});
