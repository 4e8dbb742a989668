/** Every component of the vocabulary is drawn, and what isn't known or isn't as it should be does no harm. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { signal } from "@preact/signals";
import { render, type ContainerNode } from "preact";

import { DeskContext, type Desk } from "../../desk";
import { en } from "../../locale/en";
import type { WidgetItem } from "../../protocol/items";
import type { WidgetNode } from "../../protocol/widget";
import { settingsOf } from "../../settings";
import { testDocument, TestNode } from "./test-document";
import { WidgetView } from "./widget";

class Nothing {
  observe(): void {}
}
const location = { origin: "https://page.example" };
Object.assign(globalThis, { document: testDocument, location, ShadowRoot: Nothing, ResizeObserver: Nothing });

const settings = signal(settingsOf({ api: { url: "/chatkit", domainKey: "local" } }));
const desk = { settings, words: signal(en), chat: { phase: signal("ready") } } as unknown as Desk;
const root = path.join(process.env["UI_ROOT"] ?? "", "..");

function drawn(widget: WidgetNode): TestNode {
  const place = new TestNode("div");
  const item: WidgetItem = { type: "widget", id: "w", thread_id: "t", created_at: "", widget };
  const view = (
    <DeskContext.Provider value={desk}>
      <WidgetView item={item} />
    </DeskContext.Provider>
  );
  render(view, place as unknown as ContainerNode);
  return place;
}

const names = (node: TestNode) => node.all().map(({ localName }) => localName);
const find = (node: TestNode, name: string) => node.all().find(({ localName }) => localName === name) ?? assert.fail(`no ${name}`);
const prop = (node: TestNode, name: string) => (node as unknown as Record<string, unknown>)[name] ?? node.attributes[name];

test("the recorded widgets", () => {
  const lines = readFileSync(path.join(root, "crates/protocol/tests/chatkit/items.jsonl"), "utf8").trim().split("\n");
  const items = lines.map((line) => (JSON.parse(line) as { out: WidgetItem }).out).filter(({ type }) => type === "widget");
  const texts = items.map(({ widget }) => drawn(widget).textContent);
  assert.equal(texts.length, 5);
  assert.equal(texts[0], "TasksoneDone");
  assert.match(texts[1] ?? "", /^Choose …OneUrgentACancelSave$/);
  assert.equal(texts[2], "Chart: TasksTasksMon3Tue5");
  assert.equal(texts[3], "2 tasksBuy milkopen");
  assert.equal(texts[4], "x");
});

const TYPES = ["Badge", "Basic", "Box", "Button", "Caption", "Card", "Chart", "Checkbox", "Col", "DatePicker", "Divider", "Form"];
TYPES.push("Icon", "Image", "Input", "Label", "ListView", "ListViewItem", "Markdown", "RadioGroup", "Row", "Select", "Spacer");
TYPES.push("Table", "Table.Cell", "Table.Row", "Text", "Textarea", "Title", "Transition", "HologramFromTheFuture");

test("a chart is a table, too", () => {
  const data = [{ d: "Mon", n: 3 }, { d: "Tue", n: 5000.25 }];
  const chart = drawn({ type: "Chart", data, series: [{ type: "bar", dataKey: "n", label: "Tasks" }], xAxis: "d" });
  assert.equal(find(chart, "table").textContent, "Chart: TasksTasksMon3Tue5,000.25");
});

test("every component with nothing in it, and with nonsense", () => {
  const types = readFileSync(path.join(root, "ui/node_modules/@openai/chatkit/types/widgets.d.ts"), "utf8");
  for (const [, type = ""] of types.matchAll(/type: '([A-Z][\w.]+)'/g)) assert.ok(TYPES.includes(type), type);
  const props = [...new Set([...types.matchAll(/^ {2,4}(\w+)\??:/gm)].map(([, name = ""]) => name))].filter((name) => name !== "type");
  assert.ok(props.length > 80);
  for (const type of TYPES) {
    drawn({ type });
    for (const wild of [null, -1, "wild", [], [null, {}], {}, true, { type: 4 }, { size: "x", top: {}, label: [], action: { type: "a" } }]) {
      drawn({ type, ...Object.fromEntries(props.map((name) => [name, wild])), children: [{ type: "Text", value: "x" }] } as WidgetNode);
    }
  }
});

test("unknown components are what is in them", () => {
  assert.equal(drawn({ type: "constructor", children: { type: "Text", value: "inside" } }).textContent, "inside");
});

test("pictures come from allowed places", () => {
  const shown = (src: string) => names(drawn({ type: "Image", src, alt: "x" })).includes("img");
  assert.ok(shown("/picture.png"));
  assert.ok(shown("https://page.example/a.png"));
  assert.ok(shown("data:image/png;base64,AAAA"));
  for (const src of ["https://evil.example/a.png", "data:text/html,x", "javascript:x", "blob:x", "//evil.example/a.png", "", "http://["]) {
    assert.ok(!shown(src), src);
  }
});

const APPROVAL: WidgetNode = {
  type: "Card",
  key: "frontdesk.approval/pending",
  children: [
    { type: "Title", size: "sm", value: "Needs your approval · Send email" },
    { type: "Text", value: "To: anna@example.com" },
    {
      type: "Row",
      children: ["approve", "decline"].map((decision) => ({
        type: "Button",
        label: decision,
        ...(decision === "approve" ? { style: "primary", color: "danger" } : { style: "secondary" }),
        onClickAction: { type: "frontdesk.approval", payload: { decision }, loadingBehavior: "container" },
      })),
    },
  ],
};

test("an approval is a group with a name, and its buttons are as the server wants them", () => {
  const page = drawn(APPROVAL);
  const group = page.all().find((node) => prop(node, "role") === "group") ?? assert.fail("no group");
  assert.equal(prop(group, "aria-label"), "Needs your approval · Send email");
  const buttons = page.all().filter(({ localName }) => localName === "button");
  assert.deepEqual(buttons.map((button) => [/tone-\w+/.exec(String(prop(button, "class")))?.[0], prop(button, "type")]), [
    ["tone-danger", "button"],
    ["tone-secondary", "button"],
  ]);
  assert.ok(!names(page).includes("form"));
});

test("an approval that is decided says how", () => {
  const [title] = Array.isArray(APPROVAL.children) ? APPROVAL.children : [];
  const page = drawn({ type: "Card", key: "frontdesk.approval/declined", children: title ? [{ ...title, value: "Declined · Send email" }] : [] });
  assert.equal(page.textContent, "Declined · Send email");
  assert.ok(page.all().some((node) => /is-approval is-declined/.test(String(prop(node, "class")))));
  assert.ok(!names(page).includes("button"));
});

test("fields have names, and none that hides what a form can do", () => {
  const page = drawn({
    type: "Form",
    children: [
      { type: "Label", value: "Elements", fieldName: "elements" },
      { type: "Input", name: "elements", required: true },
      { type: "Input", name: "todo.dueDate" },
      { type: "Select", name: "long", options: Array.from({ length: 16 }, (_, place) => ({ value: `${place}`, label: `${place}` })) },
    ],
  });
  const [first, second, third] = page.all().filter(({ localName }) => localName === "input");
  assert.ok(first && second && third);
  assert.equal(prop(first, "name"), undefined);
  assert.equal(prop(first, "aria-label"), undefined);
  assert.equal(prop(find(page, "label"), "for") ?? prop(find(page, "label"), "htmlFor"), prop(first, "id"));
  assert.equal(prop(second, "aria-label"), "Due Date");
  assert.equal(prop(third, "role"), "combobox");
});

test("a field's name may have spaces, and its label is its own all the same", () => {
  const options = [{ value: "a", label: "A" }];
  const page = drawn({
    type: "Form",
    children: [
      { type: "Label", value: "First name", fieldName: "first name" },
      { type: "Input", name: "first name" },
      { type: "Label", value: "Own colour", fieldName: "own colour" },
      { type: "RadioGroup", name: "own colour", options },
    ],
  });
  const labels = page.all().filter(({ localName }) => localName === "label");
  const group = page.all().find((node) => prop(node, "role") === "radiogroup") ?? assert.fail("no group");
  const id = prop(find(page, "input"), "id");
  assert.doesNotMatch(String(id), /\s/);
  assert.equal(prop(labels[0] ?? group, "for") ?? prop(labels[0] ?? group, "htmlFor"), id);
  assert.equal(prop(group, "aria-labelledby"), prop(labels[1] ?? group, "id"));
  assert.doesNotMatch(String(prop(group, "aria-labelledby")), /\s/);
});

test("a text that is being written has a mark at its end", () => {
  assert.ok(names(drawn({ type: "Text", value: "x", streaming: true })).includes("span"));
  assert.ok(!names(drawn({ type: "Text", value: "x" })).includes("span"));
});
