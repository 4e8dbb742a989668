/** A text that is still being written, as it is to be read: what is open is closed, half-written marks are left out. */

/** Characters of a paragraph whose marks are looked at; no frame is spent on longer ones. */
const LONGEST = 4000;

/** The text so far ▸ a text that doesn't flicker when the rest arrives. */
export function readable(text: string): string {
  const fence = openFence(text);
  if (fence) return text.replace(new RegExp(`\\n[ >]*${fence[0]}{1,${fence.length}}$`), "");
  const whole = withoutMarkAtEnd(withoutOpenFormula(text));
  const start = startOfLastText(whole);
  const table = whole.slice(start).startsWith("|") ? openTable(whole.slice(start)) : null;
  if (table) return whole.slice(0, start) + table;
  const cell = start + (/^[^]*[^\\]\|/.exec(whole.slice(start))?.[0].length ?? 0);
  const from = whole[start] === "|" ? cell : start;
  if (whole.length - from > LONGEST) return whole;
  return whole.slice(0, from) + closed(whole.slice(from));
}

/** The marks that opened the code block at the end, if there is one. */
function openFence(text: string): string | null {
  if (!/```|~~~/.test(text)) return null;
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const marks = /^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}(?!.*`)|~{3,})(.*)$/.exec(line);
    if (!marks) continue;
    const [, run = "", rest = ""] = marks;
    if (open === null) open = run;
    else if (run[0] === open[0] && run.length >= open.length && !rest.trim()) open = null;
  }
  return open;
}

function withoutOpenFormula(text: string): string {
  const dollars = [...text.matchAll(/\$\$/g)];
  const last = dollars.at(-1);
  if (last && dollars.length % 2 === 1) return text.slice(0, last.index);
  for (const [opening, closing] of [["\\[", "\\]"], ["\\(", "\\)"]] as const) {
    const at = text.lastIndexOf(opening);
    if (at >= 0 && text[at - 1] !== "\\" && !text.includes(closing, at)) return text.slice(0, at);
  }
  return text;
}

/** Without a last line that may become a list, a heading, a rule, a code block or the aim of a link, but isn't yet. */
function withoutMarkAtEnd(text: string): string {
  const end = text.lastIndexOf("\n") + 1;
  const line = text.slice(end);
  if (/^\s*(?:[-+*>]|[-=*_]+|#{1,6}|`{1,2}|~{1,2}|\[[^\]]+\]:.*)\s*$/.test(line)) return text.slice(0, end);
  return end > 0 && /^\s*\d{1,3}[.)]?\s*$/.test(line) ? text.slice(0, end) : text;
}

/** Where the last paragraph, item, heading or table begins, after its mark. */
function startOfLastText(text: string): number {
  let start = text.length;
  while (start > 0) {
    const lineStart = text.lastIndexOf("\n", start - 1) + 1;
    const line = text.slice(lineStart, start);
    if ((!line.trim() && start < text.length) || /^[\s>]*(?:`{3}|~{3})/.test(line)) return start;
    const mark = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)]|#{1,6})[ \t]+(?:\[[ xX]\][ \t]+)?)/.exec(line);
    if (mark) return lineStart + mark[0].length;
    if (lineStart === 0) return 0;
    start = lineStart - 1;
    if (!text.slice(text.lastIndexOf("\n", start - 1) + 1, start).trim()) return lineStart;
  }
  return 0;
}

/** A table whose rows haven't begun, with the line that makes it one. */
function openTable(text: string): string | null {
  const [head = "", second, ...more] = text.split("\n");
  if (more.length > 0) return null;
  const cells = head.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).length;
  if (second === undefined && !/\|\s*\S/.test(head)) return "";
  if (second !== undefined && !/^[\s|:-]*$/.test(second)) return null;
  const row = /\|\s*$/.test(head) && head.trim().length > 1 ? head : `${head} |`;
  return `${row}\n|${"---|".repeat(cells)}`;
}

interface Mark {
  run: string;
  at: number;
}

/** One text with its emphasis, code and links closed. */
function closed(text: string): string {
  const open: Mark[] = [];
  const brackets: number[] = [];
  for (let at = 0; at < text.length; ) {
    const sign = text.charAt(at);
    if (sign === "\\") {
      if (at === text.length - 1) return ended(text.slice(0, at), open, brackets);
      at += 2;
    } else if (sign === "`") {
      const run = runAt(text, at);
      const end = endOfCode(text, at + run.length, run);
      if (end < 0) return ended(text.slice(0, at), open, brackets, openCode(text.slice(at), run));
      at = end;
    } else if (sign === "*" || sign === "_" || sign === "~") {
      const run = runAt(text, at);
      if (at + run.length === text.length && !closes(open, run)) return ended(text.slice(0, at), open, brackets);
      mark(text, at, run, open);
      at += run.length;
    } else if (sign === "[") {
      brackets.push(at);
      at += 1;
    } else if (sign === "]" && brackets.length > 0) {
      const start = brackets.pop() ?? 0;
      const end = endOfLink(text, at + 1);
      if (end < 0) return ended(text.slice(0, at), open, [...brackets, start]);
      at = end;
    } else {
      at += 1;
    }
  }
  return ended(text, open, brackets);
}

function runAt(text: string, at: number): string {
  let end = at;
  while (text[end] === text[at]) end += 1;
  return text.slice(at, end);
}

/** Where the code ends that began with these backticks; -1 where it doesn't. */
function endOfCode(text: string, from: number, run: string): number {
  for (let at = text.indexOf(run, from); at >= 0; ) {
    const found = runAt(text, at);
    if (found.length === run.length) return at + found.length;
    at = text.indexOf(run, at + found.length);
  }
  return -1;
}

function openCode(text: string, run: string): string {
  const inner = text.slice(run.length).replace(/`+$/, "");
  return inner.trim() ? `${run}${inner}${run}` : "";
}

/** Where the link ends whose text ends before `from`; `from` where it is none, -1 where it isn't known yet. */
function endOfLink(text: string, from: number): number {
  if (from === text.length) return -1;
  if (text[from] !== "(") return from;
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\n") return from;
    if (text[at] === "(") depth += 1;
    if (text[at] === ")" && --depth === 0) return at + 1;
  }
  return -1;
}

function closes(open: readonly Mark[], run: string): boolean {
  const last = open.at(-1);
  return last !== undefined && last.run[0] === run[0] && run.length >= last.run.length;
}

/** Takes a run of emphasis for what it opens or closes. */
function mark(text: string, at: number, run: string, open: Mark[]): void {
  const before = text.charAt(at - 1) || " ";
  const after = text.charAt(at + run.length) || " ";
  const sign = run.charAt(0);
  let left = run.length;
  if (/\S/.test(before)) {
    for (let last = open.at(-1); left > 0 && last?.run[0] === sign; last = open.at(-1)) {
      const taken = Math.min(left, last.run.length);
      left -= taken;
      if (taken === last.run.length) open.pop();
      else last.run = last.run.slice(taken);
    }
  }
  const isWithinWord = /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  if (left > 0 && /\S/.test(after) && !(isWithinWord && sign === "_")) open.push({ run: sign.repeat(left), at });
}

/** The text without its open brackets, and with its emphasis closed. */
function ended(text: string, open: readonly Mark[], brackets: readonly number[], tail = ""): string {
  let whole = text + tail;
  let kept = open;
  const image = brackets.find((at) => text[at - 1] === "!");
  if (image !== undefined) {
    whole = text.slice(0, image - 1);
    kept = open.filter(({ at }) => at < image);
  } else {
    for (const at of brackets.toReversed()) whole = whole.slice(0, at) + whole.slice(at + 1);
  }
  whole = whole.trimEnd();
  for (const { run } of kept.toReversed()) {
    whole = whole.endsWith(run) ? whole.slice(0, -run.length).trimEnd() : whole + run;
  }
  return whole;
}
