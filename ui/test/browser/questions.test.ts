/** Questions whose answers aren't taken, or not now: what was answered is kept, why is said, and who can't answer isn't asked. */
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Question } from "../../src/protocol/items";
import { eventually } from "./browser";
import type { Chat } from "./chat";
import { call, useScene } from "./embedding";
import { Live } from "./live";
import { isSeenAs } from "./seen";
import { Refusal } from "./stand";

const scene = useScene();

const size: Question = { type: "multiple_choice", id: "size", question: "Which size?", options: [{ value: "Small" }, { value: "Large" }] };
const reason: Question = { type: "freeform", id: "why", question: "Why?" };
const ANSWERS = { status: "answered", answers: { size: { values: ["Large"] }, why: { values: ["It rains"] } } };

const asking = (inputs = [size, reason]) => scene.stand.item("structured_input", { status: "pending", inputs });
const formOf = (chat: Chat) => chat.root.getByRole("form", { name: "Questions" });
const sent = () => scene.stand.asked.filter(({ type }) => type === "threads.add_structured_input").map(({ params }) => params.input as unknown);

/** A chat whose questions are answered, and not sent yet. */
async function filled(): Promise<{ chat: Chat; page: Page }> {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: asking() };
  });
  const { chat, page } = await scene.embed();
  await chat.write("order");
  await chat.root.getByRole("radio", { name: "Large" }).check();
  await chat.button("Next").click();
  await chat.root.getByRole("textbox", { name: "Why?" }).fill("It rains");
  return { chat, page };
}

/** The form, with everything as it was filled in; `complaint` is what is said in it. */
async function isKept(chat: Chat, complaint = ""): Promise<void> {
  await isSeenAs(formOf(chat), `
    - form "Questions":
      - paragraph: Question 2 of 2
      - text: Why?
      - textbox "Why?":
        - /placeholder: Your answer
        - text: It rains
      ${complaint && `- alert: ${complaint}`}
      - button "Back"
      - button "Skip"
      - button "Send"
  `);
}

const takesThem = () =>
  scene.stand.on("threads.add_structured_input", async function* () {
    yield { type: "thread.item.done", item: scene.stand.said("Noted.") };
  });

for (const [what, status, body, complaint] of [
  ["a refusal that has a reason", 409, { error: { code: "conflict", message: "a colleague has answered" } }, "A colleague has answered."],
  ["a server that is busy", 429, {}, "That was a lot at once. Please wait a moment and try again."],
  ["a server that is broken", 500, {}, "Something went wrong. Please try again."],
] as const) {
  test(`after ${what} the answers are still there, and can be sent again`, async () => {
    const { chat } = await filled();
    scene.stand.on("threads.add_structured_input", () => new Refusal(status, body));
    await chat.button("Send").click();
    await isKept(chat, complaint);
    await eventually(async () => assert.equal(await chat.root.getByRole("textbox", { name: "Why?" }).evaluate((field) => field.matches(":focus")), true));
    takesThem();
    await chat.button("Back").click();
    assert.equal(await chat.root.getByRole("radio", { name: "Large" }).isChecked(), true);
    await chat.button("Next").click();
    await chat.button("Send").click();
    await chat.says("Noted.");
    await chat.field.waitFor();
    assert.deepEqual(sent(), [ANSWERS, ANSWERS]);
  });
}

test("who is offline keeps the answers, and sends them later", async () => {
  const { chat, page } = await filled();
  takesThem();
  await page.context().setOffline(true);
  await chat.button("Send").click();
  await isKept(chat, "The assistant can't be reached. Please check your connection.");
  await page.context().setOffline(false);
  await chat.button("Send").click();
  await chat.says("Noted.");
  assert.deepEqual(sent(), [ANSWERS]);
});

test("who stops the sending of answers has them back, and isn't told what they know", async () => {
  const { chat } = await filled();
  scene.stand.on("threads.add_structured_input", () => new Promise(() => {}));
  await chat.button("Send").click();
  await chat.stop.click();
  await isKept(chat);
});

test("where what follows the answers breaks off, they are there until they are taken", async () => {
  const { chat } = await filled();
  scene.stand.on("threads.add_structured_input", async function* () {
    yield { type: "error", code: "custom", message: "The pen is empty.", allow_retry: true };
  });
  await chat.button("Send").click();
  await isKept(chat);
  await isSeenAs(chat.log.getByRole("alert"), `
    - alert:
      - paragraph: The pen is empty.
  `);
});

test("an action of the application leaves the answers and the focus where they are", async () => {
  const { chat, page } = await filled();
  const live = new Live();
  scene.stand.on("threads.custom_action", () => live);
  const acting = call(page, "sendCustomAction", { type: "peek" });
  await chat.stop.waitFor();
  await formOf(chat).waitFor({ state: "detached" });
  await page.evaluate(() => {
    const button = document.createElement("button");
    document.body.prepend(button);
    button.focus();
  });
  live.end();
  assert.equal(await acting, null);
  await isKept(chat);
  // What takes the focus does so after it was drawn.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))));
  assert.equal(await page.evaluate(() => document.activeElement?.localName), "button");
  takesThem();
  await chat.button("Send").click();
  await chat.says("Noted.");
  assert.deepEqual(sent(), [ANSWERS]);
});

test("what a thread that can't be written to has asked isn't asked any more", async () => {
  const { stand } = scene;
  stand.items.push(asking());
  const open = async () => (await scene.embed({ initialThread: "thr_1" })).chat;
  const active = await open();
  await formOf(active).waitFor();
  assert.equal(await active.field.count(), 0);

  stand.thread.status = { type: "locked", reason: "A colleague is on it" };
  const locked = await open();
  await locked.log.getByText("A colleague is on it").waitFor();
  assert.equal(await formOf(locked).count(), 0);
  assert.deepEqual([await locked.field.getAttribute("placeholder"), await locked.field.isEditable()], ["A colleague is on it", false]);

  stand.thread.status = { type: "closed" };
  const closed = await open();
  await closed.log.getByText("This chat is closed.").waitFor();
  assert.deepEqual([await formOf(closed).count(), await closed.field.count()], [0, 0]);
});

test("where nothing is asked one can write", async () => {
  const { stand } = scene;
  stand.answers(({ input }) => {
    const isFirst = input?.content[0]?.text === "order";
    return [{ type: "thread.item.done", item: isFirst ? asking([]) : stand.said("Noted.") }];
  });
  const { chat } = await scene.embed();
  await chat.write("order");
  await chat.send.waitFor();
  assert.equal(await chat.ask("a large one"), "Noted.");
  assert.equal(await formOf(chat).count(), 0);
});

test("who begins a new chat in place of answering writes on in its message field", async () => {
  const { chat } = await filled();
  await chat.button("New chat").click();
  await chat.field.waitFor();
  await eventually(async () => assert.equal(await chat.focused(), "Message"));
});
