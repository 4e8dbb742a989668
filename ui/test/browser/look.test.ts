/** How the page looks: its colours, its languages, and on a phone. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
async function open(options: BrowserContextOptions = {}) {
  const watched = await openPage(browser, options);
  const chat = new Chat(watched.page);
  await watched.page.goto(`${desk.url}/?user=looker${++users}`);
  await chat.root.locator("textarea").waitFor();
  return { chat, watched, page: watched.page };
}

/** How light the background is, 0 to 255. */
async function light(chat: Chat): Promise<number> {
  return chat.root.evaluate((element) => {
    const canvas = document.createElement("canvas").getContext("2d");
    if (!canvas) return NaN;
    canvas.fillStyle = getComputedStyle(element).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  });
}

test("the colours follow the system, and then what the reader picks", async () => {
  const { chat, page, watched } = await open({ colorScheme: "dark" });
  assert.ok((await light(chat)) < 80, "the system is dark, the chat isn't");
  await page.emulateMedia({ colorScheme: "light" });
  await eventually(async () => assert.ok((await light(chat)) > 200));
  await page.locator("#scheme").getByText("Dark").click();
  await eventually(async () => assert.ok((await light(chat)) < 80));
  await page.reload();
  await chat.field.waitFor();
  await eventually(async () => assert.ok((await light(chat)) < 80, "the choice was forgotten"));
  mustBeQuiet(watched, desk.url);
});

test("a page that names no colours gets light ones, whatever the system wants", async () => {
  const { chat, page } = await open({ colorScheme: "dark" });
  const dress = (theme?: unknown) =>
    page.evaluate((given) => {
      const element = document.querySelector<HTMLElement & { setOptions(options: unknown): void }>("#chat");
      element?.setOptions({ api: { url: new URL("chatkit", document.baseURI).href, domainKey: "local" }, theme: given });
    }, theme);
  await dress();
  await eventually(async () => assert.ok((await light(chat)) > 200, "the default isn't light"));
  await dress("system");
  await eventually(async () => assert.ok((await light(chat)) < 80, "the system isn't followed"));
});

test("the accent that the reader picks is the chat's", async () => {
  const { chat, page } = await open();
  const accent = () => chat.root.evaluate((element) => getComputedStyle(element).getPropertyValue("--fd-accent").trim());
  const before = await accent();
  const pressed = () => page.locator("#accents").getByRole("button", { pressed: true }).evaluateAll((all) => all.map((one) => one.ariaLabel));
  assert.deepEqual(await pressed(), ["Ink"]);
  await page.getByRole("button", { name: "Violet" }).click();
  await eventually(async () => assert.notEqual(await accent(), before));
  assert.deepEqual(await pressed(), ["Violet"]);
});

test("a page of 320 pixels shows everything without being moved sideways", async () => {
  const { chat, page } = await open({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  const fits = async (what: string) => {
    const [inner, whole] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
    assert.equal(whole, inner, `${what} is too wide`);
    const chatWidth = await chat.root.evaluate((element) => {
      const parts = [...(element.shadowRoot?.querySelectorAll('[part~="app"], [role="log"], [part~="composer"]') ?? [])];
      return Math.max(...parts.map((part) => part.scrollWidth - part.clientWidth));
    });
    assert.ok(chatWidth <= 0, `${what} can be moved sideways by ${chatWidth}`);
  };
  await fits("the start");
  await chat.field.fill("show everything");
  await chat.send.click();
  await chat.idle();
  await fits("an answer");
  await chat.openHistory();
  await chat.row("show everything").waitFor();
  await fits("the history");
  // It covers everything, so it goes away when a chat is chosen.
  await chat.row("show everything").getByRole("button", { name: "show everything", exact: true }).tap();
  await chat.history.waitFor({ state: "detached" });
  await fits("the answer again");
});

test("a language that is written from right to left turns the page around", async () => {
  const { chat, page, watched } = await open({ locale: "ar" });
  const app = chat.root.locator('[part~="app"]');
  await eventually(async () => assert.equal(await app.getAttribute("dir"), "rtl"));
  assert.equal(await app.getAttribute("lang"), "ar");
  assert.equal(await chat.button("New chat").count(), 0);
  await chat.root.locator("textarea").fill("say salaam");
  await page.keyboard.press("Enter");
  await chat.says("You said salaam.");
  const [mine, theirs] = await Promise.all([chat.questions.locator(".message-bubble").boundingBox(), chat.log.boundingBox()]);
  assert.ok(mine && theirs && mine.x < theirs.x + theirs.width / 3, "the user's messages aren't at the other side");
  mustBeQuiet(watched, desk.url);
});

test("the chat is there alone for frames", async () => {
  const watched = await openPage(browser);
  const chat = await new Chat(watched.page).visit(`${desk.url}/embed?user=looker${++users}`);
  assert.equal(await chat.ask("say frame"), "You said frame.");
  mustBeQuiet(watched, desk.url);
});

test("the chat talks in a frame of an application's page", async (t) => {
  const application = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>"));
  await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  const framed = await Program.frontdesk({ FRONTDESK__CORS__ALLOWED_ORIGINS: origin });
  t.after(async () => {
    application.closeAllConnections();
    application.close();
    await framed.end();
  });
  const { page } = await openPage(browser);
  await page.goto(origin);
  await page.evaluate((address) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    document.body.append(frame);
  }, `${framed.url}/embed?user=looker${++users}`);
  const inside = page.frameLocator("iframe");
  await inside.getByRole("textbox", { name: "Message", exact: true }).fill("say framed");
  await inside.getByRole("button", { name: "Send", exact: true }).click();
  await inside.getByRole("log").getByText("You said framed.").waitFor();
});
