/** A thing of the application's in a message and below an answer: what it leads to, and what is shown of it. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { EntitySource } from "../../src/protocol/items";
import { eventually, mustBeQuiet } from "./browser";
import type { Chat } from "./chat";
import { setOptions, told, useScene } from "./embedding";

const scene = useScene();

const data = { lines: [{ bread: 7 }], paid: false, total: "12" };
const order: EntitySource = { type: "entity", id: "o7", title: "Order 7", interactive: true, data };

/** A thread of a question that names a thing and an answer that rests on it. */
function aThread() {
  const { stand } = scene;
  const tag = { type: "input_tag", id: "o7", text: "Order 7", interactive: true, data } as const;
  stand.items.push(stand.item("user_message", { content: [tag], attachments: [], inference_options: {} }));
  stand.items.push(stand.said("It is on its way.", [{ type: "annotation", index: 5, source: order }]));
}

/** The list of what the answer rests on. */
async function sources(chat: Chat) {
  await chat.root.getByText("Sources").click();
  return chat.root.getByRole("group").filter({ hasText: "Sources" }).getByRole("list");
}

test("a thing comes back to the application as it was given, wherever it is clicked", async () => {
  aThread();
  const { chat, page } = await scene.embed({ initialThread: "thr_1" }, () => ({
    entities: { onClick: (entity) => window.tell("click", entity) },
  }));
  const list = await sources(chat);
  for (const part of [chat.questions, chat.answers.getByRole("paragraph"), list]) await part.getByRole("button", { name: "Order 7" }).click();
  const clicked = (await told(page)).filter(([name]) => name === "click").map(([, entity]) => entity);
  assert.deepEqual(clicked, Array(3).fill({ id: "o7", title: "Order 7", interactive: true, data }));
});

test("a thing that leads nowhere is no button", async () => {
  aThread();
  const { chat, page } = await scene.embed({ initialThread: "thr_1" }, () => ({
    entities: { onRequestPreview: async () => ({ preview: null }) },
  }));
  const list = await sources(chat);
  await list.getByText("Order 7").waitFor();
  assert.equal(await list.getByRole("button").count(), 0);
  await setOptions(page, {}, () => ({ entities: { onClick: () => {} } }));
  await list.getByRole("button", { name: "Order 7" }).waitFor();
});

test("a preview that fails is told, and asked for again", async () => {
  aThread();
  const { chat, page, ...watched } = await scene.embed({ initialThread: "thr_1" }, () => {
    let times = 0;
    return {
      entities: {
        onRequestPreview: (entity) => {
          window.tell("preview", entity);
          times++;
          if (times === 1) throw new Error("the drawer is stuck");
          if (times === 2) return Promise.reject("not today");
          return Promise.resolve({ preview: { type: "Basic", children: [{ type: "Text", value: "Twelve loaves" }] } });
        },
      },
    };
  });
  const chip = chat.questions.getByRole("button", { name: "Order 7" });
  const entity = { id: "o7", title: "Order 7", interactive: true, data };
  const wanted: [string, unknown][] = [];
  for (const error of ["Error: the drawer is stuck", "Error: not today"]) {
    await chip.hover();
    wanted.push(["preview", entity], ["error", error]);
    await eventually(async () => assert.deepEqual((await told(page)).filter(([name]) => ["preview", "error"].includes(name)), wanted));
    await page.mouse.move(0, 0);
  }
  await chip.hover();
  await chat.root.getByRole("group", { name: "Order 7" }).getByText("Twelve loaves").waitFor();
  mustBeQuiet({ page, ...watched }, scene.stand.url);
});
