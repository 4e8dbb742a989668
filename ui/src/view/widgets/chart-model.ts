/** A chart's node ▸ what is drawn: rows of numbers, with names and colours. Pure. */

import type { WidgetNode } from "../../protocol/widget";
import { among, text } from "./tree";

export interface ChartModel {
  /** Of the places along the axis. */
  labels: string[];
  series: Series[];
  hasXAxis: boolean;
  hasYAxis: boolean;
  hasLegend: boolean;
  hasTooltip: boolean;
  /** Pixels. */
  barGap: number;
  groupGap: number | null;
}

export interface Series {
  kind: "bar" | "area" | "line";
  label: string;
  /** One for each place; none where there is no number. */
  values: (number | null)[];
  /** Series of one stack stand on each other. */
  stack: string | null;
  colour: string;
  curve: string;
}

const MOST_ROWS = 500;
const MOST_SERIES = 16;

/** A series' colour by what its author wrote, and by its place. */
export type Paint = (colour: unknown, place: number) => string;

export function chartOf(node: WidgetNode, paint: Paint): ChartModel {
  const rows = records(node["data"]).slice(0, MOST_ROWS);
  const axis = Object(node["xAxis"]) as Record<string, unknown>;
  const key = text(node["xAxis"]) || text(axis["dataKey"]);
  const renamed = Object(axis["labels"]) as Record<string, unknown>;
  return {
    labels: rows.map((row) => {
      const name = text(own(row, key));
      return text(own(renamed, name)) || name;
    }),
    series: records(node["series"])
      .slice(0, MOST_SERIES)
      .map((series, place) => ({
        kind: among(series["type"], ["bar", "area", "line"]),
        label: text(series["label"]) || text(series["dataKey"]),
        values: rows.map((row) => number(own(row, text(series["dataKey"])))),
        stack: text(series["stack"]) || null,
        colour: paint(series["color"], place),
        curve: text(series["curveType"]) || "monotone",
      })),
    hasXAxis: axis["hide"] !== true,
    hasYAxis: node["showYAxis"] === true,
    hasLegend: node["showLegend"] === true || (node["showLegend"] !== false && records(node["series"]).length > 1),
    hasTooltip: node["showTooltip"] !== false,
    barGap: gap(node["barGap"]) ?? 4,
    groupGap: gap(node["barCategoryGap"]),
  };
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "object" && one !== null) : [];
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function number(value: unknown): number | null {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

function gap(value: unknown): number | null {
  return typeof value === "number" && value >= 0 ? Math.min(value, 64) : null;
}
