/** Which files may be attached. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { AttachmentLimits } from "../settings";
import { dialogFilter, mimeOf, refusalOf } from "./accepting";

const file = (name: string, type = "", size = 10) => ({ name, type, size });
const limits = (more: Partial<AttachmentLimits> = {}): AttachmentLimits => ({
  maxSize: { "*": 100 },
  maxCount: 3,
  accept: null,
  ...more,
});

test("without types everything may be attached, but not too many and nothing empty", () => {
  assert.equal(refusalOf(file("a.exe"), limits(), 0), null);
  assert.deepEqual(refusalOf(file("a.exe"), limits(), 3), { kind: "count", most: 3 });
  assert.deepEqual(refusalOf(file("a.exe", "", 0), limits(), 0), { kind: "empty" });
});

test("types are named by MIME type, by a part of it, and by the name's ending", () => {
  const some = limits({ accept: { "image/*": [], "text/csv": ["csv"], "application/pdf": [".PDF"] } });
  for (const good of [file("x", "image/webp"), file("a.CSV"), file("b.pdf", "application/x-other"), file("c", "text/csv;charset=utf-8")]) {
    assert.equal(refusalOf(good, some, 0), null, good.name);
  }
  for (const bad of [file("a.txt", "text/plain"), file("csv"), file("x", "imagine/webp")]) {
    assert.deepEqual(refusalOf(bad, some, 0), { kind: "type" }, bad.name);
  }
});

test("the closest size counts", () => {
  const some = limits({ maxSize: { "*": 100, "image/*": 200, "image/png": 50 } });
  const most = (type: string) => refusalOf(file("x", type, 201), some, 0);
  assert.deepEqual(most("image/png"), { kind: "size", most: 50 });
  assert.deepEqual(most("image/webp"), { kind: "size", most: 200 });
  assert.deepEqual(most("text/plain"), { kind: "size", most: 100 });
  assert.equal(refusalOf(file("x", "image/webp", 200), some, 0), null);
});

test("a type is found where the browser knows none", () => {
  assert.equal(mimeOf(file("notes.md"), null), "text/markdown");
  assert.equal(mimeOf(file("a.dwg"), limits({ accept: { "image/vnd.dwg": [".dwg"] } })), "image/vnd.dwg");
  assert.equal(mimeOf(file("a.png"), limits({ accept: { "image/*": [".png"] } })), "application/octet-stream");
  assert.equal(mimeOf(file("a.b", "Text/Plain; x=y"), null), "text/plain");
});

test("the file dialog is told of all of them", () => {
  assert.equal(dialogFilter(limits({ accept: { "image/*": [".png", "jpg"] } })), "image/*,.png,.jpg");
  assert.equal(dialogFilter(limits()), undefined);
});
