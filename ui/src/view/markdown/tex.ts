/** Formulas within Markdown: `$$…$$`, `\[…\]`, `\(…\)` and, with care for prices, `$…$`. */

import type { Tokens } from "marked";

export interface Formula extends Tokens.Generic {
  type: "formula";
  tex: string;
  /** Whether it stands on lines of its own. */
  display: boolean;
}

const MOST = 4000;
/** Characters that a block may take with its signs. */
const REACH = MOST + 64;
/** Blocks without an end in one text until the others are no blocks either. */
const VAIN = 200;
const OPENING = /^ {0,3}(?:\$\$|\\\[)/;
const BLOCK = /^ {0,3}(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/;
const DISPLAY = /^(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])/;
const ROUND = /^\\\(([\s\S]+?)\\\)/;
// No blank inside the signs, and no digit after them: "$5 and $10" are prices.
const DOLLAR = /^\$(?![\s$])((?:\\.|[^\\$\n]){1,200}?)(?<![\s\\])\$(?![\d\p{L}$])/u;

function formula(raw: string, tex: string | undefined, display: boolean): Formula | undefined {
  if (!tex?.trim() || tex.length > MOST) return undefined;
  return { type: "formula", raw, tex: tex.trim(), display };
}

/** Finds those of one text that are blocks, one after the other, at a cost that no text can drive up. */
export class BlockFormulas {
  #vain = 0;

  /** One that begins the text. */
  readonly first = (source: string): Formula | undefined => {
    if (this.#vain === VAIN || !OPENING.test(source)) return undefined;
    const near = source.slice(0, REACH);
    const found = BLOCK.exec(near);
    const isWhole = found && (found[0].length < near.length || near.length === source.length);
    const made = isWhole ? formula(found[0], found[1] ?? found[2], true) : undefined;
    if (!made) this.#vain += 1;
    return made;
  };

  /** Where the next one may begin on a line of its own, within this paragraph. */
  readonly next = (source: string): number => {
    if (this.#vain === VAIN) return -1;
    // Only this far: each paragraph asks, and a text may have thousands.
    const found = /\n(?:([ \t]*\n)| {0,3}(?:\$\$|\\\[))/.exec(source);
    return found && found[1] === undefined ? found.index + 1 : -1;
  };
}

export function inlineFormula(source: string): Formula | undefined {
  const display = DISPLAY.exec(source);
  if (display) return formula(display[0], display[1] ?? display[2], true);
  const round = ROUND.exec(source) ?? DOLLAR.exec(source);
  return round ? formula(round[0], round[1], false) : undefined;
}

/** Where the next one may begin. */
export function nextFormula(source: string): number {
  return source.search(/\$|\\[([]/);
}

/** The text with formulas made unseen to whoever looks for emphasis. */
export function withoutFormulas(source: string): string {
  if (!/\$|\\[([]/.test(source)) return source;
  let seen = "";
  for (let rest = source; rest; ) {
    const at = nextFormula(rest);
    if (at < 0) return seen + rest;
    const found = inlineFormula(rest.slice(at));
    const length = found?.raw.length ?? (rest[at] === "\\" ? 2 : 1);
    seen += rest.slice(0, at) + (found ? "x".repeat(length) : rest.slice(at, at + length));
    rest = rest.slice(at + length);
  }
  return seen;
}

