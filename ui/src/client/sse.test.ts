import assert from "node:assert/strict";
import { test } from "node:test";

import { EventParser, type Message } from "./sse";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(pieces: Iterable<Uint8Array>): Message[] {
  const parser = new EventParser();
  return [...pieces].flatMap((piece) => parser.push(piece));
}

const CASES: [name: string, stream: string, read: Message[]][] = [
  ["one event", "data: a\n\n", [{ id: null, data: "a" }]],
  ["only one space is cut", "data:  a\n\n", [{ id: null, data: " a" }]],
  ["no space", "data:a\n\n", [{ id: null, data: "a" }]],
  ["several lines", "data: a\ndata\ndata: b\n\n", [{ id: null, data: "a\n\nb" }]],
  ["all line ends", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", [..."abc"].map((data) => ({ id: null, data }))],
  ["mixed line ends", "data: a\r\ndata: b\rdata: c\n\r\n", [{ id: null, data: "a\nb\nc" }]],
  ["comments", ":\n\n: hello\ndata: a\n:\n\n", [{ id: null, data: "a" }]],
  ["other fields", "event: x\nretry: 5\nfoo\ndata: a\n\n", [{ id: null, data: "a" }]],
  ["an id stays", "id: 1-1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", [
    { id: "1-1", data: "a" },
    { id: "1-1", data: "b" },
    { id: null, data: "c" },
  ]],
  ["an id alone", "id: 7\n\ndata: a\n\n", [{ id: "7", data: "a" }]],
  ["an id with a zero", "id: 1\0\ndata: a\n\n", [{ id: null, data: "a" }]],
  ["an unfinished event", "data: a\n\ndata: b\n", [{ id: null, data: "a" }]],
  ["a mark at the start", "\uFEFFdata: a\n\n", [{ id: null, data: "a" }]],
  ["more than ASCII", "data: ä€😀\u2028\n\n", [{ id: null, data: "ä€😀\u2028" }]],
  ["a line feed after an empty carriage return", "data: a\r\r\ndata: b\r\n\r\n", [..."ab"].map((data) => ({ id: null, data }))],
];

for (const [name, stream, expected] of CASES) {
  test(`${name}, however it is cut`, () => {
    const whole = bytes(stream);
    assert.deepEqual(read([whole]), expected);
    assert.deepEqual(read(Array.from(whole, (byte) => Uint8Array.of(byte))), expected);
    for (let first = 0; first <= whole.length; first++) {
      for (let second = first; second <= whole.length; second++) {
        const pieces = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
        assert.deepEqual(read(pieces), expected, `cut at ${first} and ${second}`);
      }
    }
  });
}

test("an event that never ends is refused", () => {
  const line = new EventParser(100);
  assert.throws(() => line.push(bytes(`data: ${"a".repeat(101)}`)), RangeError);
  const lines = new EventParser(100);
  assert.throws(() => lines.push(bytes("data: aaaaaaaaa\n".repeat(11))), RangeError);
  const many = new EventParser(100);
  assert.equal(many.push(bytes("data: aaaaaaaaa\n\n".repeat(50))).length, 50);
});
