/** When something is asked for at the caret, and when a sign is only a sign. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { askedAt, askedOn } from "./asking";
import type { Mark } from "./marked-text";

const asked = (text: string, marks: Mark[] = []) => {
  const found = askedAt(text, text.length, marks, ["@", "/"]);
  return found && `${found.sign}${found.query} at ${found.start}`;
};

test("signs at the beginning of a word ask", () => {
  const cases: Record<string, string | null> = {
    "@": "@ at 0",
    "Hi @an": "@an at 3",
    "(@an": "@an at 1",
    "@Harry Po": "@Harry Po at 0",
    "line\n/do": "/do at 5",
    "/": "/ at 0",
    "a@b": null,
    "@ an": null,
    "and / or": null,
    "and/or": null,
    "https://x": null,
    "@an\n": null,
    "@@": null,
    "/usr/bin": null,
    "": null,
  };
  for (const [text, wanted] of Object.entries(cases)) assert.equal(asked(text), wanted, text);
});

test("where words have no spaces between them, a thing is asked for after any of them", () => {
  const cases: Record<string, string | null> = {
    "你好@": "@ at 2",
    "请问@张": "@张 at 2",
    "你好，@": "@ at 3",
    "《@": "@ at 1",
    "こんにちは@山": "@山 at 5",
    "コーヒー@": "@ at 4",
    "メモ@": "@ at 2",
    "「@": "@ at 1",
    "はい！@": "@ at 3",
    "안녕@": null,
    "ｘ@y": null,
    "你好x@y": null,
    "时/分": null,
  };
  for (const [text, wanted] of Object.entries(cases)) assert.equal(asked(text), wanted, text);
});

test("only the signs that somebody listens to", () => {
  assert.equal(askedAt("@a", 2, [], ["/"]), null);
  assert.equal(askedAt("/a", 2, [], ["@"]), null);
});

test("what is marked was found already", () => {
  const mark: Mark = { start: 3, end: 10, tag: { type: "input_tag", id: "1", text: "@person" } };
  assert.equal(asked("Hi @person", [mark]), null);
  assert.equal(askedAt("Hi @person", 6, [mark], ["@"]), null);
  assert.equal(asked("Hi @person @x", [mark]), "@x at 11");
});

test("a menu is filtered by what is written after it was opened", () => {
  const menu = { sign: null, start: 3, end: 3, query: "" };
  assert.equal(askedOn(menu, "Hi th", 5)?.query, "th");
  assert.equal(askedOn(menu, "Hi", 2), null);
  assert.equal(askedOn(menu, "Hi a\nb", 6), null);
});
