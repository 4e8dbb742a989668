/** What axe finds: nothing, on any face of our own pages. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { mustBeClean } from "./accessible";
import { eventually, openBrowser, openPage } from "./browser";
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

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing in a ${colorScheme} page`, async () => {
    const { page } = await openPage(browser, { colorScheme, viewport: { width: 1500, height: 900 } });
    const chat = await new Chat(page).visit(`${desk.url}/?user=axe-${colorScheme}`);
    await mustBeClean(page, "start");
    await chat.ask("show everything");
    await chat.answers.locator("math").first().waitFor();
    await chat.button("Good answer").click();
    await mustBeClean(page, "chat");
    const added = await chat.ask("add milk");
    await chat.write(`delete ${/#(\d+)/.exec(added)?.[1]}`);
    await chat.button("Approve").waitFor();
    await chat.send.waitFor();
    await mustBeClean(page, "approval");
    await chat.openHistory();
    await chat.row("show everything").waitFor();
    await mustBeClean(page, "history beside the chat");
    await chat.history.getByRole("button", { name: /^Actions for/ }).first().click();
    await chat.root.getByRole("menu").waitFor();
    await mustBeClean(page, "menu");
    await chat.root.getByRole("menuitem", { name: "Rename" }).click();
    await mustBeClean(page, "renaming");
    await page.keyboard.press("Escape");
    await chat.choose("show everything", "Delete");
    await mustBeClean(page, "deleting");
    await chat.button("Cancel").click();
    await chat.history.getByRole("searchbox").fill("milk");
    // The excerpt, which only what was searched for has.
    await chat.history.getByRole("listitem").getByText("milk").waitFor();
    await mustBeClean(page, "search");
    await chat.history.getByRole("searchbox").fill("nowhere to be found");
    await chat.history.getByText("Nothing found").waitFor();
    await mustBeClean(page, "search without success");
    await page.setViewportSize({ width: 360, height: 700 });
    await chat.history.and(chat.root.getByRole("dialog")).waitFor();
    await mustBeClean(page, "history over the chat");
  });

  test(`axe finds nothing in a ${colorScheme} frame, and in files`, async () => {
    const { page } = await openPage(browser, { colorScheme });
    const chat = await new Chat(page).visit(`${desk.url}/embed?user=axe-frame-${colorScheme}`);
    await mustBeClean(page, "start");
    const dialog = page.waitForEvent("filechooser");
    await chat.button("Attach files").click();
    await (await dialog).setFiles([
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("remember the milk") },
      { name: "tool.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 1, 2, 3]) },
    ]);
    const files = chat.root.getByRole("list", { name: "Attached files" });
    await files.getByRole("alert").waitFor();
    await eventually(async () => assert.equal(await files.getByRole("progressbar").count(), 0));
    await mustBeClean(page, "files");
    await chat.button("Remove tool.bin").click();
    await chat.ask("say notes");
    await chat.questions.getByRole("link", { name: "Open notes.txt" }).waitFor();
    await chat.questions.last().hover();
    await chat.button("Edit the message").click();
    await mustBeClean(page, "editing");
  });
}
