/** The end of the conversation stays in view while it grows, unless it grows under the user's hands. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { WidgetNode } from "../../src/protocol/widget";
import type { Chat } from "./chat";
import { eventually } from "./browser";
import { useScene } from "./embedding";

const scene = useScene();

const MANY = Array.from({ length: 40 }, (_, place) => `Of many words is line ${place}. `.repeat(6)).join("\n\n");
const FORM: WidgetNode = {
  type: "Card",
  children: [{ type: "Button", label: "Order", onClickAction: { type: "ordered" } }],
};

const away = (chat: Chat) => chat.log.evaluate(({ scrollHeight, clientHeight, scrollTop }) => Math.round(scrollHeight - clientHeight - scrollTop));

test("what grows after the answer to a form is followed, though the focus is still in the form", async () => {
  const { stand, embed } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("widget", { widget: FORM }) };
  });
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said(MANY) };
  });
  const { chat, page } = await embed();
  await chat.write("go");
  await chat.send.waitFor();
  await chat.button("Order").click();
  await chat.says("line 39.");
  await chat.idle();
  assert.equal(await chat.focused(), "Order", "the focus isn't in the form any more");
  await eventually(async () => assert.equal(await away(chat), 0));
  // The same words need more lines in a narrower page.
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  const before = await chat.log.evaluate(({ scrollHeight }) => scrollHeight);
  await page.setViewportSize({ width: width / 4, height: height / 2 });
  await eventually(async () => {
    assert.notEqual(await chat.log.evaluate(({ scrollHeight }) => scrollHeight), before);
    assert.equal(await away(chat), 0);
  });
});

test("what the user opens grows downwards, and isn't scrolled away from under the pointer", async () => {
  const { stand, embed } = scene;
  const tasks = Array.from({ length: 40 }, (_, place) => ({ type: "custom" as const, title: `Step ${place}` }));
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("workflow", { workflow: { type: "custom", tasks, summary: { title: "Worked" } } }) };
    yield { type: "thread.item.done", item: stand.said("Done.") };
  });
  const { chat, page } = await embed();
  await chat.ask("go");
  const top = async () => Math.round((await chat.button("Worked").boundingBox())?.y ?? NaN);
  const before = await top();
  await chat.button("Worked").click();
  await chat.root.getByText("Step 39", { exact: true }).waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await top(), before);
  assert.ok((await away(chat)) > 0, "all of it fits");
});

test("messages before the earlier ones can be asked for as soon as those are there", async () => {
  const { stand, embed } = scene;
  const wrote = (text: string) => stand.item("user_message", { content: [{ type: "input_text", text }], attachments: [], inference_options: {} });
  for (let count = 0; count < 60; count++) stand.items.push(wrote(`Message ${count}`));
  stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, items: { data: items.slice(0, 1), has_more: true } }));
  let goOn = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  stand.on("items.list", async ({ after }, { items }) => {
    if (after) await held;
    const newest = items.toReversed();
    const from = after ? newest.findIndex(({ id }) => id === after) + 1 : 0;
    return { data: newest.slice(from, from + 20), has_more: from + 20 < newest.length };
  });
  const { chat } = await embed({ initialThread: "thr_1" });
  await chat.root.getByText("Message 59", { exact: true }).waitFor();
  const button = chat.button("Show earlier messages");
  await button.evaluate((earlier: HTMLElement) => {
    const list = earlier.closest('[role="log"]');
    if (!list) throw new Error("the button isn't in the conversation");
    // Before anything of them is painted.
    const observer = new MutationObserver(() => {
      if (!list.textContent?.includes("Message 20")) return;
      observer.disconnect();
      earlier.click();
    });
    observer.observe(list, { childList: true, subtree: true });
    earlier.click();
  });
  goOn();
  await chat.root.getByText("Message 0", { exact: true }).waitFor();
});
