/** The nodes within a node. */

import type { WidgetNode } from "../../protocol/widget";
import { useScope, type PartProps } from "./scope";
import { nodesOf } from "./tree";

export function Children({ node }: PartProps) {
  const { Part } = useScope();
  const taken = new Set<string>();
  return (
    <>
      {nodesOf(node).map((child, place) => {
        const key = keyOf(child, place, taken);
        return <Part key={key} node={child} />;
      })}
    </>
  );
}

/** Names that a server gave, as far as they are unique. */
function keyOf({ key, id, type }: WidgetNode, place: number, taken: Set<string>): string {
  const name = `${key ?? id ?? place}/${type}`;
  const unique = taken.has(name) ? `${name}/${place}` : name;
  taken.add(unique);
  return unique;
}
