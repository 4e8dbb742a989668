/** An answer that goes on when the test says so. */
import assert from "node:assert/strict";

import type { Event, ItemUpdate } from "../../src/protocol/events";
import type { Item } from "../../src/protocol/items";
import { eventually } from "./browser";
import { told, type Embedded, type Scene } from "./embedding";

export class Live implements AsyncIterable<Event> {
  readonly #events: Event[] = [];
  #isOver = false;
  #wake = () => {};

  tell(...events: Event[]): this {
    this.#events.push(...events);
    this.#wake();
    return this;
  }

  update(item: Item, ...updates: ItemUpdate[]): this {
    return this.tell(...updates.map((update) => ({ type: "thread.item.updated" as const, item_id: item.id, update })));
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event) yield event;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** Opens a chat of the scene's and says “go”, which is answered live. */
export async function begin({ stand, embed }: Scene, ...options: Parameters<Scene["embed"]>): Promise<Embedded & { live: Live }> {
  const live = new Live();
  stand.answers(() => live);
  const embedded = await embed(...options);
  if (options[0]?.initialThread) {
    await eventually(async () => assert.ok((await told(embedded.page)).some(([name]) => name === "thread.load.end"), "the thread isn't loaded"));
  }
  await embedded.chat.write("go");
  await embedded.chat.stop.waitFor();
  return { ...embedded, live };
}
