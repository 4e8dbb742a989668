import assert from "node:assert/strict";
import { test } from "node:test";

import type { Question } from "../../protocol/items";
import { chosen, isAnswered, skipped, submission, type Answers } from "./answers";

const one: Question = { type: "multiple_choice", id: "one", question: "?", options: [{ value: "a" }, { value: "b" }] };
const many: Question = { ...one, id: "many", multiple: true };
const free: Question = { type: "freeform", id: "free", question: "?" };

test("one choice takes the place of the other, many stay", () => {
  let answers: Answers = {};
  for (const value of ["a", "b"]) answers = chosen(many, chosen(one, answers, value, true), value, true);
  assert.deepEqual(answers, { one: { values: ["b"] }, many: { values: ["a", "b"] } });
  assert.deepEqual(chosen(many, answers, "a", false)["many"], { values: ["b"] });
});

test("blanks are no answer", () => {
  assert.equal(isAnswered(free, {}), false);
  assert.equal(isAnswered(free, chosen(free, {}, "  ", true)), false);
  assert.equal(isAnswered(free, chosen(free, {}, "x", true)), true);
});

test("what is sent names every question", () => {
  const answers = skipped(many, chosen(free, chosen(one, {}, "a", true), " x ", true));
  assert.deepEqual(submission([one, many, free], answers), {
    status: "answered",
    answers: { one: { values: ["a"] }, many: { values: [], skipped: true }, free: { values: ["x"] } },
  });
  assert.equal(submission([one, free], {}).status, "skipped");
});
