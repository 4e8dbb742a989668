/** What is being written, as a value. */

import type { UserContent } from "../protocol/items";

export interface Writing {
  readonly content: readonly UserContent[];
  readonly quote: string | null;
  /** Keys of the files that are attached. */
  readonly files: readonly string[];
}

export const BLANK: Writing = { content: [], quote: null, files: [] };

export function isBlank({ content, quote, files }: Writing): boolean {
  return !hasWords(content) && quote === null && files.length === 0;
}

/** Whether it says something. */
export function hasWords(content: readonly UserContent[]): boolean {
  return content.some((part) => part.type === "input_tag" || part.text.trim() !== "");
}

/** Neighbouring texts as one, none of them empty, and line breaks as browsers write them. */
export function tidy(content: readonly UserContent[]): UserContent[] {
  const parts: UserContent[] = [];
  for (const part of content) {
    const last = parts.at(-1);
    if (part.type === "input_tag") parts.push(part);
    else if (last?.type === "input_text") parts[parts.length - 1] = { ...last, text: last.text + unified(part.text) };
    else if (part.text) parts.push({ ...part, text: unified(part.text) });
  }
  return parts;
}

/** Without blank beginnings and ends, as it is sent. */
export function trimmed(content: readonly UserContent[]): UserContent[] {
  const parts = tidy(content);
  const [first, last] = [parts[0], parts.at(-1)];
  if (first?.type === "input_text") parts[0] = { ...first, text: first.text.trimStart() };
  const end = parts.at(-1);
  if (last?.type === "input_text" && end) parts[parts.length - 1] = { ...last, text: end.text.trimEnd() };
  return tidy(parts);
}

/** One after the other, each with what belongs to it. */
export function joined(first: Writing, second: Writing): Writing {
  const isBoth = hasWords(first.content) && hasWords(second.content);
  const gap: UserContent[] = isBoth ? [{ type: "input_text", text: "\n" }] : [];
  return {
    content: tidy([...first.content, ...gap, ...second.content]),
    quote: first.quote ?? second.quote,
    files: [...new Set([...first.files, ...second.files])],
  };
}

function unified(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}
