/** A widget: a tree of nodes, each drawn by the part of its type. */

import type { FunctionComponent } from "preact";
import { useCallback, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon as IconView } from "../../icons/icon";
import type { WidgetItem } from "../../protocol/items";
import type { Action, WidgetNode } from "../../protocol/widget";
import { memo } from "../transcript/memo";
import { Button } from "./button";
import { Card } from "./card";
import { Chart } from "./chart";
import { Children } from "./children";
import { Checkbox, RadioGroup } from "./choices";
import { DatePicker } from "./date-picker";
import { Form } from "./form";
import { Input, Textarea } from "./inputs";
import { Box, Divider, Spacer, Transition } from "./layout";
import { ListView, ListViewItem } from "./list";
import { merged, type Entry } from "./payload";
import { Icon, Image } from "./picture";
import { ScopeContext, type PartProps, type Scope } from "./scope";
import { Select } from "./select";
import { Table, TableCell, TableRow } from "./table";
import { Badge, Caption, Label, MarkdownText, Text, Title } from "./texts";
import { survey } from "./tree";

const PARTS: Record<string, FunctionComponent<PartProps>> = {
  Badge,
  Basic: Box,
  Box,
  Button,
  Caption,
  Card,
  Chart,
  Checkbox,
  Col: Box,
  DatePicker,
  Divider,
  Form,
  Icon,
  Image,
  Input,
  Label,
  ListView,
  ListViewItem,
  Markdown: MarkdownText,
  RadioGroup,
  Row: Box,
  Select,
  Spacer,
  Table,
  "Table.Cell": TableCell,
  "Table.Row": TableRow,
  Text,
  Textarea,
  Title,
  Transition,
};

/** What nobody knows is what is in it. Drawn anew only when the node is another. */
const Part = memo(function WidgetPart({ node }: PartProps) {
  const Known = Object.hasOwn(PARTS, node.type) ? PARTS[node.type] : undefined;
  return Known ? <Known node={node} /> : <Children node={node} />;
});

/** A widget in the transcript. */
export function WidgetView({ item }: { item: WidgetItem }) {
  return <WidgetTree node={item.widget} item={item} />;
}

interface Props {
  node: WidgetNode;
  /** What it belongs to; previews belong to nothing. */
  item?: WidgetItem;
}

export function WidgetTree({ node, item }: Props) {
  const words = useDesk().words.value;
  const { tree, labelled } = useMemo(() => survey(node), [node]);
  const { element, isBusy, trouble, act } = useActing(node, item);
  const id = useId();
  const names = [...labelled].join("\n");
  const scope = useMemo<Scope>(() => ({ id, labelled, isBusy, Part, act }), [id, names, isBusy, act]);
  return (
    <div ref={element} class={isBusy ? "widget is-busy" : "widget"} aria-busy={isBusy || undefined} tabIndex={-1}>
      <ScopeContext.Provider value={scope}>
        <Part node={tree} />
      </ScopeContext.Provider>
      {isBusy && (
        <span class="widget-spinner">
          <IconView name="loader-circle" size={22} class="spinner" />
          <span class="unseen" role="status">
            {words.widgetWorking}
          </span>
        </span>
      )}
      {trouble && (
        <p class="widget-trouble" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

/** Sends actions, and says how the widget as a whole is. */
function useActing(node: WidgetNode, item: WidgetItem | undefined) {
  const { chat, tell } = useDesk();
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef({ node, item });
  latest.current = { node, item };
  /** What was there when it began: where something else is, the answer has come. */
  const [busyNode, setBusyNode] = useState<WidgetNode | null>(null);
  const [trouble, setTrouble] = useState("");
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (hadFocus.current) keepFocus(element.current);
  }, [node]);
  const act = useCallback(async (action: Action, entries: readonly Entry[], isWhole: boolean) => {
    const { payload, collisions } = merged(action.payload, entries);
    if (collisions.length > 0) {
      tell("chatkit.error", { error: new Error(`fields that ${action.type} has values for itself: ${collisions.join(", ")}`) });
    }
    setTrouble("");
    hadFocus.current = element.current?.matches(":focus-within") ?? false;
    if (isWhole) setBusyNode(latest.current.node);
    try {
      await chat.act({ ...action, ...(payload !== undefined && { payload }) }, latest.current.item);
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    } finally {
      setBusyNode(null);
      hadFocus.current = false;
    }
  }, []);
  return { element, isBusy: busyNode === node, trouble, act };
}

/** Where the button that was pressed is gone, the widget has the focus in its place. */
function keepFocus(element: HTMLElement | null): void {
  if (element && document.activeElement === document.body) element.focus({ preventScroll: true });
}
