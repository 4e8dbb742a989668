/** The chat in a language that is written from right to left: where its parts stand, which way its keys go, and what stays as it is. */
import type { Locator, Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import { mustBeClean } from "./accessible";
import { chart, form, questions, sources, table, talk, words as arabic } from "./arabic";
import { eventually } from "./browser";
import type { Chat } from "./chat";
import { useScene } from "./embedding";

const scene = useScene();
const words = arabic as Required<typeof arabic>;
const NARROW = { width: 360, height: 740 };

/** Opens a thread with these items. */
async function open(items = talk(scene.stand), ...[options, more]: Parameters<typeof scene.embed>) {
  scene.stand.items.push(...items);
  const embedded = await scene.embed({ locale: "ar", initialThread: "thr_1", ...options }, more);
  await embedded.chat.root.getByRole("textbox", { name: words.messageField, exact: true }).or(embedded.chat.root.getByRole("form")).first().waitFor();
  return embedded;
}

/** One widget alone. */
const openWidget = (widget: typeof form) => open([scene.stand.item("widget", { widget })]);

const box = async (part: Locator) => (await part.boundingBox()) ?? assert.fail(`${part} isn't to be seen`);

/** Names of parts as they stand, from the left. */
async function fromLeft(parts: Record<string, Locator>): Promise<string[]> {
  const places = await Promise.all(
    Object.entries(parts).map(async ([name, part]) => {
      const { x, width } = await box(part);
      return { name, middle: x + width / 2 };
    }),
  );
  return places.sort((one, other) => one.middle - other.middle).map(({ name }) => name);
}

/** Waits until what has opened is all in the window; with an edge, until that meets the same one of what it belongs to. */
async function opens(page: Page, popup: Locator, anchor: Locator, edge?: "left" | "right"): Promise<void> {
  const view = page.viewportSize() ?? assert.fail("no window");
  await eventually(async () => {
    const [it, owner] = [await box(popup), await box(anchor)];
    const isInside = it.x >= 0 && it.y >= 0 && it.x + it.width <= view.width && it.y + it.height <= view.height;
    const apart = { left: it.x - owner.x, right: it.x + it.width - owner.x - owner.width };
    assert.deepEqual({ isInside, apart: edge ? Math.round(apart[edge]) : 0 }, { isInside: true, apart: 0 }, JSON.stringify({ it, owner }));
  });
}

/** Where the text itself begins and ends, from the edges of what holds it. */
const margins = (part: Locator) =>
  part.evaluate((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const [text, whole] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
    return { left: Math.round(text.left - whole.left), right: Math.round(whole.right - text.right) };
  });

/** The characters of a text as they stand, from the left. */
const drawn = (part: Locator) =>
  part.evaluate((element) => {
    const places: { character: string; x: number }[] = [];
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let at = 0; at < (node.nodeValue ?? "").length; at++) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        places.push({ character: (node.nodeValue ?? "").charAt(at), x: range.getBoundingClientRect().x });
      }
    }
    return places.sort((one, other) => one.x - other.x).map(({ character }) => character).join("");
  });

const directionOf = (part: Locator) => part.evaluate((element) => getComputedStyle(element).direction);

const settled = (page: Page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

test("the header and the message field begin at the right, and their menus open inside of the window", async () => {
  const { chat, page } = await open(undefined, {
    composer: {
      attachments: { enabled: true },
      tools: [{ id: "web", label: "البحث", icon: "globe", pinned: true }, { id: "draw", label: "Draw", icon: "images" }],
      models: [{ id: "a", label: "C++" }, { id: "b", label: "سريع", description: "Fast (beta)" }],
    },
  });
  const [history, fresh, add, send] = [words.openChats, words.newChat, words.addMenu, words.send].map((name) => chat.button(name));
  assert.ok(history && fresh && add && send);
  const model = chat.root.locator(".composer-model");
  const check = async () => {
    assert.deepEqual(await fromLeft({ fresh, title: chat.root.getByRole("heading", { name: "A thread" }), history }), ["fresh", "title", "history"]);
    assert.deepEqual(await fromLeft({ send, model, web: chat.button("البحث"), add }), ["send", "model", "web", "add"]);
    assert.equal(await drawn(chat.root.locator(".composer-model-name")), "C++");
    await add.click();
    await opens(page, chat.root.getByRole("menu"), add, "right");
    await page.keyboard.press("Escape");
    await model.click();
    await opens(page, chat.root.getByRole("menu"), model, "left");
    await mustBeClean(page, "models");
    await page.keyboard.press("Escape");
  };
  await check();
  await page.setViewportSize(NARROW);
  await check();

  const field = chat.root.getByRole("textbox", { name: words.messageField });
  const directions = [];
  for (const text of ["", "milk", "حليب"]) {
    await field.fill(text);
    directions.push(await directionOf(field));
  }
  assert.deepEqual(directions, ["rtl", "ltr", "rtl"]);
});

test("the history is at the right, and what is done with a thread at its left", async () => {
  const { stand } = scene;
  const titles = ["C++ (2026)", "محادثة"];
  stand.on("threads.list", () => ({ data: titles.map((title, place) => ({ ...stand.thread, id: `thr_${place + 1}`, title })), has_more: false }));
  stand.thread.title = "C++ (2026)";
  const { chat, page } = await open();
  const more = (title: string) => chat.history.getByRole("button", { name: words.chatActions.replace("{title}", title) });
  for (const [view, isOver] of [[{ width: 1000, height: 760 }, false], [NARROW, true]] as const) {
    await page.setViewportSize(view);
    if (!(await chat.history.isVisible())) await chat.button(words.openChats).click();
    await chat.history.and(chat.root.getByRole(isOver ? "dialog" : "navigation")).waitFor();
    const panel = await box(chat.history);
    assert.deepEqual([panel.x + panel.width, isOver || (await box(chat.log)).x], [view.width, isOver || 0]);
    for (const title of titles) {
      const name = chat.row(title).getByRole("button", { name: title, exact: true });
      assert.deepEqual(await fromLeft({ more: more(title), name }), ["more", "name"]);
      assert.equal((await margins(name.locator(".history-name"))).right, 0, title);
    }
    assert.equal(await drawn(chat.row("C++ (2026)").locator(".history-name")), "C++ (2026)");
    await more("C++ (2026)").click();
    await opens(page, chat.root.getByRole("menu"), more("C++ (2026)"), "left");
    await mustBeClean(page, "a menu of the history");
    await page.keyboard.press("Escape");
  }
});

test("what is Latin stays so within an answer, and code is as it is everywhere", async () => {
  const { chat, page } = await open();
  const answer = chat.answers.first();
  await answer.locator("pre span").first().waitFor();
  const directions = ["h3", "p", "ul", "table", "blockquote", ".code", "p code"].map(async (name) => [name, await directionOf(answer.locator(name).first())]);
  assert.deepEqual(await Promise.all(directions), [["h3", "rtl"], ["p", "rtl"], ["ul", "rtl"], ["table", "rtl"], ["blockquote", "rtl"], [".code", "ltr"], ["p code", "ltr"]]);
  for (const name of ["p em", "p code"]) assert.equal(await drawn(answer.locator(name)), "C++", name);
  assert.equal(await drawn(answer.getByRole("cell", { name: "C++" }).locator("bdi")), "C++");
  assert.equal(await drawn(answer.locator("pre code")), "let pears = 3;");
  assert.equal((await margins(answer.locator("pre code"))).left, 0);
  assert.deepEqual(await fromLeft({ fruit: answer.getByRole("columnheader").first(), price: answer.getByRole("columnheader").last() }), ["price", "fruit"]);
  // Numbers are at the end of their column, as the author wants them.
  const price = answer.getByRole("cell", { name: "1.20" });
  assert.ok((await margins(price)).left < (await margins(price)).right, "it isn't at its end");
  assert.equal(await drawn(chat.questions.last().locator(".message-bubble")), "What about C++ (the language)?");
  const mine = await box(chat.questions.last().locator(".message-bubble"));
  const log = await box(chat.log);
  assert.ok(mine.x - log.x < log.x + log.width - mine.x - mine.width, "the user's messages aren't at the other side");
  await mustBeClean(page, "a thread");
});

test("footnotes open inside of the window, and sources begin at the right", async () => {
  const { chat, page } = await open();
  const name = `${words.footnote.replace("{number}", "1")}: ${sources[0].title}, ${sources[1].title}`;
  for (const view of [{ width: 1000, height: 760 }, NARROW]) {
    await page.setViewportSize(view);
    await chat.button(name).scrollIntoViewIfNeeded();
    // What has opened closes where the page is moved.
    await settled(page);
    await chat.button(name).click();
    const bubble = chat.root.getByRole("dialog", { name });
    await opens(page, bubble, chat.button(name));
    await sourcesBegin(bubble);
    await mustBeClean(page, "a footnote");
    await page.keyboard.press("Escape");
  }
  await chat.root.getByText(words.sources).click();
  await sourcesBegin(chat.root.getByRole("group").getByRole("list"));
  await mustBeClean(page, "sources");
});

async function sourcesBegin(part: Locator): Promise<void> {
  const all = part.locator(".source");
  assert.equal(await all.count(), 2);
  for (const source of await all.all()) {
    assert.deepEqual(await fromLeft({ text: source.locator(".source-text"), icon: source.locator(".icon") }), ["text", "icon"]);
    for (const line of await source.locator(".source-text > :not(:empty)").all()) assert.equal((await margins(line)).right, 0);
  }
  assert.equal(await drawn(all.first().locator(".source-title")), "Price list (2026)");
  // The day is first, and the year last, from the right.
  const detail = all.first().locator(".source-detail").first();
  assert.equal((await drawn(detail)).replace(/\p{Cf}/gu, ""), "2026/01/02 · example.com");
}

test("fields begin at the right until something else is written, and their buttons are at the left", async () => {
  const { chat, page } = await openWidget(form);
  const named = (name: string) => chat.root.getByRole("textbox", { name, exact: true });
  const directions = async (name: string, ...texts: string[]) => {
    const found = [];
    for (const text of texts) {
      await named(name).fill(text);
      found.push(await directionOf(named(name)));
    }
    return found;
  };
  assert.deepEqual(await directions("الاسم", "", "Sara", "سارة"), ["rtl", "ltr", "rtl"]);
  assert.deepEqual(await directions("ملاحظة", "", "Note", "ملاحظة"), ["rtl", "ltr", "rtl"]);
  assert.deepEqual(await directions("الموقع", "", "https://example.com/"), ["rtl", "ltr"]);
  const size = chat.root.getByRole("combobox", { name: "الحجم" });
  assert.deepEqual(await fromLeft({ icon: size.locator("xpath=..").locator("> .icon"), size }), ["icon", "size"]);
  const day = chat.root.getByLabel("اليوم", { exact: true });
  assert.deepEqual(await fromLeft({ button: chat.button(words.widgetDate).first(), day }), ["button", "day"]);
  // What is asked for stands where the date will.
  assert.equal(await day.evaluate((field) => getComputedStyle(field).textAlign), "right");
  const [hint, inset] = [chat.root.locator(".widget-date-hint"), await day.evaluate((field) => parseFloat(getComputedStyle(field).paddingRight))];
  const [text, field] = [await margins(hint), await box(chat.root.getByLabel("يوم آخر", { exact: true }))];
  const whole = await box(hint);
  assert.equal(Math.round(field.x + field.width - (whole.x + whole.width - text.right)), inset);
  const agreed = chat.root.getByRole("checkbox", { name: "أوافق" });
  assert.deepEqual(await fromLeft({ words: chat.root.getByText("أوافق"), agreed }), ["words", "agreed"]);
  assert.deepEqual(await fromLeft({ save: chat.button("حفظ"), back: chat.button("رجوع") }), ["save", "back"]);
  await chat.button("حفظ").click();
  await chat.root.locator(".widget-trouble").waitFor();
  await mustBeClean(page, "a form that isn't filled in");
});

test("the days of a calendar go from right to left, and so do the arrow keys", async () => {
  const { chat, page } = await openWidget(form);
  await chat.button(words.widgetDate).first().click();
  const calendar = chat.root.getByRole("dialog", { name: words.widgetDate });
  const days = calendar.getByRole("gridcell").getByRole("button");
  await days.first().waitFor();
  /** Of the day that has the focus: its place among those of the calendar. */
  const place = () => days.evaluateAll((all) => all.findIndex((day) => day.matches(":focus")));
  await eventually(async () => assert.notEqual(await place(), -1));
  const start = await place();
  const begins = start - (start % 7);
  for (const [key, at] of [["ArrowLeft", start + 1], ["ArrowRight", start], ["ArrowDown", start + 7], ["ArrowUp", start], ["Home", begins], ["End", begins + 6]] as const) {
    await page.keyboard.press(key);
    await eventually(async () => assert.equal(await place(), at, key));
  }
  const week = Object.fromEntries([0, 1, 2, 3, 4, 5, 6].map((day) => [day, days.nth(begins + day)]));
  assert.deepEqual(await fromLeft(week), ["6", "5", "4", "3", "2", "1", "0"]);
  const [previous, next] = [calendar.getByRole("button", { name: words.widgetPreviousMonth }), calendar.getByRole("button", { name: words.widgetNextMonth })];
  assert.deepEqual(await fromLeft({ previous, next, title: calendar.getByRole("heading") }), ["next", "previous", "title"]);
  assert.deepEqual(await previous.locator("svg").evaluate((icon) => getComputedStyle(icon).scale), "-1 1");
  await opens(page, calendar, chat.button(words.widgetDate).first(), "left");
  await mustBeClean(page, "a calendar");
});

test("a chart's axis is as in any language, and what is told of a bar is inside of it", async () => {
  const { chat, page } = await openWidget({ type: "Card", children: [chart] });
  const plot = chat.root.getByRole("group", { name: /المبيعات/ });
  await plot.locator("svg").waitFor();
  const month = (name: string) => plot.locator("svg").getByText(name);
  assert.deepEqual(await fromLeft({ june: month("يونيو"), july: month("يوليو"), may: month("مايو") }), ["may", "june", "july"]);
  const whole = await box(plot);
  for (const [name, x, side] of [["مايو", 60, 1], ["يوليو", whole.width - 40, -1]] as const) {
    await plot.hover({ position: { x, y: 60 } });
    const tip = plot.locator(".chart-tooltip");
    await tip.getByText(name).waitFor();
    const [it, bar] = [await box(tip), await box(month(name))];
    assert.ok(it.x >= whole.x && it.x + it.width <= whole.x + whole.width, `${name}: from ${it.x} on, ${it.width} wide`);
    // Beside the middle of its bar, where there is more room.
    const edge = side > 0 ? it.x : it.x + it.width;
    assert.ok(Math.abs(edge - bar.x - bar.width / 2 - 12 * side) < 3, `${name}: at ${edge}`);
  }
  await page.mouse.move(0, 0);
  await plot.focus();
  for (const [key, said] of [["ArrowRight", "مايو"], ["ArrowRight", "يونيو"], ["ArrowLeft", "مايو"]] as const) {
    await page.keyboard.press(key);
    await eventually(async () => assert.ok((await plot.getByRole("status").innerText()).startsWith(said), key));
  }
  await mustBeClean(page, "a chart");
});

test("a widget's table has its columns from the right, each with its texts under its head", async () => {
  const { chat, page } = await openWidget({ type: "Card", children: [table] });
  const heads = chat.root.getByRole("columnheader");
  assert.deepEqual(await fromLeft({ fruit: heads.first(), price: heads.last() }), ["price", "fruit"]);
  /** Where the words of a column end at the right. */
  const ends = async (column: number) => {
    const cells = await chat.root.locator(`tr > :nth-child(${column}) > p`).all();
    return Promise.all(cells.map(async (cell) => Math.round((await box(cell)).x + (await box(cell)).width - (await margins(cell)).right)));
  };
  for (const column of [1, 2]) {
    const [head, ...others] = await ends(column);
    assert.deepEqual(others, [head, head], `column ${column}`);
  }
  assert.equal(await drawn(chat.root.getByRole("cell", { name: "C++" }).locator("p")), "C++");
  await mustBeClean(page, "a table");
});

test("questions have their choices at the right, and go on to the left", async () => {
  const { chat, page } = await open([scene.stand.item("structured_input", { status: "pending", inputs: questions })]);
  const asked: Chat["root"] = chat.root.getByRole("form", { name: words.questions });
  const choice = asked.getByRole("radio", { name: "XL (كبير)" });
  await choice.check();
  assert.deepEqual(await fromLeft({ text: asked.getByText("XL (كبير)"), choice }), ["text", "choice"]);
  await mustBeClean(page, "a question");
  await asked.getByRole("button", { name: words.next }).click();
  const field = asked.getByRole("textbox", { name: "لماذا؟" });
  await field.waitFor();
  const [back, skip, send] = [words.back, words.skip, words.send].map((name) => asked.getByRole("button", { name, exact: true }));
  assert.ok(back && skip && send);
  assert.deepEqual(await fromLeft({ back, skip, send }), ["send", "skip", "back"]);
  assert.equal(await directionOf(field), "rtl");
  await settled(page);
  await page.setViewportSize(NARROW);
  await mustBeClean(page, "a question on a phone");
});
