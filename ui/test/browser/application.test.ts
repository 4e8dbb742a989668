/** What an application does with the chat, against a plain ChatKit server: tools, questions, mentions, commands, widgets. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import type { Question } from "../../src/protocol/items";
import { eventually, mustBeQuiet, openBrowser } from "./browser";
import { embed, setOptions, told } from "./embedding";
import { Program } from "./program";
import { Stand } from "./stand";

let browser: Browser;
let product: Program;
let stand: Stand;
before(async () => {
  [browser, product] = await Promise.all([openBrowser(), Program.frontdesk()]);
});
after(async () => {
  await browser?.close();
  await product?.end();
});
beforeEach(async () => {
  stand = await Stand.open(product.url);
});
afterEach(() => stand.close());

const requests = (type: string) => stand.asked.filter((asked) => asked.type === type).map(({ params }) => params);

test("a plain server's answer streams, and the application hears of it", async () => {
  let goOn = () => {};
  const waited = new Promise<void>((resolve) => (goOn = resolve));
  stand.answers(async function* () {
    const item = stand.said("");
    yield { type: "thread.item.added", item };
    const part = { content_index: 0, type: "assistant_message.content_part.text_delta" } as const;
    yield { type: "thread.item.updated", item_id: item.id, update: { ...part, delta: "Half " } };
    await waited;
    yield { type: "thread.item.updated", item_id: item.id, update: { ...part, delta: "and whole." } };
    yield { type: "client_effect", name: "shine", data: { bright: true } };
    yield { type: "thread.item.done", item: { ...stand.said("Half and whole."), id: item.id } };
  });
  const { chat, page, ...watched } = await embed(browser, stand);
  await chat.write("hello");
  await chat.says(/^Half$/);
  goOn();
  await chat.says("Half and whole.");
  await chat.idle();
  const events = await told(page);
  const names = events.map(([name]) => name);
  assert.deepEqual(names.filter((name) => name !== "thread.change"), ["ready", "response.start", "effect", "response.end"]);
  assert.deepEqual(events.find(([name]) => name === "effect")?.[1], { name: "shine", data: { bright: true } });
  mustBeQuiet({ page, ...watched }, stand.url);
});

test("questions take the place of the message field, and their answers go to the server", async () => {
  const options = [{ value: "Small" }, { value: "Large" }];
  const question: Question = { type: "multiple_choice", id: "size", question: "Which size?", options };
  const reason: Question = { type: "freeform", id: "why", question: "Why?" };
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("structured_input", { status: "pending", inputs: [question, reason] }) };
  });
  stand.on("threads.add_structured_input", async function* () {
    yield { type: "thread.item.done", item: stand.said("Noted.") };
  });
  const { chat } = await embed(browser, stand);
  await chat.write("order");
  await chat.root.getByRole("radio", { name: "Large" }).check();
  await chat.button("Next").click();
  await chat.root.getByRole("textbox", { name: "Why?" }).fill("It rains");
  await chat.button("Send").click();
  await chat.says("Noted.");
  const [sent] = requests("threads.add_structured_input");
  assert.deepEqual(sent?.input, { status: "answered", answers: { size: { values: ["Large"] }, why: { values: ["It rains"] } } });
});

test("a tool of the page runs there, and its result goes on", async () => {
  stand.answers(function* () {
    const item = stand.item("client_tool_call", { status: "pending", call_id: "c1", name: "cart", arguments: { of: "ann" } });
    yield { type: "thread.item.done", item };
  });
  stand.on("threads.add_client_tool_output", async function* () {
    yield { type: "thread.item.done", item: stand.said("Three things.") };
  });
  const { chat, page } = await embed(browser, stand);
  await page.evaluate(() => {
    const onClientTool = ({ name, params }: { name: string; params: object }) => ({ name, params, things: 3 });
    Object.assign(window, { more: { onClientTool } });
  });
  await setOptions(page, {});
  await chat.write("what is in the cart");
  await chat.says("Three things.");
  assert.deepEqual(requests("threads.add_client_tool_output")[0]?.["result"], { name: "cart", params: { of: "ann" }, things: 3 });
});

test("something is mentioned, and the message names it", async () => {
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Ann it is.") };
  });
  const { chat, page } = await embed(browser, stand);
  await page.evaluate(() => {
    const all = [{ id: "u1", title: "Ann" }, { id: "u2", title: "Bob" }];
    const onTagSearch = async (query: string) => all.filter(({ title }) => title.toLowerCase().startsWith(query.toLowerCase()));
    Object.assign(window, { more: { entities: { onTagSearch } } });
  });
  await setOptions(page, {});
  await chat.field.pressSequentially("ask @a");
  await chat.root.getByRole("option", { name: "Ann" }).waitFor();
  await page.keyboard.press("Enter");
  await chat.root.getByRole("option").first().waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await chat.says("Ann it is.");
  const content = requests("threads.create")[0]?.input?.content ?? [];
  assert.deepEqual(content.filter(({ type }) => type === "input_tag").map((tag) => "id" in tag && tag.id), ["u1"]);
});

test("a command is picked with the keyboard, and the application is told", async () => {
  const { chat, page } = await embed(browser, stand);
  await page.evaluate(() => {
    const onSearch = async () => [{ id: "clear", label: "Clear the cart" }, { id: "pay", label: "Pay" }];
    const onSelect = async (command: { id: string }) => void Object.assign(window, { picked: command.id });
    Object.assign(window, { more: { commands: { enabled: true, onSearch, onSelect } } });
  });
  await setOptions(page, {});
  await chat.field.pressSequentially("/");
  await chat.root.getByRole("option", { name: "Pay" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await eventually(async () => {
    const picked = await page.evaluate(() => (window as unknown as { picked?: string }).picked);
    assert.equal(picked, "pay");
  });
  assert.equal(await chat.field.inputValue(), "");
});

test("a form is filled in, checked, and sent with its values", async () => {
  const submit = { type: "book", payload: { hotel: 7 } };
  const widget = {
    type: "Card",
    asForm: true,
    confirm: { label: "Book", action: submit },
    children: [
      { type: "Label", value: "Name", fieldName: "guest.name" },
      { type: "Input", name: "guest.name", required: true },
      { type: "Label", value: "Beds", fieldName: "beds" },
      { type: "Select", name: "beds", options: [{ label: "One", value: "1" }, { label: "Two", value: "2" }], defaultValue: "1" },
      { type: "Checkbox", name: "breakfast", label: "Breakfast" },
    ],
  };
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
  });
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said("Booked.") };
  });
  const { chat } = await embed(browser, stand);
  await chat.write("a room");
  const form = chat.root.locator('[part~="widget"]').last();
  await form.getByRole("button", { name: "Book" }).click();
  // What is missing is asked for, and nothing is sent.
  const name = form.getByRole("textbox", { name: "Name" });
  await eventually(async () => assert.ok(await name.evaluate((field) => field.matches(":focus:invalid"))));
  assert.equal(requests("threads.custom_action").length, 0);
  await name.fill("Ann");
  await form.getByRole("checkbox", { name: "Breakfast" }).check();
  await form.getByRole("button", { name: "Book" }).click();
  await chat.says("Booked.");
  const [sent] = requests("threads.custom_action");
  const { payload } = sent?.["action"] as { payload: Record<string, unknown> };
  assert.deepEqual({ hotel: payload["hotel"], guest: payload["guest"], beds: payload["beds"] }, { hotel: 7, guest: { name: "Ann" }, beds: "1" });
});

test("a chart is drawn, and its numbers are there as a table", async () => {
  const chart = {
    type: "Chart",
    data: [{ month: "May", sold: 3 }, { month: "June", sold: 5 }],
    xAxis: "month",
    series: [{ type: "bar", dataKey: "sold", label: "Sold" }],
  };
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("widget", { widget: { type: "Card", children: [chart] } }) };
  });
  const { chat, page, ...watched } = await embed(browser, stand);
  await chat.write("sales");
  const card = chat.root.locator('[part~="widget"]').last();
  await card.locator("svg").first().waitFor();
  const cells = await card.getByRole("table").getByRole("row").last().allInnerTexts();
  assert.match(cells.join(" "), /June\s+5/);
  mustBeQuiet({ page, ...watched }, stand.url);
});

test("a thread that is locked says why and takes no message; a closed one has no field", async () => {
  stand.items.push(stand.said("As far as we got."));
  stand.thread.status = { type: "locked", reason: "A colleague is on it" };
  const { chat, page } = await embed(browser, stand, { initialThread: "thr_1" });
  await chat.says("As far as we got.");
  await chat.root.getByRole("status").getByText("A colleague is on it").waitFor();
  assert.equal(await chat.field.getAttribute("readonly"), "");
  assert.equal(await chat.send.count(), 0);
  stand.thread.status = { type: "closed" };
  await page.reload();
  await setOptions(page, { initialThread: "thr_1" });
  await chat.root.getByText("This chat is closed.").waitFor();
  assert.equal(await chat.field.count(), 0);
});

test("a notice is shown until it is dismissed", async () => {
  stand.answers(function* () {
    yield { type: "notice", level: "warning", title: "Careful", message: "The *till* is closed." };
    yield { type: "thread.item.done", item: stand.said("Yes?") };
  });
  const { chat } = await embed(browser, stand);
  await chat.write("hello");
  await chat.root.getByRole("note").getByText("Careful").waitFor();
  await chat.idle();
  // This server can't put one message in the place of another.
  assert.equal(await chat.button("Edit the message").count(), 0);
  await chat.button("Dismiss").click();
  await chat.root.getByRole("note").waitFor({ state: "detached" });
  assert.equal(await chat.focused(), "Message", "the button took the focus with it");
});

test("with the last older messages the focus stays in the conversation", async () => {
  for (let count = 0; count < 60; count++) stand.items.push(stand.said(`Message ${count}`));
  stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, items: { data: items.slice(0, 1), has_more: true } }));
  stand.on("items.list", ({ after }, { items }) => {
    const newest = items.toReversed();
    const from = after ? newest.findIndex(({ id }) => id === after) + 1 : 0;
    return { data: newest.slice(from, from + 50), has_more: from + 50 < newest.length };
  });
  const { chat } = await embed(browser, stand, { initialThread: "thr_1" });
  await chat.says("Message 59");
  // It needs no press: it is at the beginning, where they come by themselves.
  await chat.button("Show earlier messages").focus();
  await chat.root.getByText("Message 0", { exact: true }).waitFor();
  await eventually(async () => {
    const role = await chat.root.evaluate((element) => element.shadowRoot?.activeElement?.getAttribute("role"));
    assert.equal(role, "log", "the focus is nowhere");
  });
});

test("an answer that fails says so, and is tried again when that is asked for", async () => {
  stand.answers(function* () {
    yield { type: "error", code: "stream.error", message: "The till is jammed.", allow_retry: true };
  });
  stand.on("threads.retry_after_item", async function* () {
    yield { type: "thread.item.done", item: stand.said("Now it works.") };
  });
  stand.items.push(stand.said("What was before."));
  const { chat, page } = await embed(browser, stand, { initialThread: "thr_1" });
  await chat.says("What was before.");
  await chat.write("hello");
  const failure = chat.root.getByRole("alert").getByText("The till is jammed.");
  await failure.waitFor();
  // It stands below what it is about.
  const [above, below] = await Promise.all([chat.questions.boundingBox(), failure.boundingBox()]);
  assert.ok(above && below && below.y > above.y && below.y < above.y + 200, `${above?.y} and ${below?.y}`);
  await chat.button("Try again").click();
  assert.equal(await chat.focused(), "Message", "the button took the focus with it");
  await chat.says("Now it works.");
  assert.equal(await chat.root.getByText("The till is jammed.").count(), 0);
  assert.ok((await told(page)).some(([name]) => name === "error"));
});

test("sources are footnotes and a list, and an unknown component shows what is in it", async () => {
  const source = { type: "url", title: "The price list", url: "https://example.com/prices" } as const;
  const unknown = { type: "Hologram", children: [{ type: "Text", value: "Still to be read" }] };
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("It costs 3.", [{ type: "annotation", index: 11, source }]) };
    yield { type: "thread.item.done", item: stand.item("widget", { widget: { type: "Card", children: [unknown] } }) };
  });
  const { chat, page, ...watched } = await embed(browser, stand);
  await chat.write("how much");
  await chat.root.getByRole("button", { name: "Footnote 1: The price list" }).click();
  await chat.root.getByRole("dialog").getByRole("link", { name: /The price list/ }).waitFor();
  await page.keyboard.press("Escape");
  await chat.root.getByText("Still to be read").waitFor();
  mustBeQuiet({ page, ...watched }, stand.url);
});
