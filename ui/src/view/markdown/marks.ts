/** Places in a text that footnotes hang on: a sign of its own for each, which goes through the lexer as punctuation. */

import type { Annotation } from "../../protocol/items";
import { offsets } from "./characters";

/** Signs that chats don't use (of SignWriting). They count as punctuation, so that emphasis ends before them. */
const FIRST = 0x1d800;
const MOST = 512;
const SIGN = /[\u{1D800}-\u{1D9FF}]/gu;

export interface Marked {
  text: string;
  /** By footnote: the first is number one. */
  notes: Annotation[][];
}

/** The text with a sign at the place of each footnote. */
export function marked(text: string, annotations: readonly Annotation[]): Marked {
  const groups = new Map<number, Annotation[]>();
  for (const annotation of annotations) {
    const { index } = annotation;
    if (index === undefined || !Number.isFinite(index)) continue;
    groups.set(index, [...(groups.get(index) ?? []), annotation]);
  }
  const places = [...groups.keys()].sort((one, other) => one - other).slice(0, MOST);
  if (places.length === 0) return { text, notes: [] };
  const clean = text.replace(SIGN, "\ufffd\ufffd");
  let whole = "";
  let from = 0;
  offsets(clean, places).forEach((place, number) => {
    const at = Math.max(from, safe(clean, place));
    whole += clean.slice(from, at) + String.fromCodePoint(FIRST + number);
    from = at;
  });
  return { text: whole + clean.slice(from), notes: places.map((place) => groups.get(place) ?? []) };
}

/** A place near by where a sign breaks nothing. */
function safe(text: string, place: number): number {
  let at = place;
  while (at > 0 && at < text.length && /[*_~`]/.test(text.charAt(at)) && text[at] === text[at - 1]) at += 1;
  if (text[at - 1] === "]" && text[at] === "(") at = text.indexOf(")", at) + 1 || text.length;
  for (;;) {
    while (at > 0 && /[\s|]/.test(text.charAt(at - 1))) at -= 1;
    if (at === 0) return Math.max(0, text.search(/\n|$/));
    const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
    // What closes a code block, a rule or the line under a table's head bears nothing behind it.
    if (!/^\s*(?:[`~]{3,}|[-=*_ ]{3,}|\|?[ :|-]+|\$\$|\\\])$/.test(line)) return at;
    at -= line.length;
  }
}

/** A text's parts: words, and numbers of footnotes, from 0. */
export function parts(text: string): (string | number)[] {
  const found: (string | number)[] = [];
  let from = 0;
  for (const { 0: sign, index } of text.matchAll(SIGN)) {
    if (index > from) found.push(text.slice(from, index));
    found.push((sign.codePointAt(0) ?? FIRST) - FIRST);
    from = index + sign.length;
  }
  if (from < text.length) found.push(text.slice(from));
  return found;
}

/** The text without its signs. */
export function unmarked(text: string): string {
  return text.replace(SIGN, "");
}
