/** A form's button without an action of its own waits while the form does, and says so. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";
import { render, type ContainerNode } from "preact";

import { DeskContext, type Desk, type Phase } from "../../desk";
import { en } from "../../locale/en";
import type { WidgetItem } from "../../protocol/items";
import type { WidgetNode } from "../../protocol/widget";
import { settingsOf } from "../../settings";
import { ThreadContext } from "../transcript/thread-context";
import { testDocument, TestNode } from "./test-document";
import { WidgetView } from "./widget";

class Nothing {
  observe(): void {}
}
Object.assign(globalThis, { document: testDocument, location: { origin: "https://page.example" }, ShadowRoot: Nothing, ResizeObserver: Nothing });

const button: WidgetNode = { type: "Button", label: "Book", submit: true };
const form = (onSubmitAction?: object, more: object = {}): WidgetNode => ({
  type: "Form",
  ...(onSubmitAction && { onSubmitAction }),
  children: [{ ...button, ...more }],
});
const BOOK = { type: "book" };

for (const [what, widget, phase, isActive, expected] of [
  ["nothing goes on", form(BOOK), "ready", true, undefined],
  ["an answer runs", form(BOOK), "answering", true, "true"],
  ["the thread is locked", form(BOOK), "ready", false, "true"],
  ["an answer runs, and the page itself handles it", form({ ...BOOK, handler: "client" }), "answering", true, undefined],
  ["an answer runs, and it needs none", form({ ...BOOK, streaming: false }), "answering", true, undefined],
  ["an answer runs, and submitting does nothing", form(), "answering", true, undefined],
  ["an answer runs, and the button has an action of its own alone", form(undefined, { onClickAction: BOOK }), "answering", true, "true"],
] as const) {
  test(`a form's button where ${what}: ${expected ? "it waits" : "it can be pressed"}`, () => {
    const settings = signal(settingsOf({ api: { url: "/chatkit", domainKey: "local" } }));
    const desk = { settings, words: signal(en), chat: { phase: signal<Phase>(phase) } } as unknown as Desk;
    const item: WidgetItem = { type: "widget", id: "w_1", thread_id: "thr_1", created_at: "", widget };
    const place = new TestNode("div");
    const view = (
      <DeskContext.Provider value={desk}>
        <ThreadContext.Provider value={{ hosts: [], isActive }}>
          <WidgetView item={item} />
        </ThreadContext.Provider>
      </DeskContext.Provider>
    );
    render(view, place as unknown as ContainerNode);
    const drawn = place.all().find(({ localName }) => localName === "button") ?? assert.fail("no button");
    assert.equal(drawn.attributes["aria-disabled"], expected);
  });
}
