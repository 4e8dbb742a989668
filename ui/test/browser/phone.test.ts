/** The chat on a phone: fingers for a pointer, a keyboard that covers half of the page, and no room to the side. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { devices, type BrowserContextOptions } from "playwright-core";

import type { WidgetNode } from "../../src/protocol/widget";
import { eventually, openPage } from "./browser";
import { Chat } from "./chat";
import { useScene } from "./embedding";
import { everything, list } from "./everything";
import { Refusal } from "./stand";

const scene = useScene();

const { defaultBrowserType: _, ...phone } = devices["Pixel 7"] ?? assert.fail("no such device");
const small: BrowserContextOptions = { ...phone, viewport: { width: 320, height: 640 }, screen: { width: 320, height: 640 } };

const open = (...[options, more]: Parameters<typeof scene.embed>) => scene.embed(options, more, phone);

/** What was sent as messages. */
const sent = () => scene.stand.asked.flatMap(({ params }) => params.input?.content ?? []).map((part) => part.text);

/** Whether the field has the focus, which brings the keyboard up. */
const isWriting = (chat: Chat) => chat.field.evaluate((field) => field.matches(":focus"));

/** Answers whatever is said. */
function answer(text: string): void {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said(text) };
  });
}

test("Enter is a new line, the button sends, and the keyboard stays away from the answer", async () => {
  answer("All right.");
  const { chat, page } = await open();
  assert.ok(await page.evaluate(() => matchMedia("(pointer: coarse) and (hover: none)").matches), "it has a mouse");
  assert.equal(await chat.field.getAttribute("enterkeyhint"), "enter");
  await chat.field.tap();
  await page.keyboard.type("milk");
  await page.keyboard.press("Enter");
  await page.keyboard.type("bread");
  assert.equal(await chat.field.inputValue(), "milk\nbread");
  assert.deepEqual(sent(), []);
  await chat.send.tap();
  await chat.says("All right.");
  await chat.idle();
  assert.deepEqual(sent(), ["milk\nbread"]);
  assert.equal(await isWriting(chat), false);
  // A keyboard that is connected to it has more keys.
  await chat.field.tap();
  await page.keyboard.type("tea");
  await page.keyboard.press("Control+Enter");
  await eventually(() => assert.deepEqual(sent(), ["milk\nbread", "tea"]));
});

test("what begins an answer without a word written leaves the keyboard down", async () => {
  const { stand } = scene;
  answer("Here you are.");
  const { chat } = await open({
    startScreen: { prompts: [{ label: "Prices", prompt: "What does it cost?" }] },
    threadItemActions: { retry: true },
  });
  /** Taps it, and sees where the focus is once it has gone or its answer is there. */
  const stays = async (name: string, isDone: () => Promise<unknown>) => {
    await chat.button(name).tap();
    await isDone();
    assert.equal(await isWriting(chat), false, name);
  };
  await stays("Prices", () => chat.says("Here you are."));

  stand.on("threads.retry_after_item", async function* () {
    yield { type: "notice", level: "info", message: "It may take a while." };
    yield { type: "error", message: "The till is jammed.", allow_retry: true };
  });
  const alert = chat.root.getByRole("alert").getByText("The till is jammed.");
  await stays("Answer again", () => alert.waitFor());
  await stays("Dismiss", () => chat.button("Dismiss").waitFor({ state: "detached" }));
  stand.on("threads.retry_after_item", async function* () {
    yield { type: "thread.item.done", item: stand.said("There it is.") };
  });
  await stays("Try again", () => chat.says("There it is."));

  stand.on("threads.get_by_id", () => new Refusal(503));
  const lost = await open({ initialThread: "thr_1" });
  await lost.chat.button("Try again").waitFor();
  stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, items: { data: items, has_more: false } }));
  await lost.chat.button("Try again").tap();
  await lost.chat.says("Here you are.");
  assert.equal(await isWriting(lost.chat), false, "a thread that is loaded again");
});

test("questions that are answered give the focus to nothing that is written in", async () => {
  const { stand } = scene;
  const item = stand.item("structured_input", {
    status: "pending",
    inputs: [{ type: "multiple_choice", id: "size", question: "Which size?", options: [{ value: "Small" }, { value: "Large" }] }],
  });
  stand.answers(function* () {
    yield { type: "thread.item.done", item };
  });
  stand.on("threads.add_structured_input", async function* () {
    yield { type: "thread.item.replaced", item: { ...item, status: "skipped" } as typeof item };
    yield { type: "thread.item.done", item: stand.said("All right.") };
  });
  const { chat } = await open();
  await chat.field.fill("order");
  await chat.send.tap();
  await chat.button("Skip").tap();
  await chat.says("All right.");
  await chat.field.waitFor();
  assert.equal(await isWriting(chat), false);
});

test("the history covers the page, doesn't ask for the keyboard, and goes away with the choice", async () => {
  const { browser, product } = scene;
  const { page } = await openPage(browser, phone);
  const chat = await new Chat(page).visit(`${product.url}/embed?user=phone`);
  await chat.field.fill("say pears");
  await chat.send.tap();
  await chat.says("You said pears.");
  await chat.idle();
  await chat.button("New chat").tap();
  await eventually(async () => assert.equal(await chat.answers.count(), 0));
  await chat.button("Show chats").tap();
  await chat.row("say pears").waitFor();
  await chat.history.getByRole("searchbox", { name: "Search chats" }).waitFor();
  const [panel, view] = [await chat.history.boundingBox(), page.viewportSize()];
  assert.deepEqual([panel?.x, panel?.y, panel?.height], [0, 0, view?.height]);
  assert.equal(await chat.focused(), "Chats");
  await chat.row("say pears").getByRole("button", { name: "say pears", exact: true }).tap();
  await chat.history.waitFor({ state: "detached" });
  await chat.says("You said pears.");
  assert.equal(await isWriting(chat), false);
});

const WIDE = `| ${["Apples", "Pears", "Plums", "Cherries", "Quinces", "Medlars"].join(" | ")} |\n|${"--|".repeat(6)}\n| ${"a dozen | ".repeat(6)}

\`\`\`
${"one long line of code that nobody has broken; ".repeat(4)}
\`\`\`

$$${Array.from({ length: 30 }, (_, place) => `a_{${place}}`).join(" + ")}$$

${"Averylongword".repeat(20)} and https://example.com/${"very/long/".repeat(20)}`;

const fruits = ["Apples", "Pears", "Plums", "Cherries", "Quinces", "Medlars"];
const row = (header: boolean): WidgetNode => ({
  type: "Table.Row",
  header,
  children: fruits.map((value) => ({ type: "Table.Cell", colSize: "md", children: [{ type: "Text", value }] })),
});
const table: WidgetNode = { type: "Card", children: [{ type: "Table", children: [row(true), row(false)] }] };

test("a page of 320 pixels is moved to the side by nothing, and what is wider moves by itself", async () => {
  const { stand } = scene;
  stand.put("/picture.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="9"/>');
  stand.items.push(stand.said(WIDE));
  for (const widget of [everything, list, table]) stand.items.push(stand.item("widget", { widget }));
  const { chat, page } = await scene.embed({ initialThread: "thr_1" }, undefined, small);
  await chat.answers.locator("math").waitFor();
  await chat.root.locator(".chart-plot svg").waitFor();
  await eventually(async () => assert.ok(await chat.log.evaluate((log) => log.clientWidth > 0 && log.scrollHeight > log.clientHeight)));
  const seen = await chat.root.evaluate((element) => {
    const all = [...(element.shadowRoot?.querySelectorAll<HTMLElement>("*") ?? [])];
    const moves = (one: Element) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth;
    const isHidden = (one: Element) => one.closest(".unseen, [hidden], [popover]") !== null;
    const isIn = (one: Element, outer: (above: Element) => boolean): boolean => {
      for (let above = one.parentElement; above; above = above.parentElement) if (outer(above)) return true;
      return false;
    };
    const isBeyond = (one: Element) => {
      const { left, right, width } = one.getBoundingClientRect();
      return width > 0 && (left < -0.5 || right > innerWidth + 0.5);
    };
    const named = (one: Element) => `${one.localName}.${one.getAttribute("class") ?? ""}`;
    return {
      page: document.documentElement.scrollWidth - innerWidth,
      moving: all.filter(moves).map((one) => one.getAttribute("class")?.split(" ")[0] ?? one.localName),
      beyond: all.filter((one) => isBeyond(one) && !isHidden(one) && !isIn(one, moves)).map(named),
    };
  });
  assert.deepEqual(seen, { page: 0, moving: ["table", "code-text", "formula", "widget-table"], beyond: [] });
  assert.equal(await page.evaluate(() => visualViewport?.scale), 1);
});
