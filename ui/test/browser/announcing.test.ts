/** What those hear who listen instead of look: an answer sentence by sentence, in a live region. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "./browser";
import { told, useScene } from "./embedding";
import { begin } from "./live";

const scene = useScene();

test("an answer comes into the live region by whole sentences, without its code, and so does its end", async () => {
  const { stand } = scene;
  const { chat, live, page } = await begin(scene);
  await chat.root.locator('.app > [role="status"][aria-live="polite"]').evaluate((region) => {
    const hear = () => window.tell("heard", region.textContent);
    new MutationObserver(hear).observe(region, { childList: true, characterData: true, subtree: true });
    hear();
  });
  const heard = async () => (await told(page)).filter(([name, words]) => name === "heard" && words).map(([, words]) => String(words));
  // What comes quickly is said together.
  const hears = (words: string) => eventually(async () => assert.equal((await heard()).join(" "), words));
  const item = stand.said("");
  const grow = (delta: string) => live.update(item, { type: "assistant_message.content_part.text_delta", content_index: 0, delta });
  live.tell({ type: "thread.item.added", item });
  grow("Pears are **dear**. It has");
  await hears("The assistant is answering. Pears are dear.");
  grow(" rained a lot.\n\n```js\nlet pears = 3;\n```\n\nBuy");
  await hears("The assistant is answering. Pears are dear. It has rained a lot. Code.");
  grow(" plums");
  const text = "Pears are **dear**. It has rained a lot.\n\n```js\nlet pears = 3;\n```\n\nBuy plums";
  live.tell({ type: "thread.item.done", item: { ...item, content: [{ type: "output_text", text, annotations: [] }] } as typeof item });
  await hears("The assistant is answering. Pears are dear. It has rained a lot. Code. Buy plums");
  live.end();
  await hears("The assistant is answering. Pears are dear. It has rained a lot. Code. Buy plums The answer is complete.");
  assert.deepEqual((await heard()).filter((words) => !/(?:\.|plums)$/.test(words)), [], "half a sentence");
});
