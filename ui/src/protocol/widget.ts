/** Widgets are an open vocabulary: a node has a type, and whatever else its author gave it. */

export interface WidgetNode {
  type: string;
  id?: string;
  key?: string;
  children?: WidgetNode | WidgetNode[];
  [prop: string]: unknown;
}

/** What a widget asks for when it is used. */
export interface Action {
  type: string;
  payload?: unknown;
  handler?: "server" | "client";
  loadingBehavior?: "auto" | "none" | "self" | "container";
  /** Whether its answer is a stream of events; without one it may run while an answer is streaming. */
  streaming?: boolean;
}

/** A node's children, whether it has none, one or many. */
export function childrenOf(node: WidgetNode): WidgetNode[] {
  const { children } = node;
  if (Array.isArray(children)) return children;
  return children ? [children] : [];
}
