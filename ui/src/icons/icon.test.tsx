/** Every name that an application may use has a drawing, and no name leads anywhere else. */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

import { outlines } from "icons:outlines";

import { Icon } from "./icon";

const TYPES = path.join(process.env["UI_ROOT"] ?? "", "node_modules/@openai/chatkit/types");

async function names(file: string, type: string): Promise<string[]> {
  const text = await readFile(path.join(TYPES, file), "utf8");
  const union = new RegExp(`export type ${type} =([^;]*);`).exec(text)?.[1] ?? "";
  return [...union.matchAll(/'([^']+)'/g)].map(([, name]) => name ?? "");
}

test("every icon of the vocabulary is drawn", async () => {
  const wanted = [
    ...(await names("index.d.ts", "ChatKitIcon")),
    ...(await names("index.d.ts", "HeaderIcon")),
    ...(await names("widgets.d.ts", "WidgetIcon")),
  ];
  assert.ok(wanted.length > 160, `only ${wanted.length} names`);
  assert.deepEqual(wanted.filter((name) => !Object.hasOwn(outlines, name)), []);
});

test("every icon that our own pages use is drawn", async () => {
  const root = path.join(process.env["UI_ROOT"] ?? "", "src");
  const files = (await readdir(root, { recursive: true })).filter((file) => /(?<!\.test)\.tsx?$/.test(file));
  const used = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(path.join(root, file), "utf8");
      return [...text.matchAll(/<Icon\s+name="([^"]+)"|\bicon: "([^"]+)"/g)].map(([, one, other]) => one ?? other ?? "");
    }),
  );
  assert.deepEqual(used.flat().filter((name) => !Object.hasOwn(outlines, name)), []);
});

test("an outline is the data of a path and nothing else", () => {
  for (const [name, outline] of Object.entries(outlines)) {
    assert.match(outline, /^!?M[-\d.\sMmLlHhVvCcSsQqTtAaZz,]+$/, name);
  }
});

test("every command of an outline has as many numbers as it takes", () => {
  const arity: Record<string, number> = { m: 2, l: 2, h: 1, v: 1, c: 6, s: 4, q: 4, t: 2, a: 7, z: 0 };
  for (const [name, outline] of Object.entries(outlines)) {
    for (const [, command = "", text = ""] of outline.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
      const takes = arity[command.toLowerCase()] ?? assert.fail(`${name}: ${command}`);
      const numbers = text.match(/-?(?:\d+\.?\d*|\.\d+)/g)?.length ?? 0;
      assert.ok(takes === 0 ? numbers === 0 : numbers > 0 && numbers % takes === 0, `${name}: ${command}${text}`);
    }
  }
});

test("a lucide name becomes a mask only where it is a plain name", () => {
  const mask = (name: string) => JSON.stringify(Icon({ name }).props).includes("url(");
  assert.ok(mask("lucide:shopping-cart"));
  for (const name of ["lucide:", "lucide:../x", 'lucide:a")', "lucide:A", "vendor:acme", "url(x)", "constructor"]) {
    assert.ok(!mask(name), name);
  }
});

test("what isn't known is a dot", () => {
  const drawn = (name: string) => (Icon({ name }).props.children as { props: { d?: string } }).props.d;
  assert.equal(drawn("vendor:acme"), outlines["dot"]?.slice(1));
  assert.equal(drawn("constructor"), outlines["dot"]?.slice(1));
});
