import assert from "node:assert/strict";
import { test } from "node:test";

import { placed, type Placing } from "./place";

const VIEW = { width: 1000, height: 800 };
const SIZE = { width: 200, height: 100 };
const anchor = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 40 });

function at(left: number, top: number, placing: Placing, isLtr = true): [number, number] {
  const { x, y } = placed(SIZE, anchor(left, top), VIEW, placing, isLtr);
  return [x, y];
}

test("a popup is at the side it should be, and its edge or middle meets that of what it belongs to", () => {
  assert.deepEqual(at(400, 400, {}), [400, 444]);
  assert.deepEqual(at(400, 400, { align: "end" }), [240, 444]);
  assert.deepEqual(at(400, 400, { align: "end" }, false), [400, 444]);
  assert.deepEqual(at(400, 400, { align: "center", side: "above" }), [320, 296]);
  assert.deepEqual(at(400, 400, { side: "left" }), [196, 400]);
  assert.deepEqual(at(400, 400, { side: "right", align: "center" }), [444, 370]);
  assert.deepEqual(at(400, 400, { side: "right", align: "end" }), [444, 340]);
});

test("it is inside of the window, and at the other side where there is more room", () => {
  assert.deepEqual(at(0, 780, {}), [8, 676]);
  assert.deepEqual(at(100, 400, { side: "left" }), [144, 400]);
  assert.deepEqual(at(900, 780, { side: "right" }), [696, 692]);
  const narrow = placed(SIZE, anchor(100, 100), { width: 320, height: 800 }, { side: "left" }, true);
  assert.deepEqual([narrow.x, narrow.y], [100, 144], "beside it there is no room at all");
});
