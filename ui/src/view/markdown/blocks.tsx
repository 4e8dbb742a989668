/** Blocks of Markdown ▸ elements. A block is drawn anew only when its source is another. */

import type { MarkedToken, Token, Tokens } from "marked";
import { h, type ComponentChildren } from "preact";

import { memo } from "../transcript/memo";
import { directionOf } from "./characters";
import { Code } from "./code";
import { FormulaView } from "./formula";
import { inline, withNotes, words, type Rendering } from "./inline";
import { unmarked } from "./marks";
import type { Formula } from "./tex";
import { TableView } from "./table";
import { TaskMark } from "./task-mark";

interface Props {
  token: Token;
  rendering: Rendering;
}

export const Block = memo(
  ({ token, rendering }: Props) => <>{block(token, rendering)}</>,
  (old, next) =>
    old.rendering === next.rendering && old.token.raw === next.token.raw && old.token.type === next.token.type,
);

function blocks(tokens: readonly Token[], rendering: Rendering): ComponentChildren {
  return tokens.map((token, place) => <Block key={place} token={token} rendering={rendering} />);
}

export function block(token: Token, rendering: Rendering): ComponentChildren {
  const known = token as MarkedToken | Formula;
  const dir = directionOf(token.raw);
  switch (known.type) {
    case "space":
    case "def":
    case "checkbox":
      return null;
    case "paragraph":
      return <p dir={dir}>{inline(known.tokens, rendering)}</p>;
    case "text":
      return known.tokens ? inline(known.tokens, rendering) : words(known.text, rendering);
    case "heading":
      return h(`h${rendering.levels[known.depth] ?? 6}`, { dir }, inline(known.tokens, rendering));
    case "hr":
      return <hr />;
    case "blockquote":
      return <blockquote dir={dir}>{blocks(known.tokens, rendering)}</blockquote>;
    case "list":
      return list(known, rendering);
    case "code":
      return withNotes(code(known), known.raw, rendering);
    case "table":
      return <TableView table={known} rendering={rendering} />;
    case "formula":
      return withNotes(<FormulaView tex={unmarked(known.tex)} display />, known.raw, rendering);
    case "html":
      return <p dir={dir}>{words(known.raw.trim(), rendering)}</p>;
    default:
      return <p dir={dir}>{words(token.raw, rendering)}</p>;
  }
}

function code({ text, lang, raw }: Tokens.Code) {
  const language = unmarked(lang ?? "").trim().split(/[\s{,]/, 1)[0] ?? "";
  const isOver = !/^\s*[`~]{3}/.test(raw) || /\n\s*[`~]{3,}\s*$/.test(raw);
  return <Code text={unmarked(text)} language={language.slice(0, 24)} isOver={isOver} />;
}

function list(token: Tokens.List, rendering: Rendering) {
  const items = token.items.map((item, place) => <Item key={place} item={item} rendering={rendering} />);
  const dir = directionOf(token.raw);
  if (!token.ordered) return <ul dir={dir}>{items}</ul>;
  const start = Number(token.start);
  return (
    <ol dir={dir} start={Number.isSafeInteger(start) && start !== 1 ? start : undefined}>
      {items}
    </ol>
  );
}

interface ItemProps {
  item: Tokens.ListItem;
  rendering: Rendering;
}

const Item = memo(
  ({ item, rendering }: ItemProps) => (
    <li class={item.task ? "markdown-task" : undefined}>
      {item.task && <TaskMark isDone={item.checked === true} />}
      {item.tokens.map((token, place) =>
        token.type === "text" ? inline([token], rendering) : <Block key={place} token={token} rendering={rendering} />,
      )}
    </li>
  ),
  (old, next) =>
    old.rendering === next.rendering && old.item.raw === next.item.raw && old.item.loose === next.item.loose,
);
