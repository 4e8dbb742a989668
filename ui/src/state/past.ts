/** The user's threads: the newest first, or those that were searched for. */

import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";

import { ServerError, troubleOf } from "../client/failure";
import type { Server } from "../client/server";
import type { Found, Past, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { Thread } from "../protocol/thread";
import type { Settings } from "../settings";
import type { OpenChat } from "./chat";

export interface PastParts {
  server: Server;
  settings: ReadonlySignal<Settings>;
  words: ReadonlySignal<Words>;
  tell: Tell;
  chat: Pick<OpenChat, "transcript" | "threadId" | "open" | "apply">;
}

const PAGE = 25;
/** Milliseconds without a keystroke until the server is asked. */
const TYPING = 200;

export function createPast({ server, settings, words, tell, chat }: PastParts): Past {
  const isOpen = signal(false);
  const found = signal<readonly Found[]>([]);
  const hasMore = signal(false);
  const isLoading = signal(false);
  const trouble = signal<string | null>(null);
  const query = signal("");
  /** Titles that the server hasn't confirmed yet. */
  const titles = signal<Readonly<Record<string, string>>>({});
  /** Threads that are being deleted. */
  const gone = signal<ReadonlySet<string>>(new Set());
  const openThread = computed(() => chat.transcript.value.thread);
  let after: string | null = null;
  /** What the list was searched for. */
  let sought = "";
  let asking = new AbortController();
  let typing: ReturnType<typeof setTimeout> | undefined;
  /** What has failed. */
  let retry = () => load(true);

  /** With what is known here and not in the list: a new thread, a new title, one that has gone. */
  const threads = computed(() => {
    const open = openThread.value;
    const listed = found.value;
    const isNew = open && query.value === "" && !listed.some(({ thread }) => thread.id === open.id);
    const all: readonly Found[] = isNew && isListed(open) ? [{ thread: open }, ...listed] : listed;
    return all
      .filter(({ thread }) => !gone.value.has(thread.id))
      .map((entry) => titled(entry.thread.id === open?.id ? { ...entry, thread: open } : entry, titles.value));
  });

  /** A thread from further back is on a page that isn't loaded yet. */
  function isListed(open: Thread): boolean {
    const oldest = found.value.at(-1);
    return !hasMore.value || !oldest || open.created_at >= oldest.thread.created_at;
  }

  async function load(isFirst: boolean): Promise<void> {
    asking.abort();
    const { signal: stop } = (asking = new AbortController());
    const text = query.value;
    isLoading.value = true;
    trouble.value = null;
    try {
      const page = await ask(text, isFirst ? null : after, stop);
      if (stop.aborted) return;
      found.value = isFirst ? page.entries : merged(found.value, page.entries);
      [after, sought] = [page.after, text];
      hasMore.value = page.after !== null;
    } catch (error) {
      if (stop.aborted) return;
      // A query without a word in it finds nothing.
      if (query.value !== "" && error instanceof ServerError && error.status === 400) found.value = [];
      else complain(error, () => load(isFirst));
    } finally {
      if (!stop.aborted) isLoading.value = false;
    }
  }

  async function ask(text: string, from: string | null, stop: AbortSignal) {
    if (text !== "") {
      const page = await server.search(text, from, stop);
      const entries = page.data.map(({ thread, snippet }): Found => ({ thread, excerpt: snippet }));
      return { entries, after: nextOf(page.has_more, page.after, entries) };
    }
    const page = await server.call("threads.list", { limit: PAGE, order: "desc", ...(from && { after: from }) }, stop);
    const entries = page.data.map((thread): Found => ({ thread }));
    return { entries, after: nextOf(page.has_more, page.after, entries) };
  }

  function complain(cause: unknown, again: () => Promise<void>): void {
    retry = again;
    trouble.value = troubleOf(cause, words.value);
    tell("chatkit.error", { error: cause instanceof Error ? cause : new Error(String(cause)) });
  }

  async function show(): Promise<void> {
    if (!isOpen.value) {
      isOpen.value = true;
      tell("chatkit.history.open");
    }
    await load(true);
  }

  function hide(): void {
    if (!isOpen.value) return;
    clearTimeout(typing);
    asking.abort();
    batch(() => {
      isOpen.value = isLoading.value = false;
      query.value = "";
      // What was searched for isn't the list that is opened next.
      if (sought !== "") empty();
    });
    tell("chatkit.history.close");
  }

  function search(text: string): void {
    const wanted = text.trim();
    if (wanted === query.value) return;
    // What was asked for before is no answer to this.
    asking.abort();
    query.value = wanted;
    isLoading.value = true;
    clearTimeout(typing);
    typing = setTimeout(() => void load(true), wanted === "" ? 0 : TYPING);
  }

  async function loadMore(): Promise<void> {
    if (hasMore.value && !isLoading.value) await load(false);
  }

  async function rename(threadId: string, title: string): Promise<void> {
    trouble.value = null;
    titles.value = { ...titles.value, [threadId]: title };
    try {
      const thread = await server.call("threads.update", { thread_id: threadId, title });
      const { items: _, ...bare } = thread;
      found.value = found.value.map((entry) => (entry.thread.id === threadId ? { ...entry, thread: bare } : entry));
      if (chat.threadId.value === threadId) chat.apply({ type: "thread.updated", thread });
    } catch (error) {
      complain(error, () => rename(threadId, title));
    } finally {
      const { [threadId]: _, ...others } = titles.value;
      titles.value = others;
    }
  }

  async function remove(threadId: string): Promise<void> {
    trouble.value = null;
    gone.value = new Set(gone.value).add(threadId);
    try {
      await server.call("threads.delete", { thread_id: threadId });
      found.value = found.value.filter(({ thread }) => thread.id !== threadId);
      if (chat.threadId.value === threadId) await chat.open(null);
    } catch (error) {
      complain(error, () => remove(threadId));
    } finally {
      const still = new Set(gone.value);
      still.delete(threadId);
      gone.value = still;
    }
  }

  const address = computed(() => settings.value.api.url);
  let asked = address.peek();
  effect(() => {
    const now = address.value;
    if (now === asked) return;
    asked = now;
    untracked(forget);
  });

  function empty(): void {
    after = null;
    sought = "";
    found.value = [];
    hasMore.value = false;
  }

  /** Another server's threads may be another user's. */
  function forget(): void {
    asking.abort();
    clearTimeout(typing);
    batch(() => {
      empty();
      isLoading.value = false;
      trouble.value = null;
      titles.value = {};
      gone.value = new Set();
    });
    if (isOpen.value) void load(true);
  }

  return {
    isOpen, threads, hasMore, isLoading, trouble, query,
    canSearch: server.isFrontdesk,
    show, hide, search, loadMore, rename, remove,
    retry: () => retry(),
  };
}

function nextOf(hasMore: boolean, after: string | undefined, entries: Found[]): string | null {
  return hasMore ? (after ?? entries.at(-1)?.thread.id ?? null) : null;
}

function merged(before: readonly Found[], more: readonly Found[]): readonly Found[] {
  const known = new Set(before.map(({ thread }) => thread.id));
  return [...before, ...more.filter(({ thread }) => !known.has(thread.id))];
}

function titled(entry: Found, titles: Readonly<Record<string, string>>): Found {
  const title = titles[entry.thread.id];
  return title === undefined ? entry : { ...entry, thread: { ...entry.thread, title } };
}
