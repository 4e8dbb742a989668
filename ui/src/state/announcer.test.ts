import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";

import { assistant, delta, done } from "../../test/conversation";
import { en } from "../locale/en";
import { createAnnouncer } from "./announcer";
import { Speech } from "./speech";

const TEXTS: [text: string, sentences: string[]][] = [
  ["Hello there. How are you? Fine!", ["Hello there.", "How are you?", "Fine!"]],
  ["Version 1.2.3 is out, see a.b", ["Version 1.2.3 is out, see a.b"]],
  ["# A title\n\n- **one** thing\n2. `two` things\n", ["A title", "one thing", "two things"]],
  ["See [the page](https://a.example/x.y) now. ![A cat](cat.png)", ["See the page now.", "A cat"]],
  ["Look:\n```js\nlet a = 1. + 2;\n```\nDone.", ["Look:", "Code.", "Done."]],
  ["| a | b |\n|---|---|\n| 1 | 2 |", ["a b", "1 2"]],
  ["今日は。元気ですか？はい", ["今日は。", "元気ですか？", "はい"]],
  ["> A quote with snake_case words…  And more.", ["A quote with snake_case words…", "And more."]],
];

for (const [text, sentences] of TEXTS) {
  test(`sentences of ${JSON.stringify(text)}, however they stream in`, () => {
    for (const size of [1, 2, 3, 7, text.length]) {
      const speech = new Speech(en.codeSkipped);
      const said: string[] = [];
      for (let start = 0; start < text.length; start += size) said.push(...speech.push(text.slice(start, start + size)));
      said.push(...speech.end());
      assert.deepEqual(said, sentences, `in pieces of ${size}`);
    }
  });
}

test("a text without an end is said in parts, at little cost", () => {
  // Quadratic work would take minutes of the processor, however busy the machine is.
  for (const [piece, times] of [[".", 6_000], ["word ", 6_000], ["[".repeat(30_000), 1]] as const) {
    const speech = new Speech(en.codeSkipped);
    const said: string[] = [];
    const begun = process.cpuUsage();
    for (let count = 0; count < times; count++) said.push(...speech.push(piece));
    const spent = process.cpuUsage(begun).user / 1000;
    assert.ok(said.length > 5, `${piece.slice(0, 5)} is kept to its end`);
    assert.ok(said.every((part) => part.length <= 800));
    assert.ok(spent < 20_000, `${piece.slice(0, 5)}: ${spent} ms`);
    assert.equal([...said, ...speech.end()].join("").replaceAll(" ", ""), piece.trim().repeat(times));
  }
  const speech = new Speech(en.codeSkipped);
  assert.deepEqual(speech.push(`\`\`\`\n${"x".repeat(5_000)}`), ["Code."]);
  assert.deepEqual(speech.push("\n\`\`\`\nDone.\n"), ["Done."]);
});

test("a notice is said once, when it comes", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const voice = createAnnouncer(signal(en));
  const said: string[] = [];
  voice.said.subscribe((text) => void (text && said.push(text)));
  voice.hear({ type: "notice", level: "warning", title: "Note", message: "The **store** is slow. Please wait" });
  context.mock.timers.tick(700);
  assert.equal(said.join(" "), "Note The store is slow. Please wait");
});

test("what is said meanwhile is said together, and the same words are a change", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const voice = createAnnouncer(signal(en));
  const said: string[] = [];
  voice.said.subscribe((text) => void (text && said.push(text)));
  voice.say("Copied");
  voice.say("one");
  voice.say("two");
  context.mock.timers.tick(700);
  context.mock.timers.tick(700);
  voice.say("one two");
  assert.deepEqual(said, ["Copied", "one two", "one two\u00a0"]);
});

test("an answer is said sentence by sentence, whether it streams or not", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const voice = createAnnouncer(signal(en));
  const said: string[] = [];
  voice.said.subscribe((text) => void (text && said.push(text)));
  voice.begin();
  for (const text of ["Good mor", "ning. How a", "re you"]) {
    voice.hear(delta("msg_1", text));
    context.mock.timers.tick(700);
  }
  voice.hear(done(assistant("msg_1", "Good morning. How are you")));
  context.mock.timers.tick(700);
  voice.hear(done(assistant("msg_2", "All at once.")));
  context.mock.timers.tick(700);
  voice.end();
  context.mock.timers.tick(700);
  assert.deepEqual(said, [en.answerBegins, "Good morning.", "How are you", "All at once.", en.answerEnds]);
});
