/** A form's values go into an action's payload, which is stronger. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { merged, type Entry } from "./payload";

const CASES: [name: string, payload: unknown, entries: Entry[], expected: unknown, collisions: string[]][] = [
  ["nothing to add", { a: 1 }, [], { a: 1 }, []],
  ["no payload", undefined, [["a", "x"]], { a: "x" }, []],
  ["names with dots", { id: 7 }, [["todo.title", "x"], ["todo.done", false]], { todo: { title: "x", done: false }, id: 7 }, []],
  ["what is there already", { todo: { title: "own" } }, [["todo.title", "x"], ["todo.note", null]], { todo: { note: null, title: "own" } }, ["todo.title"]],
  ["a value in the way", { todo: "own" }, [["todo.title", "x"]], { todo: "own" }, ["todo.title"]],
  ["a payload that is no object", "own", [["a", "x"]], "own", ["a"]],
  ["a list", [1], [["a", "x"]], [1], ["a"]],
  ["names that mean something else", {}, [["__proto__.polluted", "x"], ["a..b", "x"]], {}, ["__proto__.polluted", "a..b"]],
  ["names that objects have", {}, [["constructor.name", "x"]], { constructor: { name: "x" } }, []],
];

for (const [name, payload, entries, expected, collisions] of CASES) {
  test(name, () => {
    assert.deepEqual(merged(payload, entries), { payload: expected, collisions });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
}
