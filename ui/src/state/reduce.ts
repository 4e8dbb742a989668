/** An event ▸ the transcript after it. Pure: the recorded conversations are its tests. */

import type { Event } from "../protocol/events";
import type { Item, UserMessage } from "../protocol/items";
import type { Thread } from "../protocol/thread";
import type { Failure, Notice, Transcript } from "./transcript";
import { updated } from "./update";
import { whole } from "./whole";

/** What the page itself does to what it shows. */
export type LocalEvent =
  /** A message is on its way. */
  | { type: "local.sent"; message: UserMessage }
  /** The server didn't take the message. */
  | { type: "local.refused" }
  /** An answer is about to begin. */
  | { type: "local.begun" }
  /** Everything after this item is about to be made anew. */
  | { type: "local.cut"; item_id: string }
  /** The answer can't be read, or isn't made. */
  | Failure
  /** The stream is over, however it ended. */
  | { type: "local.ended" }
  /** Older items were loaded, oldest first. */
  | { type: "local.older"; items: readonly Item[] }
  | { type: "local.dismissed"; key: number };

/** The transcript after the event; the very same one where nothing changed. */
export function reduce(state: Transcript, event: Event | LocalEvent): Transcript {
  switch (event.type) {
    case "thread.created":
    case "thread.updated":
      return { ...state, thread: bare(event.thread) };
    case "thread.item.added":
      return { ...put(state, event.item), open: new Set(state.open).add(event.item.id), progress: null };
    case "thread.item.done":
      return { ...closed(put(state, event.item), event.item.id), progress: null };
    case "thread.item.replaced":
      return closed(put(state, event.item), event.item.id);
    case "thread.item.removed":
      return removed(state, event.item_id);
    case "thread.item.updated":
      return update(state, event);
    case "stream_options":
      return { ...state, isStoppable: event.stream_options.allow_cancel };
    case "progress_update":
      return { ...state, progress: { text: event.text, ...(event.icon && { icon: event.icon }) } };
    case "notice":
      return { ...state, notices: [...state.notices, noticed(state, event)] };
    case "error":
      return { ...state, error: event, progress: null };
    case "local.sent":
      return { ...state, unsent: event.message, error: null };
    case "local.refused":
      return state.unsent ? { ...state, unsent: null, error: null } : state;
    case "local.begun":
      return { ...state, error: null, progress: null, isStoppable: true };
    case "local.cut":
      return { ...state, items: upTo(state.items, event.item_id), error: null };
    case "local.ended":
      return { ...state, items: begun(state), open: new Set(), drawn: {}, progress: null };
    case "local.older":
      return { ...state, items: older(state.items, event.items) };
    case "local.dismissed":
      return { ...state, notices: state.notices.filter(({ key }) => key !== event.key) };
    default:
      // What a later server tells and this page doesn't know.
      return state;
  }
}

function bare({ items: _, ...thread }: Thread): Thread {
  return thread;
}

/** With the item at its place, or at the end. */
function put(state: Transcript, told: Item): Transcript {
  const item = whole(told);
  const place = state.items.findIndex(({ id }) => id === item.id);
  const items = place < 0 ? [...state.items, item] : state.items.with(place, item);
  const unsent = item.type === "user_message" ? null : state.unsent;
  return { ...state, items, unsent };
}

function closed(state: Transcript, id: string): Transcript {
  if (!state.open.has(id)) return state;
  const open = new Set(state.open);
  open.delete(id);
  return { ...state, open };
}

function removed(state: Transcript, gone: string): Transcript {
  const items = state.items.filter(({ id }) => id !== gone);
  if (items.length === state.items.length) return state;
  return closed({ ...state, items }, gone);
}

function update(state: Transcript, event: Event & { type: "thread.item.updated" }): Transcript {
  const place = state.items.findIndex(({ id }) => id === event.item_id);
  const old = state.items[place];
  if (!old) return state;
  const item = updated(old, event.update);
  const drawn =
    event.update.type === "generated_image.updated" && event.update.progress !== undefined
      ? { ...state.drawn, [event.item_id]: event.update.progress }
      : state.drawn;
  if (item === old && drawn === state.drawn) return state;
  return { ...state, items: state.items.with(place, item), drawn };
}

function noticed(state: Transcript, event: Event & { type: "notice" }): Notice {
  const key = 1 + Math.max(0, ...state.notices.map((notice) => notice.key));
  const { level, message, title } = event;
  return { key, level, message, ...(title && { title }) };
}

/** Without what was announced and never came. */
function begun({ items, open }: Transcript): readonly Item[] {
  const isLeft = items.some((item) => open.has(item.id) && isEmpty(item));
  return isLeft ? items.filter((item) => !open.has(item.id) || !isEmpty(item)) : items;
}

function isEmpty(item: Item): boolean {
  if (item.type === "assistant_message") return item.content.every(({ text }) => text.trim() === "");
  if (item.type === "workflow") return item.workflow.tasks.length === 0;
  return item.type === "generated_image" && !item.image;
}

function upTo(items: readonly Item[], last: string): readonly Item[] {
  const place = items.findIndex(({ id }) => id === last);
  return place < 0 ? items : items.slice(0, place + 1);
}

function older(items: readonly Item[], found: readonly Item[]): readonly Item[] {
  const known = new Set(items.map(({ id }) => id));
  return [...found.filter(({ id }) => !known.has(id)), ...items];
}
