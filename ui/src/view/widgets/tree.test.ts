/** Trees are bounded, whatever a server sends. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { WidgetNode } from "../../protocol/widget";
import { firstText, nodesOf, optionsOf, spoken, survey, whole } from "./tree";

const count = (node: WidgetNode): number => 1 + nodesOf(node).reduce((sum, child) => sum + count(child), 0);
const depth = (node: WidgetNode): number => 1 + Math.max(0, ...nodesOf(node).map(depth));

test("a tree within bounds is the very same", () => {
  const tree: WidgetNode = { type: "Card", children: [{ type: "Transition", children: { type: "Text", value: "x" } }, { type: "Row", children: [] }] };
  assert.equal(survey(tree).tree, tree);
});

test("a deep tree ends", () => {
  let tree: WidgetNode = { type: "Text", value: "deepest" };
  for (let level = 0; level < 5000; level++) tree = { type: "Box", children: [tree] };
  assert.equal(depth(survey(tree).tree), 32);
});

test("a wide tree ends, and one that contains itself", () => {
  const wide: WidgetNode = { type: "Card", children: Array.from({ length: 9000 }, () => ({ type: "Text", value: "x" })) };
  assert.equal(count(survey(wide).tree), 2000);
  const endless: WidgetNode = { type: "Box", children: [] };
  endless.children = [endless, endless];
  assert.ok(count(survey(endless).tree) <= 2000);
});

test("what is no node is left out", () => {
  const tree = { type: "Card", children: [null, "text", 4, { value: "no type" }, [{ type: "Text" }], { type: "Text", value: "x" }] };
  const found = survey(tree as unknown as WidgetNode).tree;
  assert.deepEqual(nodesOf(found), [{ type: "Text", value: "x" }]);
  assert.deepEqual(nodesOf(survey({ type: "Card", children: "text" } as unknown as WidgetNode).tree), []);
});

test("names", () => {
  const card: WidgetNode = { type: "Card", children: [{ type: "Row", children: [{ type: "Label", value: "Due", fieldName: "todo.due" }] }] };
  assert.equal(firstText(card), "Due");
  assert.deepEqual([...survey(card).labelled], ["todo.due"]);
  assert.equal(spoken("todo.dueDate_utc"), "Due Date utc");
});

test("numbers and options within bounds", () => {
  assert.deepEqual([whole(3.7, 10), whole(99, 10), whole(0, 10), whole("3", 10), whole(NaN, 10)], [3, 10, undefined, undefined, undefined]);
  assert.deepEqual(optionsOf([{ value: 1 }, null, "x", { value: "b", label: "B", disabled: true }]), [
    { value: "1", label: "1", description: "", disabled: false },
    { value: "b", label: "B", description: "", disabled: true },
  ]);
  assert.deepEqual(optionsOf("x"), []);
});
