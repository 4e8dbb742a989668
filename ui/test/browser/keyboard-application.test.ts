/** An application's chat with the keyboard alone: what is read, opened, filled in, answered and dismissed in it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Question } from "../../src/protocol/items";
import type { WidgetNode } from "../../src/protocol/widget";
import { eventually } from "./browser";
import { call, useScene } from "./embedding";
import { Keys } from "./keys";

const scene = useScene();

async function open(...options: Parameters<typeof scene.embed>) {
  const embedded = await scene.embed(...options);
  return { ...embedded, keys: new Keys(embedded.page) };
}

/** Says “go”, which these items answer. */
async function ask(...items: (() => ReturnType<typeof scene.stand.said>)[]) {
  const { stand } = scene;
  stand.answers(function* () {
    for (const item of items) yield { type: "thread.item.done", item: item() };
  });
  const opened = await open();
  await opened.keys.to("Message");
  await opened.keys.type("go");
  await opened.page.keyboard.press("Enter");
  return opened;
}

const requests = (type: string) => scene.stand.asked.filter((asked) => asked.type === type).map(({ params }) => params);

test("earlier messages come, and a conversation is read, without a pointer", async () => {
  const { stand } = scene;
  const wrote = (text: string) => stand.item("user_message", { content: [{ type: "input_text", text }], attachments: [], inference_options: {} });
  for (let count = 0; count < 60; count++) stand.items.push(wrote(`Message ${count}`));
  stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, items: { data: items.slice(0, 1), has_more: true } }));
  let goOn = () => {};
  const asked = new Promise<void>((resolve) => (goOn = resolve));
  stand.on("items.list", async ({ after }, { items }) => {
    if (after) await asked;
    const newest = items.toReversed();
    const from = after ? newest.findIndex(({ id }) => id === after) + 1 : 0;
    return { data: newest.slice(from, from + 20), has_more: from + 20 < newest.length };
  });
  const { chat, keys, page } = await open({ initialThread: "thr_1" });
  await chat.root.getByText("Message 59", { exact: true }).waitFor();
  await keys.to("Message");
  await keys.to("Show earlier messages", "Shift+Tab");
  goOn();
  await chat.root.getByText("Message 20", { exact: true }).waitFor();
  // Who reads stays where that was, so the button is no longer in view.
  await page.keyboard.press("Enter");
  await chat.root.getByText("Message 0", { exact: true }).waitFor();
  await keys.isOn("Conversation");
  // The arrows move it.
  const away = () => chat.log.evaluate(({ scrollHeight, clientHeight, scrollTop }) => Math.round(scrollHeight - clientHeight - scrollTop));
  let last = NaN;
  /** Waits until it has come to rest there. */
  const rests = async (isThere: (pixels: number) => boolean) =>
    eventually(async () => {
      const [before, now] = [last, await away()];
      last = now;
      assert.ok(now === before && isThere(now), `${now} pixels from the end`);
    });
  await page.keyboard.press("End");
  await rests((pixels) => pixels <= 1);
  await page.keyboard.press("PageUp");
  await rests((pixels) => pixels > 200);
  await keys.to("To the newest message");
  await keys.press("Enter", "Conversation");
  await rests((pixels) => pixels <= 1);
});

test("a notice and a failure are read and answered without a pointer", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "notice", level: "warning", title: "Careful", message: "The [till](https://example.com/till) is closed." };
    yield { type: "error", message: "The till is jammed.", allow_retry: true };
  });
  stand.on("threads.retry_after_item", async function* () {
    yield { type: "thread.item.done", item: stand.said("Now it works.") };
  });
  const { chat, keys } = await open();
  await keys.to("Message");
  await keys.type("go");
  await keys.press("Enter", "Message");
  await chat.root.getByRole("alert").getByText("The till is jammed.").waitFor();
  await keys.to("till", "Shift+Tab");
  await keys.press("Tab", "Dismiss");
  await keys.press("Enter", "Message");
  await chat.root.getByRole("note").waitFor({ state: "detached" });
  await keys.to("Try again", "Shift+Tab");
  await keys.press("Enter", "Message");
  await chat.says("Now it works.");
});

test("a thread that can't be loaded is asked for again without a pointer", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("As far as we got."));
  const { chat, keys, page } = await open();
  await page.route("**/api", (route) => route.abort());
  await call(page, "setThreadId", "thr_1");
  await chat.button("Try again").waitFor();
  await page.unroute("**/api");
  await keys.to("Try again");
  await keys.press("Enter", "Message");
  await chat.says("As far as we got.");
});

test("what is folded is opened, and an image looked at, without a pointer", async () => {
  const { stand } = scene;
  const source = { type: "url", title: "The price list", url: "https://example.com/prices" } as const;
  const rows = Array.from({ length: 8 }, (_, place) => ({ type: "ListViewItem", onClickAction: { type: "pick" }, children: [{ type: "Text", value: `Row ${place + 1}` }] }));
  const pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const { chat, keys, page } = await ask(
    () => stand.item("workflow", { workflow: { type: "reasoning", tasks: [{ type: "thought", title: "Weighing", content: "Hm." }], summary: { duration: 5 } } }),
    () => stand.item("widget", { widget: { type: "Card", collapsed: true, status: { text: "Booked" }, children: [{ type: "Text", value: "All of it" }] } }),
    () => stand.item("widget", { widget: { type: "ListView", limit: "auto", children: rows } }),
    () => stand.item("generated_image", { image: { id: "img_1", url: pixel } }),
    () => stand.said("It costs 3.", [{ type: "annotation", index: 11, source }]),
  );
  await chat.idle();

  await keys.to("Sources 1", "Shift+Tab");
  await keys.press("Enter", "Sources 1");
  await keys.press("Tab", "The price listexample.com");
  await keys.to("Footnote 1: The price list", "Shift+Tab");
  await keys.press("Enter", "The price listexample.com");
  await keys.press("Escape", "Footnote 1: The price list");

  await keys.to("Show the image larger", "Shift+Tab");
  await page.keyboard.press("Enter");
  const dialog = chat.root.getByRole("dialog", { name: "Generated image" });
  await dialog.waitFor();
  await keys.to("Close");
  await keys.press("Enter", "Show the image larger");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await keys.press("Escape", "Show the image larger");

  await keys.to("Show 2 more", "Shift+Tab");
  await keys.press("Enter", "Row 7");
  await keys.to("Booked", "Shift+Tab");
  await keys.press("Enter", "Booked");
  await chat.root.getByText("All of it").waitFor();
  await keys.to("Thought for 5 seconds", "Shift+Tab");
  await keys.press("Enter", "Thought for 5 seconds");
  await chat.root.getByText("Hm.").waitFor();
});

test("a chart is read without a pointer", async () => {
  const chart: WidgetNode = { type: "Chart", data: [{ month: "May", sold: 3 }, { month: "June", sold: 5 }], xAxis: "month", series: [{ type: "bar", dataKey: "sold", label: "Sold" }] };
  const { chat, keys } = await ask(() => scene.stand.item("widget", { widget: chart }));
  const plot = chat.root.getByRole("group", { name: "Chart: Sold" });
  await plot.waitFor();
  await keys.to("Chart: Sold", "Shift+Tab");
  await keys.press("ArrowLeft", "Chart: Sold");
  await plot.getByRole("status").getByText("June: Sold 5").waitFor();
  await keys.press("ArrowLeft", "Chart: Sold");
  await plot.getByRole("status").getByText("May: Sold 3").waitFor();
});

test("a form is filled in and sent without a pointer", async () => {
  const named = (field: string, text: string): WidgetNode => ({ type: "Label", value: text, fieldName: field });
  const options = ["Small", "Large"].map((value) => ({ value, label: value }));
  const fruits = ["Apple", "Pear"].map((value) => ({ value, label: value }));
  const widget: WidgetNode = {
    type: "Card",
    asForm: true,
    confirm: { label: "Book", action: { type: "book" } },
    children: [
      named("guest", "Guest"),
      { type: "Input", name: "guest", required: true },
      named("size", "Size"),
      { type: "Select", name: "size", options, defaultValue: "Small" },
      named("fruit", "Fruit"),
      { type: "Select", name: "fruit", options: fruits, searchable: true },
      { type: "RadioGroup", name: "colour", options: [{ value: "red", label: "Red" }, { value: "blue", label: "Blue" }] },
      { type: "Checkbox", name: "breakfast", label: "Breakfast" },
      named("wishes", "Wishes"),
      { type: "Textarea", name: "wishes" },
      { type: "DatePicker", name: "day", defaultValue: "2026-03-15" },
    ],
  };
  const { stand } = scene;
  const { chat, keys, page } = await ask(() => stand.item("widget", { widget }));
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said("Booked.") };
  });
  await chat.button("Book").waitFor();
  await chat.send.waitFor();
  await keys.to("Book", "Shift+Tab");
  // What is missing is where the focus goes.
  await keys.press("Enter", "Guest");
  await keys.type("Ann");
  await keys.press("Tab", "Size");
  await keys.press("ArrowDown", "Size");
  await keys.press("Tab", "Fruit");
  await keys.type("pe");
  await chat.root.getByRole("option", { name: "Pear" }).waitFor();
  await keys.press("Enter", "Fruit");
  await keys.press("Tab", "Red");
  await keys.press("ArrowDown", "Blue");
  await keys.press("Tab", "Breakfast");
  await keys.press("Space", "Breakfast");
  await keys.press("Tab", "Wishes");
  await keys.type("Quiet\n");
  await keys.to("Choose a date");
  await keys.press("Enter", "Sunday, March 15, 2026");
  await keys.press("ArrowRight", "Monday, March 16, 2026");
  await keys.press("Enter", "Choose a date");
  await keys.to("Book");
  await page.keyboard.press("Enter");
  await chat.says("Booked.");
  await keys.isOn("Book");
  const [sent] = requests("threads.custom_action");
  const payload = { guest: "Ann", size: "Large", fruit: "Pear", colour: "blue", breakfast: true, wishes: "Quiet\n", day: "2026-03-16" };
  assert.deepEqual(sent?.["action"], { type: "book", payload });
});

test("questions are answered without a pointer", async () => {
  const size: Question = { type: "multiple_choice", id: "size", question: "Which size?", options: [{ value: "Small" }, { value: "Large" }] };
  const reason: Question = { type: "freeform", id: "why", question: "Why?" };
  const { stand } = scene;
  const { chat, keys } = await ask(() => stand.item("structured_input", { status: "pending", inputs: [size, reason] }));
  stand.on("threads.add_structured_input", async function* () {
    yield { type: "thread.item.done", item: stand.said("Noted.") };
  });
  await keys.isOn("Small");
  await keys.press("ArrowDown", "Large");
  await keys.to("Next");
  await keys.press("Enter", "Why?");
  await keys.to("Back");
  await keys.press("Enter", "Large");
  await keys.to("Next");
  await keys.press("Enter", "Why?");
  await keys.type("It rains");
  await keys.press("Enter", "Message");
  await chat.says("Noted.");
  const answers = { size: { values: ["Large"] }, why: { values: ["It rains"] } };
  assert.deepEqual(requests("threads.add_structured_input")[0]?.input, { status: "answered", answers });
});

test("things are mentioned and commands given without a pointer", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Ann it is.") };
  });
  const { chat, keys } = await open({}, () => ({
    entities: { onTagSearch: async () => [{ id: "u1", title: "Ann", interactive: true }, { id: "u2", title: "Bob" }], onClick: (entity) => window.tell("clicked", entity.id) },
    commands: { enabled: true, onSearch: async () => [{ id: "clear", label: "Clear" }], onSelect: async (command) => window.tell("commanded", command.id) },
  }));
  const told = async (name: string) => (await chat.page.evaluate(() => window.told)).filter(([one]) => one === name).map(([, detail]) => detail);
  await keys.to("Message");
  await keys.type("/");
  await chat.root.getByRole("option", { name: "Clear" }).waitFor();
  await keys.press("Enter", "Message");
  await eventually(async () => assert.deepEqual(await told("commanded"), ["clear"]));
  await keys.type("ask @");
  await chat.root.getByRole("option", { name: "Bob" }).waitFor();
  await keys.press("ArrowDown", "Message");
  await keys.press("ArrowUp", "Message");
  await keys.press("Enter", "Message");
  await chat.root.getByRole("option").first().waitFor({ state: "detached" });
  await keys.to("Ann");
  await keys.press("Enter", "Ann");
  await eventually(async () => assert.deepEqual(await told("clicked"), ["u1"]));
  await keys.to("Message", "Shift+Tab");
  await keys.press("Enter", "Message");
  await chat.says("Ann it is.");
});
