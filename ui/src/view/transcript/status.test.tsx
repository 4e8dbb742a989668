/** Why an answer broke off is said again where it is another reason, and tried again only where nothing is lost by it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";
import { render, type ContainerNode } from "preact";

import { user } from "../../../test/conversation";
import { DeskContext, type Desk } from "../../desk";
import { en } from "../../locale/en";
import type { Item } from "../../protocol/items";
import { settingsOf } from "../../settings";
import { EMPTY, type Failure } from "../../state/transcript";
import { testDocument, TestNode } from "../widgets/test-document";
import { Trouble } from "./status";
import { ThreadContext } from "./thread-context";
import { TurnView } from "./turn";

class Nothing {
  observe(): void {}
}
Object.assign(globalThis, { document: testDocument, location: { origin: "https://page.example" }, ShadowRoot: Nothing, ResizeObserver: Nothing });

const FAILURE: Failure = { type: "error", message: "Too many cats.", allow_retry: true };
const AGAIN = { type: "threads.custom_action" as const, params: { thread_id: "thr_1", action: { type: "buy" } } };
const question = user("msg_1", "Hello");
const base = { thread_id: "thr_1", created_at: "" };
const approval: Item = { ...base, type: "widget", id: "w_1", widget: { type: "Card", key: "frontdesk.approval/pending", children: [] } };
const inputs = [{ type: "freeform" as const, id: "why", question: "Why?", answer: { values: ["It rains"] } }];
const answered: Item = { ...base, type: "structured_input", id: "si_1", status: "answered", inputs };

function deskOf(error: Failure, items: readonly Item[]): Desk {
  const transcript = signal({ ...EMPTY, items, error });
  const settings = signal(settingsOf({ api: { url: "/chatkit", domainKey: "local" } }));
  const chat = { phase: signal("ready"), canEdit: signal(false), transcript };
  return { settings, words: signal(en), chat } as unknown as Desk;
}

const alertOf = (place: TestNode) => place.all().find((node) => node.attributes["role"] === "alert") ?? assert.fail("no alert");

for (const [standing, turn, text] of [
  ["pending", undefined, "Too many cats."],
  ["pending", "turn_1", "Too many cats.Try again"],
  ["approved", undefined, "Too many cats.Try again"],
] as const) {
  test(`an answer with a question that is ${standing}${turn ? ", and that couldn't be read here," : ""}: ${text}`, () => {
    const widget = { type: "Card", key: `frontdesk.approval/${standing}`, children: [] };
    const asked: Item = { type: "widget", id: "w_1", thread_id: "thr_1", created_at: "", widget };
    const items = [question, asked];
    const place = new TestNode("div");
    const desk = deskOf({ ...FAILURE, ...(turn && { turn }) }, items);
    const view = (
      <DeskContext.Provider value={desk}>
        <TurnView turn={{ key: "msg_1", items }} open={new Set()} drawn={{}} isLast isOver isFresh={false} />
      </DeskContext.Provider>
    );
    render(view, place as unknown as ContainerNode);
    assert.equal(alertOf(place).textContent, text);
  });
}

for (const [what, items, failure, isActive, text] of [
  ["an action, and no message was ever sent", [], { again: AGAIN }, true, "Too many cats.Try again"],
  ["an action, while a decision is waited for", [question, approval], { again: AGAIN }, true, "Too many cats.Try again"],
  ["an action, and the thread is locked", [question], { again: AGAIN }, false, "Too many cats."],
  ["an action, that may go on in a thread that is locked", [question], { again: AGAIN, turn: "turn_1" }, false, "Too many cats.Try again"],
  ["what followed the user's answers", [question, answered], {}, true, "Too many cats."],
  ["what followed the user's answers, that couldn't be read here", [question, answered], { turn: "turn_1" }, true, "Too many cats.Try again"],
  ["an action after the user's answers", [question, answered], { again: AGAIN }, true, "Too many cats.Try again"],
] as const) {
  test(`what failed was ${what}: ${text}`, () => {
    const place = new TestNode("div");
    const view = (
      <DeskContext.Provider value={deskOf({ ...FAILURE, ...failure }, items)}>
        <ThreadContext.Provider value={{ hosts: [], isActive }}>
          <TurnView turn={{ key: "msg_1", items }} open={new Set()} drawn={{}} isLast isOver isFresh={false} />
        </ThreadContext.Provider>
      </DeskContext.Provider>
    );
    render(view, place as unknown as ContainerNode);
    assert.equal(alertOf(place).textContent, text);
  });
}

test("the same words once more are another alert, and the same error is the same one", () => {
  const place = new TestNode("div");
  const show = (error: Failure) => {
    render(<DeskContext.Provider value={deskOf(error, [question])}><Trouble /></DeskContext.Provider>, place as unknown as ContainerNode);
    return alertOf(place);
  };
  const first = show(FAILURE);
  assert.ok(show(FAILURE) === first);
  const second = show({ ...FAILURE });
  assert.ok(second !== first);
  assert.equal(second.textContent, first.textContent);
});
