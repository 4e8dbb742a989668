/** The product on PostgreSQL, two processes of it: what is attached and said at one of them is there at the other. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { eventually, mustBeQuiet, openBrowser, openPage } from "./browser";
import { Chat } from "./chat";
import { Postgres, POSTGRES } from "./postgres";
import { Program } from "./program";

let browser: Browser;
let postgres: Postgres;
let files: string;
const desks: Program[] = [];
before(async () => {
  if (!POSTGRES) return;
  files = mkdtempSync(path.join(tmpdir(), "frontdesk-files-"));
  [browser, postgres] = await Promise.all([openBrowser(), Postgres.start(POSTGRES)]);
  const shared = {
    FRONTDESK__STORE__URL: postgres.url,
    FRONTDESK__FILES__URL: pathToFileURL(files).href,
    FRONTDESK__SERVER__SECRET: "a secret that both processes have",
  };
  for (const _ of ["one", "other"]) desks.push(await Program.frontdesk(shared));
});
after(async () => {
  await browser?.close();
  await Promise.all(desks.map((desk) => desk.end()));
  await postgres?.end();
  if (files) rmSync(files, { recursive: true, force: true });
});

const here = { skip: !POSTGRES && "there is no PostgreSQL" };

/** A page at each of the two, of the same user. */
async function open(user: string) {
  const pages = [];
  for (const { url } of desks) {
    const watched = await openPage(browser, { viewport: { width: 1500, height: 800 } });
    const chat = await new Chat(watched.page).visit(`${url}/?user=${user}`);
    pages.push({ chat, watched, url });
  }
  const [one, other] = pages;
  assert.ok(one && other);
  return { one, other };
}

test("a file that is attached at one process is opened at the other", here, async () => {
  const { one, other } = await open("filer");
  const dialog = one.watched.page.waitForEvent("filechooser");
  await one.chat.button("Attach files").click();
  await (await dialog).setFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("remember the milk") });
  const attached = one.chat.root.getByRole("list", { name: "Attached files" });
  await attached.getByText("notes.txt").waitFor();
  await eventually(async () => assert.equal(await attached.getByRole("progressbar").count(), 0));
  await one.chat.ask("say notes");
  await other.chat.openHistory();
  await other.chat.row("say notes").getByRole("button", { name: "say notes", exact: true }).click();
  const address = await other.chat.questions.getByRole("link", { name: "Open notes.txt" }).getAttribute("href");
  const saved = await other.watched.page.request.get(new URL(address ?? "", other.url).href);
  assert.deepEqual([saved.status(), await saved.text()], [200, "remember the milk"]);
  for (const { watched, url } of [one, other]) mustBeQuiet(watched, url);
});

test("what is said at one process is found at the other, and goes on there", here, async () => {
  const { one, other } = await open("seeker");
  await one.chat.ask("say apples");
  await one.chat.button("New chat").click();
  await eventually(async () => assert.equal(await one.chat.answers.count(), 0));
  await one.chat.ask("say pears");
  await other.chat.openHistory();
  await other.chat.row("say pears").waitFor();
  await other.chat.history.getByRole("searchbox", { name: "Search chats" }).fill("apples");
  await other.chat.row("say pears").waitFor({ state: "detached" });
  await other.chat.history.getByRole("listitem").getByText("You said apples.").waitFor();
  await other.chat.history.getByRole("searchbox").press("ArrowDown");
  await other.watched.page.keyboard.press("Enter");
  await other.chat.says("You said apples.");
  assert.equal(await other.chat.ask("say plums"), "You said plums.");
  assert.deepEqual(await other.chat.questions.allInnerTexts(), ["You said:\nsay apples", "You said:\nsay plums"]);
  for (const { watched, url } of [one, other]) mustBeQuiet(watched, url);
});
