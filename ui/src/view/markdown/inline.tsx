/** Tokens within a block ▸ elements. */

import type { MarkedToken, Token, Tokens } from "marked";
import type { ComponentChild, ComponentChildren } from "preact";

import { resolved } from "./characters";
import { ApplicationLink } from "./application-link";
import { FormulaView } from "./formula";
import { destination, picture, type Gallery } from "./links";
import { parts, unmarked } from "./marks";
import { Picture } from "./picture";
import type { Formula } from "./tex";

/** What a text is drawn with. */
export interface Rendering {
  /** The address that relative links belong to. */
  page: string;
  gallery: Gallery;
  /** The level of headings by their number of signs. */
  levels: readonly number[];
  /** Draws a footnote, counted from 0; without it the text has none. */
  note?: (number: number) => ComponentChild;
  /** Whether it is the text of a link, which can't hold another one. */
  isLinked?: boolean;
}

type Inline = MarkedToken | Formula;

export function inline(tokens: readonly Token[], rendering: Rendering): ComponentChildren {
  return tokens.map((token) => one(token as Inline, rendering));
}

function one(token: Inline, rendering: Rendering): ComponentChildren {
  switch (token.type) {
    case "text":
      if ("tokens" in token && token.tokens) return inline(token.tokens, rendering);
      return words(token.escaped ? token.text : resolved(token.text), rendering);
    case "escape":
      return token.text;
    case "strong":
      return <strong>{inline(token.tokens, rendering)}</strong>;
    case "em":
      return <em>{inline(token.tokens, rendering)}</em>;
    case "del":
      return <del>{inline(token.tokens, rendering)}</del>;
    case "codespan":
      return withNotes(<code dir="ltr">{unmarked(token.text)}</code>, token.raw, rendering);
    case "br":
      return <br />;
    case "link":
      return withNotes(link(token, rendering), token.raw, rendering);
    case "image":
      return withNotes(image(token, rendering), token.raw, rendering);
    case "formula":
      return withNotes(<FormulaView tex={unmarked(token.tex)} display={token.display} />, token.raw, rendering);
    case "checkbox":
      return null;
    case "html":
      // Markup is shown as it is written. Breaks are all that tables have for lines.
      return /^<br\s*\/?>$/i.test(token.raw) ? <br /> : words(token.raw, rendering);
    default:
      return words(token.raw, rendering);
  }
}

/** Plain text with the footnotes that hang in it. */
export function words(text: string, rendering: Rendering): ComponentChildren {
  const { note } = rendering;
  if (!note) return text;
  return parts(text).map((part) => (typeof part === "string" ? part : note(part)));
}

/** An element that can't bear footnotes, with those of its source behind it. */
export function withNotes(element: ComponentChild, source: string, { note }: Rendering): ComponentChildren {
  if (!note) return element;
  const numbers = parts(source).filter((part) => typeof part === "number");
  return numbers.length > 0 ? [element, ...numbers.map(note)] : element;
}

function linked(rendering: Rendering): Rendering {
  return { ...rendering, note: rendering.note && (() => null), isLinked: true };
}

function link(token: Tokens.Link, rendering: Rendering): ComponentChildren {
  const href = unmarked(token.autolink ? token.href : resolved(token.href));
  const text = token.autolink ? unmarked(token.text) : inline(token.tokens, linked(rendering));
  return anchor(href, text, rendering, token.title);
}

/** A link, where it may lead there; else its text. */
function anchor(href: string, text: ComponentChildren, { page }: Rendering, title?: string | null): ComponentChildren {
  const target = destination(href, page);
  if (!target) return text;
  if (target.kind === "application") {
    return (
      <ApplicationLink name={target.name} data={target.data}>
        {text}
      </ApplicationLink>
    );
  }
  const elsewhere = target.kind === "page" ? { target: "_blank", rel: "noopener noreferrer" } : {};
  return (
    <a href={target.href} title={title ? resolved(title) : undefined} {...elsewhere}>
      {text}
    </a>
  );
}

function image(token: Tokens.Image, rendering: Rendering): ComponentChild {
  const href = unmarked(resolved(token.href));
  const alt = unmarked(resolved(token.text));
  const src = picture(href, rendering.page, rendering.gallery);
  const words = rendering.isLinked ? alt || href : anchor(href, alt || href, rendering);
  if (!src) return <>{words}</>;
  return (
    <Picture key={src} src={src} alt={alt}>
      {words}
    </Picture>
  );
}
