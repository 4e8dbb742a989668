/** A text in which some words stand for things: what the field shows ⇄ what a message holds. */

import type { UserContent } from "../../protocol/items";

export type Tag = UserContent & { type: "input_tag" };

export interface Mark {
  start: number;
  end: number;
  tag: Tag;
}

export interface MarkedText {
  text: string;
  /** In the order of the text; none reaches into another. */
  marks: readonly Mark[];
}

export function markedText(content: readonly UserContent[]): MarkedText {
  let text = "";
  const marks: Mark[] = [];
  for (const part of content) {
    const start = text.length;
    text += part.text;
    if (part.type === "input_tag") marks.push({ start, end: text.length, tag: part });
  }
  return { text, marks };
}

export function contentOf({ text, marks }: MarkedText): UserContent[] {
  const content: UserContent[] = [];
  const plain = (from: number, to?: number) => {
    const piece = text.slice(from, to);
    if (piece) content.push({ type: "input_text", text: piece });
  };
  let place = 0;
  for (const { start, end, tag } of marks) {
    plain(place, start);
    content.push(tag);
    place = end;
  }
  plain(place);
  return content;
}

/**
 * The text after the field was changed to it, with the caret where it is now. A mark that was written into is no mark
 * any more. `known` are tags that may have come back, as they do when a change is undone.
 */
export function edited(before: MarkedText, text: string, caret: number, known: readonly Tag[] = []): MarkedText {
  if (text === before.text) return before;
  const { kept, tail } = change(before.text, text, caret);
  const shift = text.length - before.text.length;
  const marks = before.marks.flatMap((mark) => {
    if (mark.end <= kept) return mark;
    if (mark.start < before.text.length - tail) return [];
    return { ...mark, start: mark.start + shift, end: mark.end + shift };
  });
  return { text, marks: [...marks, ...returned(text, kept, text.length - tail, marks, known)].sort(byStart) };
}

/** With a mark on that part of it. */
export function withMark({ text, marks }: MarkedText, mark: Mark): MarkedText {
  return { text, marks: [...marks.filter((other) => !overlap(mark, other)), mark].sort(byStart) };
}

/** The mark that a step back or forward from here would damage. */
export function markBeside({ marks }: MarkedText, caret: number, isBack: boolean): Mark | undefined {
  return marks.find(({ start, end }) => (isBack ? start < caret && caret <= end : start <= caret && caret < end));
}

/** How much of the beginning and of the end is as it was. What was written ends at the caret. */
function change(before: string, after: string, caret: number): { kept: number; tail: number } {
  const most = Math.min(before.length, after.length);
  let tail = 0;
  while (tail < Math.min(most, after.length - caret) && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  let kept = 0;
  while (kept < most - tail && before[kept] === after[kept]) kept++;
  return { kept, tail };
}

/** Known tags at or in what has changed. */
function returned(text: string, from: number, to: number, marks: readonly Mark[], known: readonly Tag[]): Mark[] {
  const found: Mark[] = [];
  for (const tag of known) {
    const first = Math.max(0, from - tag.text.length);
    for (let start = text.indexOf(tag.text, first); start >= 0 && start <= to; start = text.indexOf(tag.text, start + 1)) {
      const mark = { start, end: start + tag.text.length, tag };
      if (![...marks, ...found].some((other) => overlap(mark, other))) found.push(mark);
    }
  }
  return found;
}

function overlap(one: Mark, other: Mark): boolean {
  return one.start < other.end && other.start < one.end;
}

function byStart(one: Mark, other: Mark): number {
  return one.start - other.start;
}
