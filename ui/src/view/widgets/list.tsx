/** A list of rows; a row may be pressed as a whole. */

import { createContext } from "preact";
import { useContext, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { fill } from "../../locale/fill";
import type { WidgetNode } from "../../protocol/widget";
import { Children } from "./children";
import type { PartProps } from "./scope";
import { Status } from "./status";
import { placed, space, type Style } from "./style";
import { useTheme } from "./theme";
import { actionOf, nodesOf, whole } from "./tree";
import { useAction } from "./use-action";

/** Rows at first where the author leaves it to the page. */
const USUAL = 6;

const ListContext = createContext(false);

export function ListView({ node }: PartProps) {
  const words = useDesk().words.value;
  const [showsAll, setShowsAll] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const rows = nodesOf(node);
  const limit = node["limit"] === "auto" ? USUAL : (whole(node["limit"], rows.length) ?? rows.length);
  const beyond = rows.length - limit;
  // The button that had the focus is gone.
  useLayoutEffect(() => {
    if (showsAll) (list.current?.children[limit]?.querySelector<HTMLElement>("button, a, input") ?? list.current)?.focus();
  }, [showsAll]);
  const shown: WidgetNode = showsAll || beyond <= 0 ? node : { ...node, children: rows.slice(0, limit) };
  return (
    <div class="widget-list" style={useTheme(node)}>
      <Status status={node["status"]} />
      <ListContext.Provider value={true}>
        <ul ref={list} class="widget-rows" tabIndex={-1}>
          <Children node={shown} />
        </ul>
      </ListContext.Provider>
      {shown !== node && (
        <button type="button" class="widget-more" onClick={() => setShowsAll(true)}>
          {fill(words.widgetMore, { count: beyond })}
          <Icon name="chevron-down" size={16} />
        </button>
      )}
    </div>
  );
}

export function ListViewItem({ node }: PartProps) {
  const isInList = useContext(ListContext);
  const id = useId();
  const action = actionOf(node["onClickAction"]);
  const { isBusy, isBlocked, run } = useAction(action, "self");
  const style: Style = {};
  const [gap, align] = [space(node["gap"]), placed(node["align"])];
  if (gap) style["gap"] = gap;
  if (align) style["alignItems"] = align;
  const Row = isInList ? "li" : "div";
  return (
    <Row
      class={action ? "widget-row is-pressable" : "widget-row"}
      aria-busy={isBusy || undefined}
      onClick={(event) => {
        // What can be pressed in the row is for itself.
        const pressed = event.target instanceof Element ? event.target.closest("button, a, input, select, textarea, label") : null;
        if (!pressed || pressed.className === "widget-press") run();
      }}
    >
      {action && <button type="button" class="widget-press" aria-labelledby={id} aria-disabled={isBlocked || undefined} />}
      <div id={id} class="widget-row-content" style={style}>
        <ListContext.Provider value={false}>
          <Children node={node} />
        </ListContext.Provider>
      </div>
      {isBusy && <Icon name="loader-circle" size={16} class="spinner" />}
    </Row>
  );
}
