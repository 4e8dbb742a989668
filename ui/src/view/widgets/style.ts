/** Layout props of a widget's node ▸ a style object. What isn't of the expected shape is left out. Pure. */

import type { WidgetNode } from "../../protocol/widget";
import { colour, ground } from "./colour";

export type Style = Record<string, string>;

const MOST_PIXELS = 4096;
const LENGTH = /^(?:\d+(?:\.\d+)?|\.\d+)(?:px|%|r?em|ch|lh|d?v[hw])$/;
const SUM = /^calc\((?:[\d\s.+*/()-]|px|%|r?em|v[hw])+\)$/;
const KEYWORD = /^(?:auto|(?:min|max|fit)-content)$/;
const RADII = { none: 0, "2xs": 2, xs: 4, sm: 6, md: 8, lg: 12, xl: 16, "2xl": 20, "3xl": 24, "4xl": 32 };
const LINES = ["solid", "dashed", "dotted", "double", "groove", "ridge", "inset", "outset"];
const ALIGNMENTS: Record<string, string> = {
  start: "flex-start",
  center: "center",
  end: "flex-end",
  baseline: "baseline",
  stretch: "stretch",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
};
const SIDES: Record<string, readonly string[]> = {
  x: ["Inline"],
  y: ["Block"],
  top: ["BlockStart"],
  bottom: ["BlockEnd"],
  left: ["InlineStart"],
  right: ["InlineEnd"],
};

/** Pixels, or a length of a style sheet. */
export function length(value: unknown): string | undefined {
  const number = numeric(value);
  if (number !== undefined) return `${Math.min(number, MOST_PIXELS)}px`;
  return typeof value === "string" ? measured(value.trim()) : undefined;
}

/** Units of spacing, or a length of a style sheet. */
export function space(value: unknown): string | undefined {
  const number = numeric(value);
  if (number !== undefined) return number === 0 ? "0px" : `calc(var(--fd-unit) * ${Math.min(number, 256)})`;
  return typeof value === "string" ? measured(value.trim()) : undefined;
}

/** Padding or margin. */
export function spacing(name: "padding" | "margin", value: unknown): Style {
  if (typeof value === "string" && value.trim().includes(" ") && !value.includes("(")) {
    const parts = value.trim().split(/\s+/).map(space);
    return parts.length <= 4 && parts.every(Boolean) ? { [name]: parts.join(" ") } : {};
  }
  const whole = space(value);
  if (whole) return { [name]: whole };
  return bySide(value, (side, one) => {
    const found = space(one);
    return found ? { [`${name}${side}`]: found } : {};
  });
}

export function border(value: unknown): Style {
  if (typeof value === "number" || "size" in Object(value)) return edge("", value);
  return bySide(value, edge);
}

export function radius(value: unknown): string | undefined {
  if (value === "full") return "9999px";
  if (value === "100%") return "100%";
  const pixels = typeof value === "string" && Object.hasOwn(RADII, value) ? RADII[value as keyof typeof RADII] : undefined;
  // As round as the theme: 16 pixels are its most.
  return pixels === undefined ? undefined : `calc(var(--fd-radius) * ${pixels / 16})`;
}

/** Size, margin, corners: what every block has. */
export function block(node: WidgetNode): Style {
  const style: Style = { ...spacing("margin", node["margin"]) };
  const put = (name: string, value: string | undefined) => {
    if (value) style[name] = value;
  };
  for (const [size, width, height] of SIZES) {
    put(width, length(node[width] ?? node[size]));
    put(height, length(node[height] ?? node[size]));
  }
  put("borderRadius", radius(node["radius"]));
  put("aspectRatio", ratio(node["aspectRatio"]));
  put("flex", flex(node["flex"]));
  return style;
}

const SIZES = [
  ["size", "width", "height"],
  ["minSize", "minWidth", "minHeight"],
  ["maxSize", "maxWidth", "maxHeight"],
] as const;

/** A block that lays out others. */
export function box(node: WidgetNode): Style {
  const style: Style = {
    ...block(node),
    ...spacing("padding", node["padding"]),
    ...border(node["border"]),
    ...ground(node["background"]),
  };
  const gap = space(node["gap"]);
  if (gap) style["gap"] = gap;
  const [align, justify, wrap] = [placed(node["align"]), placed(node["justify"]), node["wrap"]];
  if (align) style["alignItems"] = align;
  if (justify) style["justifyContent"] = justify;
  if (wrap === "wrap" || wrap === "nowrap" || wrap === "wrap-reverse") style["flexWrap"] = wrap;
  return style;
}

export function placed(value: unknown): string | undefined {
  return typeof value === "string" && Object.hasOwn(ALIGNMENTS, value) ? ALIGNMENTS[value] : undefined;
}

function flex(value: unknown): string | undefined {
  const number = numeric(value);
  if (number !== undefined) return `${number} 1 0%`;
  return typeof value === "string" && /^(?:auto|none|initial|[\d.]+(?: [\d.]+)?(?: (?:auto|[\d.]+(?:px|%)?))?)$/.test(value)
    ? value
    : undefined;
}

function ratio(value: unknown): string | undefined {
  if (typeof value === "number") return value > 0 && Number.isFinite(value) ? String(value) : undefined;
  return typeof value === "string" && /^\d+(?:\.\d+)?(?:\s*[/:]\s*\d+(?:\.\d+)?)?$/.test(value)
    ? value.replace(":", "/")
    : undefined;
}

function edge(side: string, value: unknown): Style {
  const line = typeof value === "number" ? { size: value } : (Object(value) as Record<string, unknown>);
  const size = numeric(line["size"]);
  if (size === undefined) return {};
  const style = LINES.includes(String(line["style"])) ? String(line["style"]) : "solid";
  return {
    [`border${side}Width`]: `${Math.min(size, 32)}px`,
    [`border${side}Style`]: style,
    [`border${side}Color`]: colour(line["color"], "border") ?? "var(--fd-line)",
  };
}

/** In the order of `SIDES`: a single side is stronger than an axis. */
function bySide(value: unknown, draw: (side: string, value: unknown) => Style): Style {
  if (typeof value !== "object" || value === null) return {};
  const given = value as Record<string, unknown>;
  return Object.assign({}, ...Object.entries(SIDES).flatMap(([name, sides]) => sides.map((side) => draw(side, given[name]))));
}

/** Nothing below zero: a box may not be moved over others. */
function numeric(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function measured(text: string): string | undefined {
  return text.length <= 64 && (LENGTH.test(text) || SUM.test(text) || KEYWORD.test(text)) ? text : undefined;
}
