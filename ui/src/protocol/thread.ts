/** Threads, and pages of them and of their items. */

import type { Item } from "./items";

export interface Thread {
  id: string;
  title?: string;
  created_at: string;
  status?: ThreadStatus;
  /** Hosts that images in messages may come from. */
  allowed_image_domains?: string[];
  items?: Page<Item>;
}

export type ThreadStatus = { type: "active" } | { type: "locked"; reason?: string } | { type: "closed"; reason?: string };

export interface Page<T> {
  data: T[];
  has_more: boolean;
  after?: string;
}
