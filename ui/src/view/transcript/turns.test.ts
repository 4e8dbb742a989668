import assert from "node:assert/strict";
import { test } from "node:test";

import type { Item } from "../../protocol/items";
import { answersOf, asks, turnsOf } from "./turns";

const base = (id: string) => ({ id, thread_id: "t", created_at: "2026-01-01T00:00:00Z" });
const asked = (id: string): Item => ({ ...base(id), type: "user_message", content: [], attachments: [], inference_options: {} });
const said = (id: string, text = id): Item => ({
  ...base(id),
  type: "assistant_message",
  content: [{ type: "output_text", text, annotations: [] }],
});
const over = (id: string): Item => ({ ...base(id), type: "end_of_turn" });
const ids = (items: readonly Item[]) => items.map(({ id }) => id).join(" ");

test("a turn begins with a message of the user's", () => {
  const turns = turnsOf([said("a"), asked("b"), said("c"), said("d"), asked("e")]);
  assert.deepEqual(turns.map(({ key, items }) => [key, ids(items)]), [["a", "a"], ["b", "b c d"], ["e", "e"]]);
  assert.deepEqual(turnsOf([]), []);
});

test("turns whose items are the same are the same", () => {
  const items = [asked("a"), said("b"), asked("c"), said("d")];
  const before = turnsOf(items);
  const grown = turnsOf(items.with(3, said("d", "more")), before);
  assert.equal(grown[0], before[0]);
  assert.notEqual(grown[1], before[1]);
  const older = turnsOf([asked("x"), said("y"), ...items], before);
  assert.equal(older[1], before[0]);
  assert.equal(older[2], before[1]);
});

test("a turn stays the same one when its beginning comes later, or goes", () => {
  const half = [said("b"), asked("c")];
  const before = turnsOf(half);
  const whole = turnsOf([asked("x"), said("y"), asked("a"), ...half], before);
  assert.deepEqual(whole.map(({ key, items }) => [key, ids(items)]), [["x", "x y"], ["b", "a b"], ["c", "c"]]);
  const again = turnsOf([asked("a"), said("b", "more"), asked("c")], whole);
  assert.deepEqual(again.map(({ key }) => key), ["b", "c"]);
  const apart = turnsOf([asked("a"), asked("n"), said("b")], whole);
  assert.equal(new Set(apart.map(({ key }) => key)).size, 2);
});

test("an answer ends where the server says so, and is shown where there is something to see", () => {
  const [turn] = turnsOf([asked("a"), said("b"), over("c"), said("d"), said("e", " "), over("f"), over("g")]);
  assert.ok(turn);
  assert.deepEqual(answersOf(turn).map(ids), ["b", "d e"]);
});

test("a turn asks as long as nobody has decided", () => {
  const turnWith = (key: string) => turnsOf([asked("a"), { ...base("w"), type: "widget", widget: { type: "Card", key } }, said("b")])[0];
  const keys = ["frontdesk.approval/pending", "frontdesk.approval/approved", "frontdesk.approval/declined", "own", ""];
  const asking = keys.filter((key) => {
    const turn = turnWith(key);
    return turn && asks(turn);
  });
  assert.deepEqual(asking, ["frontdesk.approval/pending"]);
});
