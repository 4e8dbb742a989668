/** A table in a text. It scrolls by itself where it is wider than the text. */

import type { Tokens } from "marked";

import { useDesk } from "../../desk";
import { directionOf } from "./characters";
import { inline, type Rendering } from "./inline";

interface Props {
  table: Tokens.Table;
  rendering: Rendering;
}

export function TableView({ table, rendering }: Props) {
  const { words } = useDesk();
  return (
    <div class="table" tabIndex={0} role="group" aria-label={words.value.table}>
      {tableOf(table, rendering)}
    </div>
  );
}

export function tableOf({ header, rows, raw }: Tokens.Table, rendering: Rendering) {
  const dir = directionOf(raw);
  // Columns keep their side; within a cell the text goes its own way.
  const content = (cell: Tokens.TableCell) => {
    const own = directionOf(cell.text);
    const tokens = inline(cell.tokens, rendering);
    return own && own !== dir ? <bdi dir={own}>{tokens}</bdi> : tokens;
  };
  return (
    <table dir={dir}>
      <thead>
        <tr>
          {header.map((cell) => (
            <th scope="col" class={aligned(cell)}>
              {content(cell)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((cell) => (
              <td class={aligned(cell)}>{content(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function aligned({ align }: Tokens.TableCell): string | undefined {
  return align && align !== "left" ? `table-${align}` : undefined;
}
