/** The keys choose what is seen, however slowly it is found. */

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { askedAt, type Asked } from "./asking";
import { byGroup, matching, Suggestions, type Suggestion } from "./suggestions";

type Found = readonly Suggestion[];

let chosen: string[];
let searched: string[];
let answers: ((found: Found) => void)[];
let failures: unknown[];
let list: Suggestions;

const one = (key: string, more: Partial<Suggestion> = {}): Suggestion => ({
  key,
  label: key,
  choose: ({ start, end }) => void chosen.push(`${key} for ${start}–${end}`),
  ...more,
});

beforeEach(() => {
  [chosen, searched, answers, failures] = [[], [], [], []];
  const find = ({ query }: Asked) => {
    searched.push(query);
    return new Promise<Found>((resolve) => answers.push(resolve));
  };
  list = new Suggestions(find, (error) => failures.push(error), () => chosen.push("sent"));
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

const write = (text: string) => list.look(askedAt(text, text.length, [], ["@", "/"]), text, text.length);
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

async function find(...found: Suggestion[]): Promise<void> {
  mock.timers.tick(200);
  answers.shift()?.(found);
  await settle();
}

const shown = () => list.offer.value?.suggestions.map(({ key }, place) => (place === list.offer.value?.active ? `>${key}` : key));

test("arrows walk around, Enter chooses", async () => {
  write("@");
  await find(one("a"), one("b"), one("c"));
  assert.deepEqual(shown(), [">a", "b", "c"]);
  assert.ok(list.press("ArrowUp"));
  assert.deepEqual(shown(), ["a", "b", ">c"]);
  assert.ok(list.press("ArrowDown"));
  assert.ok(list.press("ArrowDown"));
  assert.deepEqual(shown(), ["a", ">b", "c"]);
  assert.ok(list.press("Enter"));
  await settle();
  assert.deepEqual(chosen, ["b for 0–1"]);
  assert.equal(list.offer.value, null);
});

test("without suggestions keys are the field's", () => {
  for (const key of ["Enter", "Escape", "ArrowUp", "Tab"]) assert.equal(list.press(key), false);
  write("@");
  assert.equal(list.press("Home"), false);
  assert.equal(list.press("x"), false);
});

test("what is typed fast is searched for once, and an old answer is of no use", async () => {
  write("@");
  mock.timers.tick(0);
  write("@a");
  write("@an");
  mock.timers.tick(200);
  assert.deepEqual(searched, ["", "an"]);
  answers[1]?.([one("anna")]);
  await settle();
  answers[0]?.([one("zoe")]);
  await settle();
  assert.deepEqual(shown(), [">anna"]);
});

test("Enter before the answer chooses from the answer", async () => {
  write("@");
  await find(one("zoe"));
  write("@an");
  assert.ok(list.press("Enter"));
  assert.deepEqual(chosen, []);
  await find(one("anna"));
  assert.deepEqual(chosen, ["anna for 0–3"]);
});

test("Enter before the answer sends where nothing is found, and only where it was looked for", async () => {
  write("/pay");
  assert.ok(list.press("Enter"));
  await find();
  assert.deepEqual(chosen, ["sent"]);
  write("");
  write("/pay");
  assert.ok(list.press("Tab"));
  await find();
  assert.deepEqual(chosen, ["sent"], "Tab sends nothing");
  write("");
  write("/p");
  assert.ok(list.press("Enter"));
  write("/pa");
  await find();
  await find();
  assert.deepEqual(chosen, ["sent"], "what is written on isn't done yet");
});

test("whoever has moved to one stays there", async () => {
  write("@");
  await find(one("a"), one("b"), one("c"));
  list.press("ArrowDown");
  write("@x");
  await find(one("c"), one("b"));
  assert.deepEqual(shown(), ["c", ">b"]);
});

test("Escape is for as long as the same is asked", async () => {
  write("@");
  await find(one("a"));
  assert.ok(list.press("Escape"));
  write("@a");
  mock.timers.tick(200);
  assert.equal(list.offer.value, null);
  write("@a and @");
  await find(one("b"));
  assert.deepEqual(shown(), [">b"]);
});

test("where nothing is found, another word after it isn't searched for", async () => {
  write("1 /2");
  await find();
  assert.equal(list.offer.value, null);
  // The caret has moved there and back.
  write("1 /2");
  write("1 /2 of");
  mock.timers.tick(200);
  assert.deepEqual(searched, ["2"]);
  assert.equal(list.press("Enter"), false);
  write("1 /");
  mock.timers.tick(200);
  assert.deepEqual(searched, ["2", ""]);
});

test("that nothing is found for a few letters says nothing of more of them", async () => {
  for (const text of ["@", "@a", "@an"]) {
    write(text);
    await find();
    assert.equal(list.offer.value, null);
  }
  write("@ann");
  // Whoever sends a message that has a sign in it isn't kept from it.
  assert.equal(list.offer.value, null);
  assert.equal(list.press("Enter"), false);
  await find(one("anna"));
  assert.deepEqual(searched, ["", "a", "an", "ann"]);
  assert.deepEqual(shown(), [">anna"]);
  // From then on they are the list's again.
  write("@anna b");
  assert.ok(list.press("Enter"));
  await find(one("anna b"));
  assert.deepEqual(chosen, ["anna b for 0–7"]);
});

test("that nothing is found before anything is written says nothing of words", async () => {
  write("@");
  await find();
  write("@anna b");
  await find(one("anna"));
  assert.deepEqual(shown(), [">anna"]);
});

test("what is found for a text that is gone isn't shown", async () => {
  write("@");
  await find();
  write("@a");
  mock.timers.tick(200);
  list.look(null, "", 0);
  await find(one("anna"));
  assert.deepEqual(searched, ["", "a"]);
  assert.equal(list.offer.value, null);
});

test("a command opens a menu, which is filtered by its names", async () => {
  write("/in");
  await find(one("insert", { choose: async () => [one("Anna"), one("Harry Potter"), one("Ron")] }));
  list.press("Enter");
  await settle();
  assert.deepEqual(shown(), [">Anna", "Harry Potter", "Ron"]);
  write("pot");
  assert.deepEqual(shown(), [">Harry Potter"]);
  list.press("Enter");
  await settle();
  assert.deepEqual(chosen, ["Harry Potter for 0–3"]);
  write("pot ");
  assert.equal(list.offer.value, null);
});

test("what fails is told and leaves nothing behind; more of it is searched for", async () => {
  const away = new Error("away");
  const find = async ({ query }: Asked) => {
    if (query !== "anna b") throw away;
    return [one("anna")];
  };
  list = new Suggestions(find, (error) => failures.push(error), () => chosen.push("sent"));
  for (const text of ["@", "@an", "@an", "@anna"]) {
    write(text);
    mock.timers.tick(200);
    await settle();
    assert.equal(list.offer.value, null);
  }
  assert.deepEqual(failures, [away, away, away]);
  write("@anna b");
  mock.timers.tick(200);
  await settle();
  assert.deepEqual(shown(), [">anna"]);
});

test("groups stand together, in the order of their first", () => {
  const found = byGroup([one("a", { group: "P" }), one("b"), one("c", { group: "Q" }), one("d", { group: "P" })]);
  assert.deepEqual(found.map(({ key }) => key), ["a", "d", "b", "c"]);
});

test("names match by all words, also of what describes them", () => {
  const all = [{ label: "Attach files" }, { label: "Ping", description: "the server" }];
  assert.deepEqual(matching(all, "FILES att"), [all[0]]);
  assert.deepEqual(matching(all, "server"), [all[1]]);
  assert.deepEqual(matching(all, ""), all);
});
