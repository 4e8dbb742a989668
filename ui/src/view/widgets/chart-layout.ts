/** A chart's numbers ▸ places on a plane of pixels. Pure. */

import { backwards, curve, type Point } from "./chart-curves";
import type { ChartModel, Series } from "./chart-model";

export interface Layout {
  bars: Bar[];
  areas: { path: string; line: string; colour: string }[];
  lines: { path: string; colour: string }[];
  /** Numbers along the side, with their heights. */
  ticks: { value: number; y: number }[];
  /** Middles of the places along the axis, and how wide each is. */
  places: number[];
  step: number;
  /** Where zero is. */
  base: number;
  /** The series' points, for those that are looked at. */
  points: (Point | null)[][];
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  colour: string;
  /** Whether nothing stands on it. */
  isLast: boolean;
}

export interface Plane {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function layout(model: ChartModel, plane: Plane): Layout {
  const count = Math.max(1, model.labels.length);
  const hasBars = model.series.some(({ kind }) => kind === "bar");
  const spans = model.series.map((series, place) => spansOf(series, model.series.slice(0, place)));
  const ticks = ticksOf(spans.flat().flatMap((span) => (span ? [...span] : [])));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const width = plane.right - plane.left;
  const step = hasBars || count === 1 ? width / count : width / (count - 1);
  const x = (place: number) => plane.left + step * (hasBars || count === 1 ? place + 0.5 : place);
  const y = (value: number) => plane.bottom - ((value - low) / (high - low || 1)) * (plane.bottom - plane.top);

  const made: Layout = {
    bars: [],
    areas: [],
    lines: [],
    ticks: ticks.map((value) => ({ value, y: y(value) })),
    places: model.labels.map((_, place) => x(place)),
    step,
    base: y(Math.min(Math.max(0, low), high)),
    points: spans.map((row) => row.map((span, place) => (span ? [x(place), y(span[1])] : null))),
  };
  const groups = [...new Set(model.series.flatMap((series, place) => (series.kind === "bar" ? [groupOf(series, place)] : [])))];
  const gap = Math.min(model.groupGap ?? step * 0.25, step * 0.8);
  const barGap = groups.length > 1 ? Math.min(model.barGap, (step - gap) / groups.length / 2) : 0;
  const barWidth = Math.min(64, Math.max(1, (step - gap - barGap * (groups.length - 1)) / Math.max(1, groups.length)));
  const groupWidth = barWidth * groups.length + barGap * (groups.length - 1);

  model.series.forEach((series, index) => {
    const row = spans[index] ?? [];
    if (series.kind === "bar") {
      const shift = groups.indexOf(groupOf(series, index)) * (barWidth + barGap) - groupWidth / 2;
      const isLast = !model.series.slice(index + 1).some((later) => later.kind === "bar" && later.stack && later.stack === series.stack);
      row.forEach((span, place) => {
        if (!span) return;
        const [from, to] = [y(span[0]), y(span[1])];
        const height = Math.abs(from - to);
        made.bars.push({ x: x(place) + shift, y: Math.min(from, to), width: barWidth, height, colour: series.colour, isLast });
      });
      return;
    }
    for (const run of runs(row)) {
      const top = run.map(([place, span]): Point => [x(place), y(span[1])]);
      const path = curve(series.curve, top);
      if (series.kind === "line") made.lines.push({ path, colour: series.colour });
      else {
        const bottom = run.map(([place, span]): Point => [x(place), y(span[0])]).reverse();
        // It lies upon the line under it, which may be of another kind.
        const under = below(series, model.series.slice(0, index)).at(-1) ?? series;
        const edge = curve(backwards(open(under.curve)), bottom, true);
        made.areas.push({ path: `${curve(open(series.curve), top)}${edge}Z`, line: path, colour: series.colour });
      }
    }
  });
  return made;
}

type Span = readonly [from: number, to: number];

/** From where to where each value goes: upon those of its stack before it. What is below zero goes down. */
function spansOf(series: Series, before: readonly Series[]): (Span | null)[] {
  const under = below(series, before);
  return series.values.map((value, place) => {
    if (value === null && (series.kind !== "area" || under.length === 0)) return null;
    const own = value ?? 0;
    const from = under.reduce((sum, { values }) => {
      const other = values[place] ?? 0;
      return series.kind === "area" || other < 0 === own < 0 ? sum + other : sum;
    }, 0);
    return [from, from + own];
  });
}

function below(series: Series, before: readonly Series[]): Series[] {
  return before.filter(({ kind, stack }) => kind === series.kind && stack !== null && stack === series.stack);
}

function open(curve: string): string {
  return curve.endsWith("Closed") ? "linear" : curve;
}

function groupOf({ stack }: Series, place: number): string {
  return stack === null ? `#${place}` : `=${stack}`;
}

/** What lies beside each other without a hole. */
function runs(row: readonly (Span | null)[]): [number, Span][][] {
  const found: [number, Span][][] = [];
  row.forEach((span, place) => {
    if (!span) return;
    if (place === 0 || !row[place - 1]) found.push([]);
    found.at(-1)?.push([place, span]);
  });
  return found;
}

/** Round numbers that hold all of the values and zero. */
export function ticksOf(values: readonly number[]): number[] {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  if (low === high) return [0, 1];
  const raw = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
}
