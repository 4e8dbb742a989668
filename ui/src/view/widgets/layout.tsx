/** Boxes, and what is between them. */

import { Children } from "./children";
import { colour } from "./colour";
import type { PartProps } from "./scope";
import { box, length, space, type Style } from "./style";
import { useTheme } from "./theme";
import { nodesOf } from "./tree";

export function Box({ node }: PartProps) {
  const isRow = node.type === "Row" || (node.type !== "Col" && node["direction"] === "row");
  return (
    <div class={`widget-box ${isRow ? "is-row" : "is-column"}`} style={{ ...useTheme(node), ...box(node) }}>
      <Children node={node} />
    </div>
  );
}

export function Spacer({ node }: PartProps) {
  const least = length(node["minSize"]);
  return <div class="widget-spacer" style={least ? { flexBasis: least } : {}} />;
}

export function Divider({ node }: PartProps) {
  const style: Style = {};
  const [line, size, room] = [colour(node["color"], "border"), length(node["size"]), space(node["spacing"])];
  if (line) style["--line"] = line;
  if (size) style["--size"] = size;
  if (room) style["--room"] = room;
  return <hr class={node["flush"] === true ? "widget-divider is-flush" : "widget-divider"} style={style} />;
}

/** Another child fades in. */
export function Transition({ node }: PartProps) {
  const [child] = nodesOf(node);
  if (!child) return null;
  return (
    <div key={child.key ?? child.id ?? child.type} class="widget-transition">
      <Children node={node} />
    </div>
  );
}
