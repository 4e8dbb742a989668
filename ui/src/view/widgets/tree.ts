/** A widget's tree, as it may be drawn: a server or a model made it, so its size and its shape are checked. */

import type { Action, WidgetNode } from "../../protocol/widget";

const MOST_DEPTH = 32;
const MOST_NODES = 2000;

export interface Surveyed {
  /** The very same where nothing had to be left out. */
  readonly tree: WidgetNode;
  /** Names of fields that a label stands beside. */
  readonly labelled: ReadonlySet<string>;
}

export function survey(root: WidgetNode): Surveyed {
  const labelled = new Set<string>();
  let left = MOST_NODES;
  const kept = (node: WidgetNode, depth: number): WidgetNode => {
    left -= 1;
    if (node.type === "Label") labelled.add(text(node["fieldName"]));
    const given = Array.isArray(node.children) ? node.children : node.children === undefined ? [] : [node.children];
    const children: WidgetNode[] = [];
    for (const child of given) {
      if (isNode(child) && depth < MOST_DEPTH && left > 0) children.push(kept(child, depth + 1));
    }
    if (children.every((child, place) => child === given[place]) && children.length === given.length) return node;
    return { ...node, children };
  };
  return { tree: kept(root, 1), labelled };
}

/** The children of a tree that was surveyed. */
export function nodesOf(node: WidgetNode): readonly WidgetNode[] {
  const { children } = node;
  if (Array.isArray(children)) return children;
  return isNode(children) ? [children] : [];
}

/** The first text in a tree, for what needs a name. */
export function firstText(node: WidgetNode): string {
  const own = text(node["value"]) || text(node["label"]);
  if (own) return own;
  for (const child of nodesOf(node)) {
    const found = firstText(child);
    if (found) return found;
  }
  return "";
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** One of the names, or the first of them. */
export function among<const Name extends string>(value: unknown, names: readonly [Name, ...Name[]]): Name {
  return names.find((name) => name === value) ?? names[0];
}

/** A whole number within bounds; none without one. */
export function whole(value: unknown, most: number): number | undefined {
  return typeof value === "number" && value >= 1 ? Math.min(Math.floor(value), most) : undefined;
}

export function actionOf(value: unknown): Action | undefined {
  return isNode(value) ? value : undefined;
}

/** A field's name as people would say it. */
export function spoken(name: string): string {
  const words = (name.split(".").at(-1) ?? "").replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[\s_-]+/g, " ").trim();
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

export interface Option {
  value: string;
  label: string;
  description: string;
  disabled: boolean;
}

const MOST_OPTIONS = 1000;

export function optionsOf(value: unknown): Option[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MOST_OPTIONS)
    .filter((option): option is Record<string, unknown> => typeof option === "object" && option !== null)
    .map((option) => ({
      value: text(option["value"]),
      label: text(option["label"]) || text(option["value"]),
      description: text(option["description"]),
      disabled: option["disabled"] === true,
    }));
}

function isNode(value: unknown): value is WidgetNode {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}
