/** Bytes ▸ server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html reads them. */

/** One event. Its name is of no use here: what it is stands in its data. */
export interface Message {
  /** Of this event, or of the last one before it that had one. */
  id: string | null;
  data: string;
}

/** Characters of one event. A widget or a picture may be large; what grows for ever is a fault. */
export const MAX_EVENT = 16 * 1024 * 1024;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Takes a stream piece by piece, however it was cut. What is unfinished at its end is dropped. */
export class EventParser {
  readonly #decoder = new TextDecoder();
  /** What came and isn't a whole line yet. */
  #rest = "";
  /** How much of it was looked through. */
  #looked = 0;
  /** The last line ended in a carriage return: a line feed after it belongs to it. */
  #isHalfEnded = false;
  #id: string | null = null;
  #data: string[] = [];
  #size = 0;

  constructor(private readonly most = MAX_EVENT) {}

  /** The events that end in this piece. Throws where one is too large. */
  push(piece: Uint8Array): Message[] {
    this.#rest += this.#decoder.decode(piece, { stream: true });
    const messages: Message[] = [];
    let start = 0;
    let at = this.#looked;
    for (; at < this.#rest.length; at++) {
      const code = this.#rest.charCodeAt(at);
      if (this.#isHalfEnded) {
        this.#isHalfEnded = false;
        if (code === LINE_FEED) {
          start = at + 1;
          continue;
        }
      }
      if (code !== LINE_FEED && code !== CARRIAGE_RETURN) continue;
      const message = this.#line(this.#rest.slice(start, at));
      if (message) messages.push(message);
      this.#isHalfEnded = code === CARRIAGE_RETURN;
      start = at + 1;
    }
    this.#rest = this.#rest.slice(start);
    this.#looked = at - start;
    this.#check(this.#rest.length);
    return messages;
  }

  #line(line: string): Message | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const after = colon < 0 ? "" : line.slice(colon + 1);
    const value = after.startsWith(" ") ? after.slice(1) : after;
    if (field === "data") {
      this.#data.push(value);
      this.#size += value.length + 1;
      this.#check(0);
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value || null;
    }
    return null;
  }

  #dispatch(): Message | null {
    if (this.#data.length === 0) return null;
    const message = { id: this.#id, data: this.#data.join("\n") };
    this.#data = [];
    this.#size = 0;
    return message;
  }

  #check(more: number): void {
    if (this.#size + more > this.most) throw new RangeError("an event of the stream is too large");
  }
}
