/** What is offered while something is mentioned or a command is given, also where nothing is found at first. */
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "./browser";
import type { Chat } from "./chat";
import { told, useScene } from "./embedding";

const scene = useScene();

const options = (chat: Chat) => chat.root.getByRole("option");
const offers = (chat: Chat, ...wanted: string[]) => eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), wanted));
/** What the page was told under this name. */
const heard = async (page: Page, wanted: string) => (await told(page)).filter(([name]) => name === wanted).map(([, detail]) => detail);
/** Waits until it is this that was looked for, each time after the other. */
const looksFor = (page: Page, ...wanted: string[]) => eventually(async () => assert.deepEqual(await heard(page, "search"), wanted));

test("who is asked for by a few letters is found, though none are found without", async () => {
  const { chat, page } = await scene.embed({}, () => ({
    entities: {
      onTagSearch: async (query) => {
        window.tell("search", query);
        return query.length < 2 ? [] : [{ id: "u1", title: "Ann" }];
      },
    },
  }));
  await chat.field.pressSequentially("ask @");
  await looksFor(page, "");
  await offers(chat);
  await chat.field.press("a");
  await looksFor(page, "", "a");
  await offers(chat);
  await chat.field.press("n");
  await offers(chat, "Ann");
  await chat.field.press("Enter");
  await eventually(async () => assert.equal(await chat.field.inputValue(), "ask Ann "));
});

test("who is asked for is found after a search that failed", async () => {
  const { chat, page } = await scene.embed({}, () => ({
    entities: {
      onTagSearch: async (query) => {
        window.tell("search", query);
        if (query === "") throw new Error("the book is shut");
        return [{ id: "u1", title: "Ann" }];
      },
    },
  }));
  await chat.field.press("@");
  await eventually(async () => assert.deepEqual(await heard(page, "error"), ["Error: the book is shut"]));
  await offers(chat);
  await chat.field.press("a");
  await offers(chat, "Ann");
  assert.deepEqual(await heard(page, "search"), ["", "a"]);
  assert.deepEqual(await heard(page, "error"), ["Error: the book is shut"]);
});

test("a command is found by its name, though none are found without", async () => {
  const { chat, page } = await scene.embed({}, () => ({
    commands: { enabled: true, onSearch: async (query) => (window.tell("search", query), query ? [{ id: "pay", label: "Pay" }] : []) },
  }));
  await chat.field.press("/");
  await looksFor(page, "");
  await offers(chat);
  await chat.field.press("p");
  await offers(chat, "Pay");
});

test("what the chat itself can do is offered, also where the application's search fails", async () => {
  const { chat, page } = await scene.embed({ composer: { tools: [{ id: "web", label: "Search", icon: "globe" }] } }, () => ({
    commands: { enabled: true, onSearch: () => Promise.reject("the book is shut") },
  }));
  await chat.field.press("/");
  await offers(chat, "Search");
  await eventually(async () => assert.deepEqual(await heard(page, "error"), ["Error: the book is shut"]));
  await chat.field.press("Enter");
  await chat.button("Don't use Search").waitFor();
});

test("while it is looked for again Enter sends, and nothing is offered for what was sent", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Yes.") };
  });
  const { chat, page } = await scene.embed({}, () => ({
    entities: {
      onTagSearch: async (query) => {
        window.tell("search", query);
        if (!query) return [];
        await new Promise((found) => addEventListener("found", found, { once: true }));
        return [{ id: "u1", title: "Ann" }];
      },
    },
  }));
  await chat.field.press("@");
  await looksFor(page, "");
  await offers(chat);
  await chat.field.press("a");
  await looksFor(page, "", "a");
  await chat.field.press("Enter");
  await chat.says("Yes.");
  await page.evaluate(async () => {
    dispatchEvent(new Event("found"));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
  assert.equal(await options(chat).count(), 0);
  assert.deepEqual(stand.asked[0]?.params.input?.content, [{ type: "input_text", text: "@a" }]);
});

test("what is asked for in a field that was only just emptied is offered", async () => {
  const { chat } = await scene.embed({}, () => ({ entities: { onTagSearch: async () => [{ id: "u1", title: "Ann" }] } }));
  await chat.field.fill("hello");
  await chat.field.selectText();
  await chat.field.evaluate(async () => {
    document.execCommand("delete");
    // What the emptied field brings about is drawn, but nothing has been painted.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    document.execCommand("insertText", false, "@");
  });
  await offers(chat, "Ann");
});

for (const [written, caret, asked, chosen] of [
  ["hello", 5, "hello @", "hello Ann "],
  ["hello ", 6, "hello @", "hello Ann "],
  ["(", 1, "(@", "(Ann "],
  ["hello you", 5, "hello @ you", "hello Ann you"],
  ["mail ann@", 9, "mail ann@ @", "mail ann@ Ann "],
  ["你好", 2, "你好@", "你好Ann "],
] as const) {
  test(`the button asks who is meant at any place: after “${written.slice(0, caret)}” of “${written}”`, async () => {
    const { chat } = await scene.embed({}, () => ({
      entities: { showComposerMenu: true, onTagSearch: async () => [{ id: "u1", title: "Ann" }] },
    }));
    await chat.field.fill(written);
    await chat.field.evaluate((field: HTMLTextAreaElement, place) => field.setSelectionRange(place, place), caret);
    await chat.button("Mention something").click();
    await offers(chat, "Ann");
    assert.equal(await chat.field.inputValue(), asked);
    await chat.field.press("Enter");
    await eventually(async () => assert.equal(await chat.field.inputValue(), chosen));
  });
}
