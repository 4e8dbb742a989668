/** Reads a text again and again while it grows: what is over is kept, only its last block is looked at anew. */

import type { Token, Tokens } from "marked";

import { lex, type Links } from "./lexer";
import { readable } from "./unfinished";

/** Characters of a next block that show for certain that the one before it is over. */
const CERTAIN = 12;

export class Reader {
  /** Counts the changes of what links by name lead to. Blocks may read otherwise then. */
  generation = 0;
  #over: Token[] = [];
  #links: Links = named();

  /** The blocks of the text. While it isn't `written` yet they are what can be told of it. */
  read(source: string, isWritten: boolean): Token[] {
    const text = source.replace(/\r\n?/g, "\n");
    if (isWritten) return this.#whole(text);
    const rest = text.slice(this.#keep(text));
    const before = [...this.#over];
    const blocks = lex(readable(rest), named(this.#links));
    this.#settle(blocks, rest);
    return [...before, ...blocks];
  }

  #whole(text: string): Token[] {
    const links = named();
    const blocks = lex(text, links);
    if (Object.keys(links).length > 0) this.generation += 1;
    this.#over = [];
    this.#links = named();
    return blocks;
  }

  /** Forgets the blocks that aren't in the text any more; gives back where the others end. */
  #keep(text: string): number {
    let end = 0;
    let count = 0;
    for (const { raw } of this.#over) {
      if (!text.startsWith(raw, end)) break;
      end += raw.length;
      count += 1;
    }
    this.#over.length = count;
    return end;
  }

  /** Keeps all blocks but the last, once it is certain that they are over. */
  #settle(blocks: readonly Token[], text: string): void {
    const last = blocks.findLastIndex(({ type }) => type !== "space");
    const next = blocks[last]?.raw ?? "";
    if (last < 1 || !(next.includes("\n") || next.length > CERTAIN)) return;
    const over = blocks.slice(0, last);
    if (!text.startsWith(over.map(({ raw }) => raw).join(""))) return;
    this.#over.push(...over);
    const news = over.filter((token): token is Tokens.Def => token.type === "def" && !(token["tag"] in this.#links));
    if (news.length === 0) return;
    for (const { tag, href, title } of news) this.#links[tag] = { href, title };
    // What came before may use the names, too.
    this.#over = [];
    this.generation += 1;
  }
}

function named(links: Links = {}): Links {
  return Object.assign(Object.create(null) as Links, links);
}
