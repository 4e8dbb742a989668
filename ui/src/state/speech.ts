/** Text that streams in ▸ sentences that can be said: whole ones, without marks and without code. */

const FENCE = /^\s*(```|~~~)/;
/** A sentence and what is left: it ends at a full stop before a space, or with its line. */
const SENTENCE = /^([^\n]*?[^\s\d]{2}[.!?…]{1,3}["'”’)\]*_]*)[ \t]|^([^\n]*?[。！？])|^([^\n]*)\n/;
/** Characters that are kept of what doesn't end; looking for an end costs as much as there is. */
const LONGEST = 400;

export class Speech {
  #rest = "";
  #isCode = false;

  /** `code` is said for a block of code. */
  constructor(private readonly code: string) {}

  /** The sentences that end in this piece. */
  push(piece: string): string[] {
    const sentences: string[] = [];
    for (let at = 0; at < piece.length; at += LONGEST) this.#take(piece.slice(at, at + LONGEST), sentences);
    return sentences;
  }

  /** What is left at the end of the text. */
  end(): string[] {
    const last = this.push("\n");
    this.#isCode = false;
    return last;
  }

  #take(piece: string, sentences: string[]): void {
    this.#rest += piece;
    for (;;) {
      const isCode = this.#isCode || FENCE.test(this.#rest);
      const found = isCode ? this.#line() : SENTENCE.exec(this.#rest);
      if (!found && this.#rest.length <= LONGEST) return;
      // Of a line of code its beginning is enough: it tells whether the block ends.
      if (!found && isCode) return void (this.#rest = this.#rest.slice(0, LONGEST));
      const text = found ? (found[1] ?? found[2] ?? found[3] ?? "") : this.#rest.slice(0, this.#rest.lastIndexOf(" ") + 1 || undefined);
      this.#rest = this.#rest.slice(found ? found[0].length : text.length);
      const said = this.#said(text);
      if (said) sentences.push(said);
    }
  }

  #line(): RegExpExecArray | null {
    return /^([^\n]*)\n/.exec(this.#rest);
  }

  #said(text: string): string {
    if (FENCE.test(text)) {
      this.#isCode = !this.#isCode;
      return this.#isCode ? this.code : "";
    }
    return this.#isCode ? "" : plain(text);
  }
}

/** Without the marks of Markdown. */
function plain(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+\.)\s+/, "")
    .replace(/^[\s|:-]+$/, "")
    .replace(/\s*\|\s*/g, " ")
    .replace(/[*`~]+|\b_+|_+\b/g, "")
    .trim();
}
