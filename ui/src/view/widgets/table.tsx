/** A table of rows and cells. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { useDesk } from "../../desk";
import type { WidgetNode } from "../../protocol/widget";
import { Children } from "./children";
import { useScope, type PartProps } from "./scope";
import { length, spacing, type Style } from "./style";
import { among, nodesOf, whole } from "./tree";

const WIDTHS: Record<string, string> = { xs: "64px", sm: "96px", md: "144px", lg: "208px", xl: "288px" };
const MOST_SPANNED = 100;

const HeaderContext = createContext(false);

export function Table({ node }: PartProps) {
  const words = useDesk().words.value;
  const rows = nodesOf(node);
  const end = rows.findIndex((row) => row["header"] !== true);
  const head = end < 0 ? rows : rows.slice(0, end);
  const body = end < 0 ? [] : rows.slice(end);
  return (
    // What is wider than the page is reached by keys, too.
    <div class="widget-table" role="region" aria-label={words.table} tabIndex={0}>
      <table>
        {head.length > 0 && (
          <thead>
            <Children node={{ ...node, children: head as WidgetNode[] }} />
          </thead>
        )}
        {body.length > 0 && (
          <tbody>
            <Children node={{ ...node, children: body as WidgetNode[] }} />
          </tbody>
        )}
      </table>
    </div>
  );
}

export function TableRow({ node }: PartProps) {
  const { Part } = useScope();
  return (
    <tr>
      <HeaderContext.Provider value={node["header"] === true}>
        {nodesOf(node).map((cell, place) =>
          cell.type === "Table.Cell" ? (
            <Part key={place} node={cell} />
          ) : (
            <td key={place}>
              <Part node={cell} />
            </td>
          ),
        )}
      </HeaderContext.Provider>
    </tr>
  );
}

export function TableCell({ node }: PartProps) {
  const isHeader = useContext(HeaderContext);
  const style: Style = { ...spacing("padding", node["padding"]) };
  const width = length(node["width"]) ?? WIDTHS[String(node["colSize"])];
  if (width) style["width"] = width;
  style["textAlign"] = among(node["align"], ["start", "center", "end"]);
  style["verticalAlign"] = { start: "top", center: "middle", end: "bottom" }[among(node["vAlign"], ["center", "start", "end"])];
  const Cell = isHeader ? "th" : "td";
  return (
    <Cell
      style={style}
      scope={isHeader ? "col" : undefined}
      colSpan={whole(node["colSpan"], MOST_SPANNED)}
      rowSpan={whole(node["rowSpan"], MOST_SPANNED)}
    >
      <Children node={node} />
    </Cell>
  );
}
