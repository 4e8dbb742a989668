/** Widgets in the hands of their users: what is streamed into them, opened, chosen, written and read in them. */
import type { Locator } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Event } from "../../src/protocol/events";
import type { Item } from "../../src/protocol/items";
import type { WidgetNode } from "../../src/protocol/widget";
import { eventually } from "./browser";
import type { Chat } from "./chat";
import { useScene, type Embedded } from "./embedding";
import { begin } from "./live";
import { holds, isSeenAs } from "./seen";

const scene = useScene();

const card = (...children: WidgetNode[]): WidgetNode => ({ type: "Card", children });
const form = (...children: WidgetNode[]): WidgetNode => ({ type: "Card", asForm: true, confirm: { label: "Save", action: { type: "save" } }, children });

/** Says “go”, which this widget answers. */
async function show(widget: WidgetNode, ...options: Parameters<typeof scene.embed>): Promise<Embedded & { widget: Locator }> {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
  });
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said("Noted.") };
  });
  const embedded = await scene.embed(...options);
  const { chat } = embedded;
  await chat.write("go");
  const found = chat.root.locator('[part~="widget"]');
  await found.waitFor();
  await chat.send.waitFor();
  return { ...embedded, widget: found };
}

/** What the form's fields were sent with. */
async function saved(chat: Chat): Promise<unknown> {
  await chat.button("Save").click();
  await chat.says("Noted.");
  const { params } = scene.stand.asked.findLast(({ type }) => type === "threads.custom_action") ?? {};
  return (params?.["action"] as { payload?: unknown } | undefined)?.payload;
}

/** What is said of a field beside it. */
const complaint = (field: Locator) =>
  field.evaluate((element) => {
    const root = element.getRootNode();
    const id = element.getAttribute("aria-describedby");
    return root instanceof ShadowRoot && id ? root.getElementById(id)?.textContent : null;
  });

test("texts of a widget grow as they come, and parts of it take the place of others", async () => {
  const { chat, live } = await begin(scene);
  const plain = { type: "Text", id: "plain", value: "" };
  const marked = { type: "Markdown", id: "marked", value: "", streaming: true };
  const item = scene.stand.item("widget", { widget: card(plain, marked, { type: "Badge", id: "state", label: "Draft" }) });
  live.tell({ type: "thread.item.added", item });
  const widget = chat.root.locator('[part~="widget"]');
  const grow = (id: string, delta: string, done = false) =>
    live.update(item, { type: "widget.streaming_text.value_delta", component_id: id, delta, done });
  grow("plain", "Once ");
  grow("marked", "**there");
  await isSeenAs(widget, `
    - paragraph: Once
    - paragraph:
      - strong: there
    - text: Draft
  `);
  grow("plain", "upon", true);
  grow("marked", " was** a", true);
  live.update(item, { type: "widget.component.updated", component_id: "state", component: { type: "Badge", label: "Final" } });
  await isSeenAs(widget, `
    - paragraph: Once upon
    - paragraph:
      - strong: there was
      - text: a
    - text: Final
  `);
  live.update(item, { type: "widget.root.updated", widget: card({ type: "Title", value: "The end" }) });
  await isSeenAs(widget, `- heading "The end" [level=3]`);
});

test("a card that is done with is a line, and opens", async () => {
  const { chat, widget } = await show({ ...card({ type: "Text", value: "All of it" }), collapsed: true, status: { text: "Booked", icon: "check" } });
  await isSeenAs(widget, `- button "Booked"`);
  await chat.button("Booked").click();
  await isSeenAs(widget, `
    - button "Booked" [expanded]
    - paragraph: All of it
  `);
  await chat.button("Booked").click();
  await isSeenAs(widget, `- button "Booked"`);
});

test("what was written into a card is there when it is folded and opened again", async () => {
  const { chat, widget } = await show({ ...form({ type: "Input", name: "name" }), collapsed: true, status: { text: "Details" } });
  await chat.button("Details").click();
  await widget.getByRole("textbox", { name: "Name" }).fill("Ann");
  await chat.button("Details").click();
  await isSeenAs(widget, `- button "Details"`);
  await chat.button("Details").click();
  assert.deepEqual(await saved(chat), { name: "Ann" });
});

test("a field for lines grows with what is written, up to its most, and is as small again without it", async () => {
  const { widget } = await show(card({ type: "Textarea", name: "story", autoResize: true, rows: 2, maxRows: 5 }));
  const field = widget.getByRole("textbox", { name: "Story" });
  const rows = async (text: string) => {
    await field.fill(text);
    return field.evaluate(({ rows: shown, clientHeight, scrollHeight }: HTMLTextAreaElement) => [shown, scrollHeight > clientHeight]);
  };
  const word = "Pears ";
  assert.deepEqual([await rows(word), await rows("1\n2\n3"), await rows(word.repeat(200)), await rows("")], [[2, false], [3, false], [5, true], [2, false]]);
  // A line that is wrapped is more than one.
  const [wrapped, cut] = await rows(word.repeat(30));
  assert.ok(Number(wrapped) > 2 && cut === false, `${wrapped} rows`);
});

test("a long list shows its beginning, and the rest when it is asked for", async () => {
  const rows = Array.from({ length: 8 }, (_, place) => ({ type: "ListViewItem", children: [{ type: "Text", value: `Row ${place + 1}` }] }));
  const { chat, widget } = await show({ type: "ListView", limit: "auto", status: { text: "Found" }, children: rows });
  const texts = () => widget.getByRole("listitem").allInnerTexts();
  assert.deepEqual(await texts(), ["Row 1", "Row 2", "Row 3", "Row 4", "Row 5", "Row 6"]);
  await chat.button("Show 2 more").click();
  await eventually(async () => assert.equal((await texts()).join(), rows.map((_, place) => `Row ${place + 1}`).join()));
  assert.equal(await chat.button("Show 2 more").count(), 0);
});

/** Which buttons show that they run, and which have to wait. */
const running = (widget: Locator) =>
  widget.getByRole("button").evaluateAll((buttons) =>
    buttons.map((button) => [button.textContent?.trim(), button.ariaBusy === "true", button.ariaDisabled === "true"].filter(Boolean).join(" ")),
  );

test("a button, or the whole widget, shows that its action runs, and nothing is done twice", async () => {
  const press = (label: string, loadingBehavior: string, more: object = {}) => ({ type: "Button", label, onClickAction: { type: label, loadingBehavior, ...more } });
  const buttons = [press("One", "self"), press("All", "container"), press("None", "none"), press("Own", "auto", { handler: "client" })];
  const { chat, widget, page } = await show(card({ type: "Row", children: buttons }), {}, () => ({
    widgets: { onAction: () => new Promise<void>((resolve) => Object.assign(window, { finish: resolve })) },
  }));
  let finish = () => {};
  scene.stand.on("threads.custom_action", async function* () {
    await new Promise<void>((resolve) => (finish = resolve));
    yield { type: "thread.item.done", item: scene.stand.said("Noted.") };
  });
  const whole = widget.locator("[aria-busy]").filter({ has: page.getByRole("button", { name: "All" }) });
  const waits = ["One true", "All true", "None true", "Own"];
  const cases: [string, string[], number][] = [
    ["One", ["One true true", ...waits.slice(1)], 0],
    ["All", [...waits.slice(0, 3), "Own true"], 1],
    ["None", waits, 0],
  ];
  const names = cases.map(([name]) => name);
  const sent = () => scene.stand.asked.filter(({ type }) => type === "threads.custom_action").map(({ params }) => params["action"]);
  const actions = () => sent().map((action) => (action as { type: string }).type);
  for (const [name, expected, busy] of cases) {
    await chat.button(name).click();
    await eventually(async () => assert.deepEqual(await running(widget), expected, name));
    assert.equal(await whole.count(), busy, name);
    assert.equal(await widget.getByRole("status").getByText("Working …").count(), busy, name);
    // Whoever is impatient asks for nothing else.
    await chat.button(name).click({ force: true });
    await eventually(() => assert.deepEqual(actions(), names.slice(0, names.indexOf(name) + 1)));
    finish();
    await eventually(async () => assert.deepEqual(await running(widget), ["One", "All", "None", "Own"], name));
    assert.equal(await widget.getByRole("alert").count(), 0, name);
  }
  assert.deepEqual(actions(), names);

  // What the page does itself is waited for, too.
  await chat.button("Own").click();
  await eventually(async () => assert.deepEqual(await running(widget), ["One", "All", "None", "Own true true"]));
  await page.evaluate(() => (window as unknown as { finish(): void }).finish());
  await eventually(async () => assert.deepEqual(await running(widget), ["One", "All", "None", "Own"]));
});

const box = (name: string) => ({ type: "Checkbox", name, label: name, onChangeAction: { type: "choose" } });

/** Holds every answer to an action until the test says so. What was told by then, as it came. */
function slowly(answer: () => Event = () => ({ type: "thread.item.done", item: scene.stand.said("Noted.") })) {
  const finish: (() => void)[] = [];
  scene.stand.on("threads.custom_action", async function* () {
    await new Promise<void>((resolve) => finish.push(resolve));
    yield answer();
  });
  const told = () => scene.stand.asked.filter(({ type }) => type === "threads.custom_action").map(({ params }) => (params["action"] as { payload?: unknown }).payload);
  const isTold = (...payloads: unknown[]) => eventually(() => assert.deepEqual(told(), payloads));
  return { told, isTold, finish: (place: number) => eventually(() => assert.ok(finish[place], "it isn't asked for")).then(() => finish[place]?.()) };
}

test("what is changed while an action runs is told after it: of each field the newest value, one after the other", async () => {
  const { chat, widget } = await show(card(box("news"), box("offers")));
  const { finish, isTold, told } = slowly();
  const [news, offers] = [widget.getByRole("checkbox", { name: "news" }), widget.getByRole("checkbox", { name: "offers" })];
  await news.check();
  await isTold({ news: true });
  await news.uncheck();
  await news.check();
  await news.uncheck();
  await offers.check();
  await finish(0);
  await eventually(() => assert.equal(told().length, 2));
  await finish(1);
  await finish(2);
  await chat.idle();
  assert.deepEqual([await news.isChecked(), await offers.isChecked(), await widget.getByRole("alert").count()], [false, true, 0]);
  await eventually(async () => assert.equal(await chat.answers.count(), 3));
  // Which of the fields comes first is all the same.
  const [first, ...others] = told().map((payload) => JSON.stringify(payload));
  assert.deepEqual([first, ...others.toSorted()], ['{"news":true}', '{"news":false}', '{"offers":true}']);
});

test("what waits to be told isn't told when its field is gone, or another", async () => {
  const press = { type: "Button", label: "Next", onClickAction: { type: "next" } };
  const { chat, widget } = await show(card(box("news"), press));
  const shown = scene.stand.items.at(-1);
  const { finish, isTold } = slowly(() => ({ type: "thread.item.replaced", item: { ...shown, widget: card(box("offers"), press) } as Item }));
  const [news, offers] = [widget.getByRole("checkbox", { name: "news" }), widget.getByRole("checkbox", { name: "offers" })];
  await news.check();
  await isTold({ news: true });
  await news.uncheck();
  await finish(0);
  await offers.waitFor();
  await chat.send.waitFor();
  await chat.button("Next").click();
  await isTold({ news: true }, undefined);
  await offers.click();
  await chat.button("New chat").click();
  await finish(1);
  await chat.write("go");
  await widget.waitFor();
  await chat.send.waitFor();
  await chat.button("Next").click();
  await isTold({ news: true }, undefined, undefined);
});

test("an action that fails says so in its widget, and one that needs no answer changes it", async () => {
  const press = { type: "Button", label: "Count", onClickAction: { type: "count", streaming: false } };
  const { chat, widget, page } = await show(card({ type: "Text", value: "0" }, press));
  await page.route("**/api", (route) => route.abort());
  await chat.button("Count").click();
  await widget.getByRole("alert").getByText("The assistant can't be reached.").waitFor();
  await page.unroute("**/api");
  const { stand } = scene;
  stand.on("threads.sync_custom_action", ({ item_id: id }) => {
    const item = stand.items.find((one) => one.id === id);
    return { updated_item: { ...item, widget: card({ type: "Text", value: "1" }, press) } as Item };
  });
  await chat.button("Count").click();
  await isSeenAs(widget, `
    - paragraph: "1"
    - button "Count"
  `);
});

test("a day is taken from the calendar with the keyboard, within its bounds", async () => {
  const picker = { type: "DatePicker", name: "day", placeholder: "Which day?", defaultValue: "2026-03-15", min: "2026-03-10", max: "2026-04-20", clearable: true };
  const { chat, widget, page } = await show(form(picker));
  const field = widget.getByLabel("Which day?", { exact: true });
  const calendar = chat.root.getByRole("dialog", { name: "Choose a date" });
  await chat.button("Choose a date").click();
  await eventually(async () => assert.equal(await chat.focused(), "Sunday, March 15, 2026"));
  await calendar.getByRole("grid", { name: "March 2026" }).waitFor();
  const days = await calendar.getByRole("gridcell", { disabled: false }).getByRole("button", { disabled: false }).allInnerTexts();
  assert.deepEqual([days[0], days.at(-1)], ["10", "4"], "days that can't be taken");

  for (const [key, day] of [["ArrowDown", "Sunday, March 22, 2026"], ["End", "Saturday, March 28, 2026"], ["PageDown", "Monday, April 20, 2026"], ["ArrowRight", "Monday, April 20, 2026"]] as const) {
    await page.keyboard.press(key);
    await eventually(async () => assert.equal(await chat.focused(), day, key));
  }
  await calendar.getByRole("grid", { name: "April 2026" }).waitFor();
  await page.keyboard.press("Enter");
  await calendar.waitFor({ state: "detached" });
  assert.equal(await chat.focused(), "Choose a date");
  assert.equal(await field.inputValue(), "2026-04-20");

  await page.keyboard.press("Enter");
  await calendar.getByRole("button", { name: "Previous month" }).click();
  await calendar.getByRole("grid", { name: "March 2026" }).waitFor();
  await page.keyboard.press("Escape");
  await calendar.waitFor({ state: "detached" });
  assert.equal(await chat.focused(), "Choose a date");
  assert.deepEqual(await saved(chat), { day: "2026-04-20" });
  await chat.button("Clear").click();
  assert.equal(await field.inputValue(), "");
});

for (const [what, comes] of [["comes", true], ["fails", false]] as const) {
  test(`a calendar that ${what} late is nothing to who has gone on`, async () => {
    const { chat, page } = await show(card({ type: "DatePicker", name: "day" }));
    let arrive = () => {};
    const loaded = new Promise<void>((resolve) => (arrive = resolve));
    await page.route("**/ui/calendar.js", async (route) => {
      await loaded;
      await (comes ? route.continue() : route.abort());
    });
    const opener = chat.button("Choose a date");
    const isExpanded = (expected: string) => eventually(async () => assert.equal(await opener.getAttribute("aria-expanded"), expected));
    await opener.press("Enter");
    await isExpanded("true");
    await opener.press("Escape");
    await isExpanded("false");
    await opener.press("Enter");
    await isExpanded("true");
    await chat.field.focus();
    arrive();
    await isExpanded("false");
    assert.equal(await chat.focused(), "Message");
    assert.equal(await chat.root.getByRole("dialog").count(), 0);
    if (!comes) return;
    await opener.press("Enter");
    await chat.root.getByRole("dialog", { name: "Choose a date" }).waitFor();
  });
}

test("one of many is found by writing, and chosen with the keyboard", async () => {
  const options = [{ value: "a", label: "Apple", description: "Red" }, { value: "p", label: "Pear", disabled: true }, { value: "l", label: "Plum" }];
  const select = { type: "Select", name: "fruit", searchable: true, clearable: true, options };
  const { chat, widget, page } = await show(form({ type: "Label", value: "Fruit", fieldName: "fruit" }, select));
  const field = widget.getByRole("combobox", { name: "Fruit" });
  const list = chat.root.getByRole("listbox", { name: "Choose …" });
  const active = () =>
    field.evaluate((element) => {
      const root = element.getRootNode();
      const id = element.getAttribute("aria-activedescendant");
      return root instanceof ShadowRoot && id ? root.getElementById(id)?.textContent : null;
    });
  await field.focus();
  await page.keyboard.press("ArrowDown");
  await isSeenAs(list, `
    - listbox "Choose …":
      - option "Apple Red"
      - option "Pear" [disabled]
      - option "Plum"
  `);
  assert.equal(await active(), null);
  await page.keyboard.type("p");
  await eventually(async () => assert.equal(await active(), "AppleRed"));
  // What can't be chosen is passed by.
  await page.keyboard.press("ArrowDown");
  await eventually(async () => assert.equal(await active(), "Plum"));
  await page.keyboard.press("Enter");
  await list.waitFor({ state: "detached" });
  assert.equal(await field.inputValue(), "Plum");

  await field.fill("zebra");
  await chat.root.getByRole("status").getByText("Nothing found.").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await field.inputValue(), "Plum");
  assert.deepEqual(await saved(chat), { fruit: "l" });
  await chat.button("Clear").click();
  assert.equal(await field.inputValue(), "");
  await field.click();
  await chat.root.getByRole("option", { name: "Apple" }).click();
  assert.equal(await field.inputValue(), "Apple");
});

test("a text can be written over, and what is wrong is said beside it", async () => {
  const { chat, widget, page } = await show(form({ type: "Text", value: "A draft", editable: { name: "title", required: true } }));
  const field = widget.getByRole("textbox", { name: "Title" });
  assert.equal(await field.inputValue(), "A draft");
  await field.fill("");
  await chat.button("Save").click();
  await eventually(async () => assert.match((await complaint(field)) ?? "", /fill out this field/i));
  assert.equal(await chat.focused(), "Title");
  await page.keyboard.type("Final");
  assert.equal(await complaint(field), null);
  assert.deepEqual(await saved(chat), { title: "Final" });
});

test("lines that don't fit are told of in the same words, in a field of one line and of many", async () => {
  const pattern = "[a-z\\n]+";
  const { chat, widget } = await show(form({ type: "Input", name: "one", pattern }, { type: "Textarea", name: "many", placeholder: "Small letters", pattern }));
  const [one, many] = [widget.getByRole("textbox", { name: "One" }), widget.getByRole("textbox", { name: "Small letters" })];
  await one.fill("ABC");
  await many.fill("abc\nABC");
  await chat.button("Save").click();
  await eventually(async () => assert.match((await complaint(one)) ?? "", /requested format/));
  assert.equal(await complaint(many), await complaint(one));
  await one.fill("abc");
  await many.fill("abc\nabc");
  assert.deepEqual(await saved(chat), { one: "abc", many: "abc\nabc" });
});

const chart = {
  type: "Chart",
  data: [{ month: "May", sold: 3, left: 2.5 }, { month: "June", sold: 5000 }],
  xAxis: "month",
  series: [{ type: "bar", dataKey: "sold", label: "Sold" }, { type: "line", dataKey: "left", label: "Left" }],
};
const numbers = `
    - 'table "Chart: Sold, Left"':
      - caption: "Chart: Sold, Left"
      - rowgroup:
        - row "Sold Left":
          - cell
          - columnheader "Sold"
          - columnheader "Left"
      - rowgroup:
        - row "May 3 2.5":
          - rowheader "May"
          - cell "3"
          - cell "2.5"
        - row "June 5,000 –":
          - rowheader "June"
          - cell "5,000"
          - cell "–"`;

test("a chart is read with the keyboard, and as a table", async () => {
  const { chat, widget, page } = await show(card(chart));
  const plot = widget.getByRole("group", { name: "Chart: Sold, Left" });
  await isSeenAs(widget.getByRole("table"), numbers);
  await plot.focus();
  for (const [key, said] of [["ArrowRight", "May: Sold 3, Left 2.5"], ["ArrowRight", "June: Sold 5,000"], ["ArrowRight", "June: Sold 5,000"], ["Home", "May: Sold 3, Left 2.5"], ["Escape", ""]] as const) {
    await page.keyboard.press(key);
    await eventually(async () => assert.equal(await plot.getByRole("status").innerText(), said, key));
  }
  assert.equal(await chat.focused(), "Chart: Sold, Left");
});

test("a chart whose drawing can't be loaded is its table, for everybody", async () => {
  const { stand } = scene;
  stand.items.push(stand.item("widget", { widget: card(chart) }));
  const { chat, page } = await scene.embed();
  await page.route("**/ui/chart.js", (route) => route.abort());
  await chat.openHistory();
  await chat.row("A thread").getByRole("button", { name: "A thread", exact: true }).click();
  const figure = chat.root.getByRole("figure", { name: "Chart: Sold, Left" });
  await holds(figure, numbers);
  const box = await figure.getByRole("table").boundingBox();
  assert.ok(box && box.width > 100 && box.height > 60, "it isn't to be seen");
});
