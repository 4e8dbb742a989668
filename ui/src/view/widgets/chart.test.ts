/** Charts: numbers, their places, and the lines between them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { curve, type Point } from "./chart-curves";
import { layout, ticksOf } from "./chart-layout";
import { chartOf as read } from "./chart-model";
import { paint } from "./colour";

const chartOf = (chart: Parameters<typeof read>[0]) => read(chart, paint);
const NAMES = ["basis", "basisClosed", "basisOpen", "bumpX", "bumpY", "bump", "linear", "linearClosed", "natural"];
NAMES.push("monotoneX", "monotoneY", "monotone", "step", "stepBefore", "stepAfter");

const PLANE = { left: 0, right: 100, top: 0, bottom: 100 };
const node = (more: object) => ({ type: "Chart", xAxis: "d", data: [{ d: "a", n: 10, m: 5 }, { d: "b", n: 20, m: -5 }], ...more });

function numbers(path: string): number[] {
  return (path.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
}

test("every curve is a path, and goes through its ends where it isn't closed or open", () => {
  const points: Point[] = [[0, 10], [10, 50], [20, 20], [30, 20], [40, 90]];
  for (const name of NAMES) {
    const path = curve(name, points);
    assert.match(path, /^M-?[\d.]+,-?[\d.]+(?:[LCHVZ]-?[\d., -]*)+$/, name);
    assert.ok(numbers(path).every(Number.isFinite), name);
    if (/Closed|Open/.test(name)) continue;
    assert.ok(path.startsWith("M0,10"), name);
    const end = name.startsWith("step") ? [40] : [40, 90];
    assert.deepEqual(numbers(path).slice(-end.length), end, name);
  }
});

test("few points make no trouble", () => {
  for (const name of [...NAMES, "unknown", "constructor"]) {
    assert.equal(curve(name, []), "");
    assert.equal(curve(name, [[1, 2]]), "M1,2h0", name);
    assert.ok(numbers(curve(name, [[1, 2], [3, 4]])).every(Number.isFinite), name);
    assert.ok(numbers(curve(name, [[1, 2], [1, 2], [1, 2], [1, 2]])).every(Number.isFinite), name);
  }
});

test("a monotone curve stays between its points", () => {
  const path = curve("monotone", [[0, 0], [10, 0], [20, 100], [30, 100]]);
  const ys = numbers(path).filter((_, place) => place % 2 === 1);
  assert.ok(Math.min(...ys) >= 0 && Math.max(...ys) <= 100, path);
});

test("a natural curve on a line is that line", () => {
  assert.equal(curve("natural", [[0, 0], [3, 3], [6, 6]]), "M0,0C1,1 2,2 3,3C4,4 5,5 6,6");
});

test("steps change at their places", () => {
  const points: Point[] = [[0, 0], [10, 5]];
  assert.equal(curve("step", points), "M0,0H5V5H10");
  assert.equal(curve("stepBefore", points), "M0,0H0V5H10");
  assert.equal(curve("stepAfter", points), "M0,0H10V5H10");
});

test("ticks are round, and hold everything and zero", () => {
  assert.deepEqual(ticksOf([10, 20]), [0, 5, 10, 15, 20]);
  assert.deepEqual(ticksOf([-3, 7]), [-5, -2.5, 0, 2.5, 5, 7.5]);
  assert.deepEqual(ticksOf([0.1, 0.3]), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticksOf([]), [0, 1]);
});

test("bars of one stack stand on each other, what is below zero below it", () => {
  const series = [{ type: "bar", dataKey: "n", stack: "s" }, { type: "bar", dataKey: "m", stack: "s" }];
  const drawn = layout(chartOf(node({ series })), PLANE);
  const rows = drawn.bars.map(({ y, height }) => [Math.round(y), Math.round(height)]);
  // From -5 to 20: a unit is 4 pixels.
  assert.deepEqual(drawn.ticks.map(({ value }) => value), [-10, 0, 10, 20]);
  assert.deepEqual(rows, [[33, 33], [0, 67], [17, 17], [67, 17]]);
  assert.equal(new Set(drawn.bars.map(({ x }) => x)).size, 2);
  assert.deepEqual(drawn.bars.map(({ isLast }) => isLast), [false, false, true, true]);
});

test("bars without a stack are beside each other", () => {
  const series = [{ type: "bar", dataKey: "n" }, { type: "bar", dataKey: "m" }];
  const [first, , second] = layout(chartOf(node({ series, barGap: 2 })), PLANE).bars;
  assert.ok(first && second && Math.abs(second.x - first.x - first.width - 2) < 0.01);
});

test("a line has a hole where there is no number", () => {
  const data = [{ d: "a", n: 1 }, { d: "b" }, { d: "c", n: 2 }, { d: "d", n: "3" }];
  assert.equal(layout(chartOf({ type: "Chart", xAxis: { dataKey: "d" }, data, series: [{ type: "line", dataKey: "n" }] }), PLANE).lines.length, 2);
});

test("a chart is read whatever it is", () => {
  for (const wild of [{}, { data: "x", series: 4, xAxis: null }, { data: [null, 4], series: [null, "x", {}] }, { data: [{ d: {}, n: "x" }], series: [{ type: "pie", dataKey: "n" }] }]) {
    const drawn = layout(chartOf({ type: "Chart", ...wild }), PLANE);
    assert.ok(drawn.ticks.length > 1);
  }
  const long = { data: Array.from({ length: 9000 }, (_, n) => ({ d: n, n })), series: Array.from({ length: 90 }, () => ({ type: "bar", dataKey: "n" })) };
  const model = chartOf({ type: "Chart", xAxis: "d", ...long });
  assert.deepEqual([model.labels.length, model.series.length], [500, 16]);
  assert.equal(chartOf(node({ xAxis: { dataKey: "d", labels: { a: "Alpha" } } })).labels[0], "Alpha");
});
