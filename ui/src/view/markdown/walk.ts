/** For tests: what a tree of elements is like, with the parts drawn that draw nothing but elements. */

import type { ComponentChildren, VNode } from "preact";

export interface Drawn {
  name: string;
  props: Record<string, unknown>;
  children: (Drawn | string)[];
}

type Draw = (props: object) => ComponentChildren;

/** Parts by the names they are shown under; their content isn't drawn. */
export function walk(node: ComponentChildren, named: ReadonlyMap<unknown, string>): (Drawn | string)[] {
  if (node === null || node === undefined || typeof node === "boolean") return [];
  if (typeof node === "string" || typeof node === "number" || typeof node === "bigint") return [String(node)];
  if (Array.isArray(node)) return joined(node.flatMap((child: ComponentChildren) => walk(child, named)));
  const { type, props } = node as VNode<{ children?: ComponentChildren }>;
  const { children, ...others } = props;
  const name = typeof type === "string" ? type : named.get(type);
  if (name) return [{ name, props: others, children: joined(walk(children, named)) }];
  return walk(content(type as unknown as Draw, props), named);
}

function content(type: Draw, props: object): ComponentChildren {
  const prototype = (type as { prototype?: { render?: () => ComponentChildren } }).prototype;
  if (!prototype?.render) return type(props);
  const part = new (type as unknown as new (props: object) => { props: object; render(): ComponentChildren })(props);
  part.props = props;
  return part.render();
}

function joined(nodes: (Drawn | string)[]): (Drawn | string)[] {
  const found: (Drawn | string)[] = [];
  for (const node of nodes) {
    const last = found.at(-1);
    if (typeof node === "string" && typeof last === "string") found[found.length - 1] = last + node;
    else if (node !== "") found.push(node);
  }
  return found;
}

/** As HTML is written, to be read in tests. */
export function written(nodes: readonly (Drawn | string)[]): string {
  return nodes
    .map((node) => {
      if (typeof node === "string") return node;
      const props = Object.entries(node.props)
        .filter(([key, value]) => key !== "dir" && value !== undefined && value !== false)
        .map(([key, value]) => (value === true ? ` ${key}` : ` ${key}="${shown(value)}"`));
      return `<${node.name}${props.join("")}>${written(node.children)}</${node.name}>`;
    })
    .join("");
}

function shown(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
