/** Markdown ▸ tokens (GFM, line breaks kept, formulas), within bounds that no text can break. */

import { Lexer, type MarkedOptions, type Token, type TokensList } from "marked";

import { BlockFormulas, inlineFormula, nextFormula, withoutFormulas } from "./tex";

/** How deep blocks and emphasis may lie in one another; what is deeper is plain text. */
const DEPTH = 24;
/** Characters that are looked at together for emphasis and links; longer texts are taken in parts. */
const STRETCH = 4000;
/** Characters of a text that are Markdown at all. */
const LENGTH = 400_000;

export type Links = TokensList["links"];

/** The tokens of a text. `links` are the destinations known by name, and get those that the text names. */
export function lex(text: string, links: Links = Object.create(null) as Links): Token[] {
  if (text.length > LENGTH) return [...lex(text.slice(0, LENGTH), links), plain(text.slice(LENGTH))];
  const lexer = new BoundedLexer(options());
  lexer.tokens.links = links;
  return [...lexer.lex(text)];
}

class BoundedLexer extends Lexer {
  #depth = 0;

  override blockTokens(source: string, tokens?: Token[], isClipped?: boolean): Token[];
  override blockTokens(source: string, tokens?: TokensList, isClipped?: boolean): TokensList;
  override blockTokens(source: string, tokens: Token[] = [], isClipped = false): Token[] {
    if (this.#depth >= DEPTH) return leave(source, tokens);
    this.#depth += 1;
    try {
      return super.blockTokens(source, tokens, isClipped);
    } finally {
      this.#depth -= 1;
    }
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (this.#depth >= DEPTH) return leave(source, tokens);
    this.#depth += 1;
    try {
      for (const stretch of stretches(source)) super.inlineTokens(stretch, tokens);
      return tokens;
    } finally {
      this.#depth -= 1;
    }
  }
}

function leave(source: string, tokens: Token[]): Token[] {
  if (source) tokens.push(plain(source));
  return tokens;
}

function plain(source: string): Token {
  return { type: "text", raw: source, text: source, escaped: false };
}

/** Parts that end where a line does, or a word, if they can. */
function stretches(source: string): string[] {
  const found: string[] = [];
  let rest = source;
  while (rest.length > STRETCH) {
    const head = rest.slice(0, STRETCH);
    const line = head.lastIndexOf("\n") + 1;
    const end = line || head.lastIndexOf(" ") + 1 || STRETCH;
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return rest ? [...found, rest] : found;
}

function options(): MarkedOptions {
  const formulas = new BlockFormulas();
  return {
    gfm: true,
    breaks: true,
    extensions: {
      block: [formulas.first],
      startBlock: [formulas.next],
      inline: [inlineFormula],
      startInline: [nextFormula],
      renderers: {},
      childTokens: {},
    },
    hooks: { emStrongMask: withoutFormulas } as unknown as NonNullable<MarkedOptions["hooks"]>,
  } as MarkedOptions;
}
