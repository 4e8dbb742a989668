/** What is being asked for at the caret: things after “@”, commands after “/”. */

import type { Mark } from "./marked-text";

export type Sign = "@" | "/";

export interface Asked {
  /** None for a menu that a command has opened. */
  sign: Sign | null;
  /** Where it begins, with its sign. */
  start: number;
  /** Where it ends: at the caret. */
  end: number;
  query: string;
}

/** Signs begin a word, and their query is short and has no further sign. Chinese and Japanese have no spaces before it. */
const PATTERNS: Record<Sign, RegExp> = {
  "@": /(?:^|[\s"'\p{Ps}\p{Pi}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}！-／：-？])@((?:[^\s@][^\n@]{0,48})?)$/u,
  "/": /(?:^|\s)\/((?:[^\s/][^\n/]{0,48})?)$/u,
};

export function askedAt(text: string, caret: number, marks: readonly Mark[], signs: readonly Sign[]): Asked | null {
  // What is marked is found already.
  const begin = marks.findLast(({ end }) => end <= caret)?.end ?? 0;
  if (marks.some(({ start, end }) => start < caret && caret < end)) return null;
  const before = text.slice(begin, caret);
  for (const sign of signs) {
    const query = PATTERNS[sign].exec(before)?.[1];
    if (query !== undefined) return { sign, start: caret - query.length - 1, end: caret, query };
  }
  return null;
}

/** The same menu as it was asked for before, with what was written since. */
export function askedOn(before: Asked, text: string, caret: number): Asked | null {
  const query = text.slice(before.start, caret);
  return caret < before.start || query.includes("\n") ? null : { ...before, end: caret, query };
}
