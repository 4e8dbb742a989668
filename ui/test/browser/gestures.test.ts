/** What is copied, quoted, dragged and skipped. */
import type { JSHandle, Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Question } from "../../src/protocol/items";
import { eventually } from "./browser";
import type { Chat } from "./chat";
import { useScene } from "./embedding";
import { holds } from "./seen";

const scene = useScene();

const TEXT = "Two **kinds**:\n\n```js\nlet pears = 3;\n```";

/** Opens a thread with an answer that can be copied. */
async function withAnswer() {
  const { stand } = scene;
  stand.items.push(stand.said(TEXT));
  const widget = stand.item("widget", { widget: { type: "Text", value: "A card" } });
  stand.items.push({ ...widget, copy_text: "The card's text" } as typeof widget);
  const embedded = await scene.embed({ initialThread: "thr_1" });
  await embedded.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await embedded.chat.says("Two kinds");
  return embedded;
}

const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

/** Waits until those who listen have heard it. */
const isSaid = (chat: Chat, words: string) => chat.root.getByRole("status").getByText(words, { exact: true }).waitFor();

test("an answer is copied as it was written, and code without what is around it", async () => {
  const { chat, page } = await withAnswer();
  await chat.button("Copy the answer").click();
  await isSaid(chat, "Copied.");
  assert.equal(await copied(page), `${TEXT}\n\nThe card's text`);
  await chat.button("Copy the code").click();
  await eventually(async () => assert.equal(await copied(page), "let pears = 3;"));
  assert.equal(await chat.focused(), "Copy the code");
});

test("a page that has no clipboard copies all the same, and says so when it can't", async () => {
  const { chat, page } = await withAnswer();
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await chat.button("Copy the code").click();
  await isSaid(chat, "Copied.");
  assert.equal(await chat.focused(), "Copy the code");
  await chat.field.focus();
  await page.keyboard.press("Control+V");
  await eventually(async () => assert.equal(await chat.field.inputValue(), "let pears = 3;"));
  await page.evaluate(() => (document.execCommand = () => false));
  await chat.button("Copy the answer").click();
  await isSaid(chat, "That could not be copied.");
});

test("words of an answer are quoted with a message, unless one changes one's mind", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("Pears are dear this year."));
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("It rained.") };
  });
  const { chat } = await scene.embed({ initialThread: "thr_1" });
  const words = chat.answers.first().getByText("Pears are dear this year.");
  const quote = async () => {
    await words.selectText();
    await chat.button("Quote").click();
    await chat.button("Remove the quote").waitFor();
    assert.equal(await chat.focused(), "Message");
  };
  await quote();
  await chat.button("Remove the quote").click();
  await chat.button("Remove the quote").waitFor({ state: "detached" });
  await quote();
  await chat.write("Why?");
  await chat.says("It rained.");
  assert.deepEqual(stand.asked.findLast(({ params }) => params.input)?.params.input, {
    content: [{ type: "input_text", text: "Why?" }],
    attachments: [],
    quoted_text: "Pears are dear this year.",
    inference_options: {},
  });
  await holds(chat.log, `
    - text: "The assistant said:"
    - paragraph: Pears are dear this year.
    - button "Copy the answer"
    - text: "You said:"
    - blockquote: "Quoted: Pears are dear this year."
    - text: "Why? The assistant said:"
    - paragraph: It rained.
    - button "Copy the answer"
  `);
  assert.equal(await chat.button("Remove the quote").count(), 0);
});

test("the words can still be quoted when a scroll is told that moved nothing, and not when they have moved", async () => {
  scene.stand.items.push(scene.stand.said("Pears are dear this year.\n\n".repeat(60)));
  const { chat } = await scene.embed({ initialThread: "thr_1" });
  await chat.says("Pears are dear this year.");
  // It goes to its end, which moves the words, too.
  await eventually(async () => assert.ok(await chat.log.evaluate((log) => log.scrollTop > 0 && log.scrollTop + log.clientHeight > log.scrollHeight - 2)));
  await chat.answers.first().getByText("Pears are dear this year.").last().selectText();
  await chat.button("Quote").waitFor();
  await chat.log.evaluate(async (log) => {
    log.dispatchEvent(new Event("scroll"));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  assert.equal(await chat.button("Quote").count(), 1);
  await chat.log.evaluate((log) => log.scrollBy(0, -10));
  await chat.button("Quote").waitFor({ state: "detached" });
});

/** Something that is dragged over the page. */
function dragged(page: Page, what: "a file" | "a text"): Promise<JSHandle<DataTransfer>> {
  return page.evaluateHandle((kind) => {
    const data = new DataTransfer();
    if (kind === "a file") data.items.add(new File(["remember"], "notes.txt", { type: "text/plain" }));
    else data.setData("text/plain", "remember");
    return data;
  }, what);
}

test("a file that is dragged over the chat is attached where it is dropped, and a text isn't", async () => {
  const { stand } = scene;
  stand.takes("/upload", () => ({ type: "file", id: "att_1", name: "notes.txt", mime_type: "text/plain" }));
  const { chat, page } = await scene.embed({
    api: { url: "/api", domainKey: "local", uploadStrategy: { type: "direct", uploadUrl: "/upload" } },
    composer: { attachments: { enabled: true } },
  });
  const goal = chat.root.getByText("Drop files here to attach them");
  const [file, text] = [await dragged(page, "a file"), await dragged(page, "a text")];
  const over = chat.root.getByText("What can I help with today?");
  await over.dispatchEvent("dragenter", { dataTransfer: file });
  await goal.waitFor();
  await goal.dispatchEvent("dragleave", { dataTransfer: file });
  await goal.waitFor({ state: "detached" });

  await over.dispatchEvent("dragenter", { dataTransfer: text });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal(await goal.count(), 0, "a text is taken for a file");
  await over.dispatchEvent("dragenter", { dataTransfer: file });
  await goal.dispatchEvent("dragover", { dataTransfer: file });
  await goal.dispatchEvent("drop", { dataTransfer: file });
  await goal.waitFor({ state: "detached" });
  await isSaid(chat, "notes.txt is attached.");
  assert.deepEqual(await chat.root.getByRole("list", { name: "Attached files" }).getByRole("listitem").allInnerTexts(), ["notes.txt"]);
  assert.equal(await chat.focused(), "Message");
});

const size: Question = { type: "multiple_choice", id: "size", question: "Which size?", options: [{ value: "Small" }, { value: "Large" }] };
const reason: Question = { type: "freeform", id: "why", question: "Why?", description: "In a word" };

/** The same questions with what was answered. */
function answering(given: Record<string, { values: string[]; skipped?: boolean }>) {
  const { stand } = scene;
  const item = stand.item("structured_input", { status: "pending", inputs: [size, reason] });
  stand.answers(function* () {
    yield { type: "thread.item.done", item };
  });
  stand.on("threads.add_structured_input", async function* ({ input }) {
    const { status } = input as unknown as { status: "answered" | "skipped" };
    const inputs = [size, reason].map((one) => ({ ...one, answer: given[one.id] }));
    yield { type: "thread.item.replaced", item: { ...item, status, inputs } as typeof item };
    yield { type: "thread.item.done", item: stand.said("All right.") };
  });
}

const submitted = () => scene.stand.asked.find(({ type }) => type === "threads.add_structured_input")?.params.input;

test("a question is skipped, and what was said to the others is kept", async () => {
  answering({ size: { values: [], skipped: true }, why: { values: ["It rains"] } });
  const { chat } = await scene.embed();
  await chat.write("order");
  const form = chat.root.getByRole("form", { name: "Questions" });
  await form.getByText("Question 1 of 2").waitFor();
  assert.ok(await form.getByRole("button", { name: "Next" }).isDisabled());
  await form.getByRole("button", { name: "Skip" }).click();
  await eventually(async () => assert.equal(await form.getByRole("textbox", { name: "Why?" }).evaluate((field) => field.matches(":focus")), true));
  await form.getByRole("textbox", { name: "Why?" }).fill("It rains");
  await form.getByRole("button", { name: "Back" }).click();
  await form.getByRole("radio", { name: "Large" }).waitFor();
  await form.getByRole("button", { name: "Skip" }).click();
  assert.equal(await form.getByRole("textbox", { name: "Why?" }).inputValue(), "It rains");
  await form.getByRole("button", { name: "Send" }).click();
  await chat.says("All right.");
  assert.deepEqual(submitted(), { status: "answered", answers: { size: { values: [], skipped: true }, why: { values: ["It rains"] } } });
  await holds(chat.log, `
    - text: "You said: order"
    - term: Which size?
    - definition: Skipped
    - term: Why?
    - definition: It rains
    - text: "The assistant said:"
    - paragraph: All right.
    - button "Copy the answer"
  `);
});

test("whoever skips everything has answered nothing, and can write again", async () => {
  answering({ size: { values: [], skipped: true }, why: { values: [], skipped: true } });
  const { chat } = await scene.embed();
  await chat.write("order");
  await chat.button("Skip").click();
  await chat.root.getByRole("textbox", { name: "Why?" }).waitFor();
  await chat.button("Skip").click();
  await chat.says("All right.");
  assert.deepEqual(submitted(), { status: "skipped", answers: { size: { values: [], skipped: true }, why: { values: [], skipped: true } } });
  await chat.field.waitFor();
});
