/** A field's text and a message's content are the same, whatever is written. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { UserContent } from "../../protocol/items";
import { contentOf, edited, markBeside, markedText, withMark, type MarkedText, type Tag } from "./marked-text";

const tag = (text: string): Tag => ({ type: "input_tag", id: `id-${text}`, text });
const text = (written: string): UserContent => ({ type: "input_text", text: written });

/** `Hi [Anna] and |you`: marks in brackets, the caret as a bar. */
function drawn({ text: written, marks }: MarkedText): string {
  const cuts = marks.flatMap(({ start, end }) => [[start, "["], [end, "]"]] as const);
  return cuts.toReversed().reduce((line, [at, sign]) => line.slice(0, at) + sign + line.slice(at), written);
}

function parsed(line: string): MarkedText {
  const parts = line.split(/(\[[^\]]*\])/).filter(Boolean);
  return markedText(parts.map((part) => (part.startsWith("[") ? tag(part.slice(1, -1)) : text(part))));
}

test("content ▸ text ▸ content", () => {
  const cases: UserContent[][] = [
    [],
    [text("only text\nin lines")],
    [tag("Anna")],
    [tag("Anna"), tag("Anna")],
    [text("a "), tag("Harry Potter"), text(", "), tag("Ron"), text(" z")],
  ];
  for (const content of cases) assert.deepEqual(contentOf(markedText(content)), content);
});

test("marks stay with their words", () => {
  const cases = [
    // before, after with the caret, what is marked then
    ["[Anna]", "A|Anna", "A[Anna]"],
    ["[Anna] x", "Anna y| x", "[Anna] y x"],
    ["[Anna]", "Annaa|", "[Anna]a"],
    ["a [Anna] b", "|Anna b", "[Anna] b"],
    ["[Anna] [Ron]", "Anna and| Ron", "[Anna] and [Ron]"],
    ["[Anna] [Anna]", "Anna |", "[Anna] "],
    ["[Anna] [Anna]", "| Anna", " [Anna]"],
    ["[Anna]", "An|na", "[Anna]"],
    ["[Anna]", "Anx|na", "Anxna"],
    ["[Anna]", "Ann|", "Ann"],
    ["[Anna] b", "|", ""],
    ["one [Anna] two", "three|", "three"],
  ];
  for (const [before = "", line = "", wanted] of cases) {
    const caret = line.indexOf("|");
    const after = line.replace("|", "");
    assert.equal(drawn(edited(parsed(before), after, caret)), wanted, `${before} ▸ ${line}`);
  }
});

test("what is undone brings its tags back, and nothing else", () => {
  const known = [tag("Anna"), tag("Harry Potter")];
  const undone = (before: string, after: string, caret: number) => drawn(edited(parsed(before), after, caret, known));
  assert.equal(undone("Hi ", "Hi Harry Potter ", 16), "Hi [Harry Potter] ");
  assert.equal(undone("Anxna ", "Anna ", 2), "[Anna] ");
  assert.equal(undone("Anna came, ", "Anna came, Anna", 15), "Anna came, [Anna]");
  assert.equal(undone("[Anna] came", "Anna came!", 10), "[Anna] came!");
});

test("whatever is written, marks lie on their own words and apart from each other", () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  let now = parsed("[Anna] sees [Ron], [Anna] and [Annabel]");
  for (let turn = 0; turn < 2_000; turn++) {
    const from = random(now.text.length + 1);
    const to = Math.min(now.text.length, from + random(4));
    const written = ["", "A", "na", " ", "Anna", "\n"][random(6)] ?? "";
    const after = now.text.slice(0, from) + written + now.text.slice(to);
    now = edited(now, after, from + written.length, [tag("Anna"), tag("Ron")]);
    if (turn % 50 === 0) now = parsed(`${drawn(now).slice(0, 60).replace(/\[[^\]]*$/, "")} [Ron]`);
    let place = 0;
    for (const { start, end, tag: meant } of now.marks) {
      assert.ok(start >= place);
      assert.equal(now.text.slice(start, end), meant.text);
      place = end;
    }
    assert.equal(markedText(contentOf(now)).text, now.text);
  }
});

test("a mark that is put over others takes their place", () => {
  const now = withMark(parsed("[Anna] x"), { start: 2, end: 6, tag: tag("na x") });
  assert.equal(drawn(now), "An[na x]");
});

test("a step back or forward meets a mark as a whole", () => {
  const now = parsed("a [Anna] b");
  const met = (isBack: boolean) => [...now.text, ""].map((_, caret) => (markBeside(now, caret, isBack) ? "x" : ".")).join("");
  assert.equal(met(true), "...xxxx..");
  assert.equal(met(false), "..xxxx...");
});
