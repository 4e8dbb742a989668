/** What was being written in the threads that aren't open. It is kept as long as the page. */

import { BLANK, isBlank, joined, type Writing } from "./writing";

export class Drafts {
  /** The key of a new thread is null. */
  readonly #kept = new Map<string | null, Writing>();

  /** Keeps it in addition to what is kept there already. */
  keep(threadId: string | null, writing: Writing): void {
    const all = joined(writing, this.#kept.get(threadId) ?? BLANK);
    if (!isBlank(all)) this.#kept.set(threadId, all);
  }

  take(threadId: string | null): Writing {
    const kept = this.#kept.get(threadId) ?? BLANK;
    this.#kept.delete(threadId);
    return kept;
  }
}
