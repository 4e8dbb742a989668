/** What is shown of a thread. A value: whoever changes it makes a new one. */

import type { ErrorEvent, NoticeLevel } from "../protocol/events";
import type { Item, UserMessage } from "../protocol/items";
import type { StreamRequest } from "../protocol/requests";
import type { Thread } from "../protocol/thread";

export interface Transcript {
  /** Without its items; none until the first message of a new thread has arrived. */
  readonly thread: Thread | null;
  /** Oldest first, each id once. */
  readonly items: readonly Item[];
  /** A message that was sent and that the server hasn't told back yet. */
  readonly unsent: UserMessage | null;
  /** Items that may still change. */
  readonly open: ReadonlySet<string>;
  /** How far images are that are being made, 0 to 1, by item. */
  readonly drawn: Readonly<Record<string, number>>;
  /** What the server is doing just now. */
  readonly progress: Progress | null;
  readonly notices: readonly Notice[];
  /** Why the last answer broke off. */
  readonly error: Failure | null;
  /** Whether the running answer can be stopped. */
  readonly isStoppable: boolean;
}

export interface Failure extends ErrorEvent {
  /** The turn, where it is only this page that couldn't read it to its end. */
  turn?: string;
  /** Whether this page asked for that turn. */
  isOwn?: boolean;
  /** What to ask for once more, where that isn't the answer to a message. */
  again?: StreamRequest;
}

export interface Progress {
  text: string;
  icon?: string;
}

export interface Notice {
  /** Counts up; not an id of the server's. */
  key: number;
  level: NoticeLevel;
  message: string;
  title?: string;
}

/** The code of an error of this page alone: it can't read the answer. */
export const LOST = "client.lost";

/** A new thread's. */
export const EMPTY: Transcript = {
  thread: null,
  items: [],
  unsent: null,
  open: new Set(),
  drawn: {},
  progress: null,
  notices: [],
  error: null,
  isStoppable: true,
};

/** A thread as it was loaded, its items oldest first. */
export function loaded(thread: Thread, items: readonly Item[]): Transcript {
  const { items: _, ...bare } = thread;
  return { ...EMPTY, thread: bare, items };
}
