/** Lines through points, by the names that charts know them under. Pure: points ▸ the data of an SVG path. */

export type Point = readonly [x: number, y: number];

/** `isOn` begins with a line to the first point instead of a jump. */
export function curve(name: string, points: readonly Point[], isOn = false): string {
  const [first, second] = points;
  if (!first) return "";
  const start = `${isOn ? "L" : "M"}${at(first)}`;
  if (!second) return `${start}h0`;
  const draw = Object.hasOwn(CURVES, name) ? CURVES[name] : undefined;
  return draw ? draw(points, start) : start + lines(points);
}

/** The same line from its end: steps change their side. */
export function backwards(name: string): string {
  return { stepBefore: "stepAfter", stepAfter: "stepBefore" }[name] ?? name;
}

type Draw = (points: readonly Point[], start: string) => string;

const CURVES: Record<string, Draw> = {
  linear: (points, start) => start + lines(points),
  linearClosed: (points, start) => `${start}${lines(points)}Z`,
  step: (points, start) => start + steps(points, 0.5),
  stepBefore: (points, start) => start + steps(points, 0),
  stepAfter: (points, start) => start + steps(points, 1),
  bump: bumpX,
  bumpX,
  bumpY: (points, start) =>
    start + pairs(points, ([a, b], [c, d]) => cubic([a, (b + d) / 2], [c, (b + d) / 2], [c, d])),
  natural: (points, start) => start + natural(points),
  monotone: monotoneX,
  monotoneX,
  monotoneY: (points, start) => start + monotone(points.map(turned)).map((bend) => cubic(...mapped(bend))).join(""),
  basis: (points, start) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? start + spline([first, first, ...points, last, last]) : "";
  },
  basisOpen: (points, start) => (points.length < 4 ? start + lines(points) : begun(points, start) + spline(points)),
  basisClosed: (points, start) => {
    const around = [...points, ...points.slice(0, 3)];
    return points.length < 3 ? start + lines(points) : `${begun(around, start)}${spline(around)}Z`;
  },
};

function bumpX(points: readonly Point[], start: string): string {
  return start + pairs(points, ([a, b], [c, d]) => cubic([(a + c) / 2, b], [(a + c) / 2, d], [c, d]));
}

function monotoneX(points: readonly Point[], start: string): string {
  return start + monotone(points).map((bend) => cubic(...bend)).join("");
}

type Bend = readonly [Point, Point, Point];

/** Never beyond its points: tangents as M. Steffen has them (A&A 239, 1990). */
function monotone(points: readonly Point[]): Bend[] {
  const slopes = between(points, ([a, b], [c, d]) => (c === a ? 0 : (d - b) / (c - a)));
  const steps = between(points, ([a], [c]) => c - a);
  const tangents = points.map((_, place) => {
    const [s0, s1, h0, h1] = [slopes[place - 1], slopes[place], steps[place - 1], steps[place]];
    if (s0 === undefined || s1 === undefined || h0 === undefined || h1 === undefined) return null;
    const through = h0 + h1 === 0 ? 0 : (s0 * h1 + s1 * h0) / (h0 + h1);
    return (Math.sign(s0) + Math.sign(s1)) * Math.min(Math.abs(s0), Math.abs(s1), Math.abs(through) / 2);
  });
  return between(points, ([a, b], [c, d], place) => {
    const slope = slopes[place] ?? 0;
    const [before, after] = [tangents[place] ?? null, tangents[place + 1] ?? null];
    const t0 = before ?? (after === null ? slope : (3 * slope - after) / 2);
    const t1 = after ?? (before === null ? slope : (3 * slope - before) / 2);
    const third = (c - a) / 3;
    return [[a + third, b + third * t0], [c - third, d - third * t1], [c, d]];
  });
}

/** A uniform cubic B-spline; it begins where its first three points say. */
function spline(points: readonly Point[]): string {
  let data = "";
  for (let place = 3; place < points.length; place++) {
    const [, b, c, d] = points.slice(place - 3, place + 1);
    if (b && c && d) data += cubic(mean([2, b], [1, c]), mean([1, b], [2, c]), mean([1, b], [4, c], [1, d]));
  }
  return data;
}

function begun(points: readonly Point[], start: string): string {
  const [a, b, c] = points;
  return a && b && c ? `${start.charAt(0)}${at(mean([1, a], [4, b], [1, c]))}` : start;
}

/** A cubic spline that is straight at its ends: the tridiagonal system for its second handles, by elimination. */
function natural(points: readonly Point[]): string {
  const [xs, ys] = [handles(points.map(([x]) => x)), handles(points.map(([, y]) => y))];
  return between(points, (_, to, place) => {
    const [x1, x2] = xs[place] ?? [0, 0];
    const [y1, y2] = ys[place] ?? [0, 0];
    return cubic([x1, y1], [x2, y2], to);
  }).join("");
}

function handles(values: readonly number[]): [number, number][] {
  const n = values.length - 1;
  const v = (place: number) => values[place] ?? 0;
  const diagonal: number[] = [];
  const right: number[] = [];
  for (let i = 0; i < n; i++) {
    const isLast = i === n - 1;
    const below = i === 0 ? 0 : isLast ? 2 : 1;
    const middle = i === 0 ? 2 : isLast ? 7 : 4;
    const wanted = i === 0 ? v(0) + 2 * v(1) : isLast ? 8 * v(i) + v(n) : 4 * v(i) + 2 * v(i + 1);
    const factor = i === 0 ? 0 : below / (diagonal[i - 1] ?? 1);
    diagonal.push(middle - factor);
    right.push(wanted - factor * (right[i - 1] ?? 0));
  }
  const first: number[] = [];
  for (let i = n - 1; i >= 0; i--) first[i] = ((right[i] ?? 0) - (i === n - 1 ? 0 : (first[i + 1] ?? 0))) / (diagonal[i] ?? 1);
  if (n === 1) return [[v(0) + (v(1) - v(0)) / 3, v(1) - (v(1) - v(0)) / 3]];
  return first.map((handle, i) => [handle, i === n - 1 ? (v(n) + handle) / 2 : 2 * v(i + 1) - (first[i + 1] ?? 0)]);
}

function steps(points: readonly Point[], part: number): string {
  return pairs(points, ([a], [c, d]) => `H${round(a + (c - a) * part)}V${round(d)}H${round(c)}`);
}

function lines(points: readonly Point[]): string {
  return points.slice(1).map((point) => `L${at(point)}`).join("");
}

function between<T>(points: readonly Point[], make: (from: Point, to: Point, place: number) => T): T[] {
  return points.slice(1).flatMap((to, place) => {
    const from = points[place];
    return from ? [make(from, to, place)] : [];
  });
}

function pairs(points: readonly Point[], make: (from: Point, to: Point) => string): string {
  return between(points, make).join("");
}

function mean(...weighted: [number, Point][]): Point {
  const sum = weighted.reduce((all, [weight]) => all + weight, 0);
  const of = (axis: 0 | 1) => weighted.reduce((all, [weight, point]) => all + weight * point[axis], 0) / sum;
  return [of(0), of(1)];
}

function mapped([a, b, c]: Bend): Bend {
  return [turned(a), turned(b), turned(c)];
}

function turned([x, y]: Point): Point {
  return [y, x];
}

function cubic(a: Point, b: Point, c: Point): string {
  return `C${at(a)} ${at(b)} ${at(c)}`;
}

function at([x, y]: Point): string {
  return `${round(x)},${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
