/** An answer that broke off, or isn't made anew: why is said where the user looks, and nothing that waits for them is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { call, useScene } from "./embedding";
import { begin } from "./live";
import { holds } from "./seen";
import { Refusal } from "./stand";

const scene = useScene();

test("an answer that the server won't make anew stays, and an alert says why, each time", async () => {
  const { stand, embed } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("The first one.") };
  });
  let refusals = 2;
  stand.on("threads.retry_after_item", () => {
    if (refusals-- > 0) return new Refusal(429);
    return (async function* () {
      yield { type: "thread.item.done" as const, item: stand.said("The second one.") };
    })();
  });
  const { chat } = await embed({ threadItemActions: { retry: true } });
  assert.equal(await chat.ask("go"), "The first one.");
  await chat.button("Answer again").click();
  const alert = chat.root.getByRole("alert");
  await alert.getByText("That was a lot at once. Please wait a moment and try again.").waitFor();
  assert.equal(await chat.lastAnswer(), "The first one.");
  const first = await alert.elementHandle();
  await alert.getByRole("button", { name: "Try again" }).click();
  // Another element, so that it is said once more.
  await chat.page.waitForFunction((element) => !element?.isConnected, first);
  await alert.getByText("That was a lot at once.").waitFor();
  assert.equal(await chat.lastAnswer(), "The first one.");
  await alert.getByRole("button", { name: "Try again" }).click();
  await chat.says("The second one.");
  assert.equal(await alert.count(), 0);
  assert.equal(stand.asked.filter(({ type }) => type === "threads.retry_after_item").length, 3);
});

for (const [standing, buttons] of [["pending", 0], ["approved", 1]] as const) {
  test(`after an error, an answer with a question that is ${standing} can${buttons ? "" : "'t"} be tried again`, async () => {
    const { stand, embed } = scene;
    const children = [{ type: "Text", value: "Delete the list?" }];
    stand.answers(function* () {
      const widget = { type: "Card", key: `frontdesk.approval/${standing}`, children };
      yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
      yield { type: "error", code: "custom", message: "Too many cats.", allow_retry: true };
    });
    const { chat } = await embed();
    await chat.write("go");
    await chat.root.getByText("Delete the list?").waitFor();
    const alert = chat.root.getByRole("alert");
    await alert.getByText("Too many cats.").waitFor();
    await chat.send.waitFor();
    assert.equal(await alert.getByRole("button", { name: "Try again" }).count(), buttons);
  });
}

test("a widget's action that failed is done again as it was, and what is shown stays", async () => {
  const { stand, embed } = scene;
  const buy = { type: "buy", payload: { id: 7 } };
  const button = { type: "Button", label: "Buy", onClickAction: buy };
  const widget = stand.item("widget", { widget: { type: "Row", children: [button] } });
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("A pear?") };
    yield { type: "thread.item.done", item: widget };
  });
  let failures = 1;
  stand.on("threads.custom_action", async function* () {
    if (failures-- > 0) yield { type: "error", code: "custom", message: "The till is jammed.", allow_retry: true };
    else yield { type: "thread.item.done", item: stand.said("Bought.") };
  });
  const { chat } = await embed();
  await chat.ask("go");
  await chat.button("Buy").click();
  const alert = chat.root.getByRole("alert").filter({ hasText: "The till is jammed." });
  await alert.getByRole("button", { name: "Try again" }).click();
  await chat.says("Bought.");
  await chat.idle();
  await holds(chat.log, `
    - text: "You said: go The assistant said:"
    - paragraph: A pear?
    - button "Buy"
    - text: "The assistant said:"
    - paragraph: Bought.
    - button "Copy the answer"
  `);
  const action = { type: "threads.custom_action", params: { thread_id: "thr_1", item_id: widget.id, action: buy } };
  assert.deepEqual(stand.asked.slice(1), [action, action]);
  assert.equal(await alert.count(), 0);
});

test("what failed can be tried again when it is over, and not before", async () => {
  const { stand } = scene;
  const { chat, live } = await begin(scene);
  live.tell({ type: "error", code: "custom", message: "The till is jammed.", allow_retry: true });
  const again = chat.button("Try again");
  await again.waitFor();
  assert.ok(await again.isDisabled());
  stand.on("threads.retry_after_item", async function* () {
    yield { type: "thread.item.done", item: stand.said("Done.") };
  });
  live.end();
  await again.click();
  await chat.says("Done.");
});

test("what the application sends to a thread that couldn't be loaded is shown with the thread, or refused", async () => {
  const { stand, embed } = scene;
  stand.items.push(stand.said("As far as we got."));
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Here.") };
  });
  let refusals = 2;
  stand.on("threads.get_by_id", (_, { thread, items }) =>
    refusals-- > 0 ? new Refusal(404) : { ...thread, items: { data: [...items], has_more: false } },
  );
  const { chat, page } = await embed({ initialThread: "thr_1" });
  const alert = chat.root.getByRole("alert").filter({ hasText: "This chat doesn't exist any more." });
  await alert.waitFor();
  assert.equal(await call(page, "sendUserMessage", { text: "hello" }), "Error: This chat doesn't exist any more.");
  await alert.waitFor();
  assert.deepEqual(stand.asked.map(({ type }) => type), ["threads.get_by_id", "threads.get_by_id"]);
  assert.equal(await call(page, "sendUserMessage", { text: "hello" }), null);
  await chat.says("Here.");
  assert.deepEqual(await chat.answers.locator("p").allInnerTexts(), ["As far as we got.", "Here."]);
  assert.equal(await alert.count(), 0);
});
