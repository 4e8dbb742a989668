/** Loading threads: the newest items first, whatever page a server begins with. */

import type { Server } from "../client/server";
import type { Item } from "../protocol/items";
import type { Page, Thread } from "../protocol/thread";
import { whole } from "./whole";

export interface Loaded extends ItemPage {
  thread: Thread;
  /** The turn that runs in it. */
  turn: string | null;
}

export interface ItemPage {
  /** Oldest first. */
  items: Item[];
  /** Where older ones begin; none where these are the oldest. */
  older: string | null;
}

const PAGE = 50;
/** Servers take hidden items out of a page after counting, so pages may be empty. */
const EMPTY_PAGES = 20;

export async function loadThread(server: Server, id: string): Promise<Loaded> {
  const { value: thread, turn } = await server.ask("threads.get_by_id", { thread_id: id });
  const first = thread.items;
  // What comes with the thread are its oldest items; they are enough where they are all.
  if (first && !first.has_more) return { thread, turn, items: first.data.map(whole), older: null };
  return { thread, turn, ...(await loadItems(server, id)) };
}

/** The newest items, or those before `older`. */
export async function loadItems(server: Server, id: string, older?: string): Promise<ItemPage> {
  let after = older;
  for (let pages = 1; ; pages++) {
    const page: Page<Item> = await server.call("items.list", {
      thread_id: id,
      limit: PAGE,
      order: "desc",
      ...(after && { after }),
    });
    const next = page.has_more ? (page.after ?? page.data.at(-1)?.id ?? null) : null;
    const isEnough = page.data.length > 0 || !next || pages === EMPTY_PAGES;
    if (isEnough) return { items: page.data.toReversed().map(whole), older: next };
    after = next;
  }
}

/** The items as they are now, with the older ones that were loaded before. */
export function joined(before: readonly Item[], { items: now, older }: ItemPage): readonly Item[] {
  // Where there are no older ones, what was before them was deleted.
  if (older === null) return now;
  const place = before.findIndex(({ id }) => id === now[0]?.id);
  return place > 0 ? [...before.slice(0, place), ...now] : now;
}
