/** The user's other threads: beside the conversation where there is room, else over it. */

import { useId, useLayoutEffect, useRef } from "preact/hooks";

import { useDesk, type Found } from "../../desk";
import { Icon } from "../../icons/icon";
import { byDay } from "../../locale/days";
import { fill } from "../../locale/fill";
import { formatLocale } from "../../locale/language";
import { HistoryRow } from "./row";

export interface HistoryProps {
  /** Whether it lies over the conversation. */
  isOver: boolean;
}

export function History({ isOver }: HistoryProps) {
  const { past, words: spoken } = useDesk();
  const words = spoken.value;
  const panel = useRef<HTMLDivElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    // A phone's keyboard would cover the list, so there the field waits to be asked for.
    const field = matchMedia("(pointer: fine)").matches && panel.current?.querySelector("input");
    (field || panel.current?.querySelector<HTMLElement>(".history-title"))?.focus();
  }, []);
  return (
    <>
      {isOver && <div class="history-scrim" onClick={() => past.hide()} />}
      <div
        ref={panel}
        class={isOver ? "history is-over" : "history"}
        part="history"
        role={isOver ? "dialog" : "navigation"}
        aria-modal={isOver || undefined}
        aria-labelledby={heading}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            past.hide();
          } else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
        }}
      >
        <div class="history-head">
          <h2 id={heading} class="history-title" tabIndex={-1}>
            {words.chats}
          </h2>
          <button type="button" class="icon-button" aria-label={words.close} title={words.close} onClick={() => past.hide()}>
            <Icon name="close" />
          </button>
        </div>
        {past.canSearch.value && <Search />}
        <Threads isOver={isOver} />
      </div>
    </>
  );
}

/** From the search field to the rows, and from row to row. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const { target } = event;
  if (!(target instanceof HTMLElement) || !target.matches('.history-open, input[type="search"]')) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input[type="search"], .history-open')];
  event.preventDefault();
  stops[stops.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
}

function Search() {
  const { past, words } = useDesk();
  const label = words.value.searchChats;
  return (
    <label class="history-search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        enterkeyhint="search"
        defaultValue={past.query.peek()}
        onInput={(event) => past.search(event.currentTarget.value)}
      />
    </label>
  );
}

function Threads({ isOver }: HistoryProps) {
  const { past, chat, settings, words: spoken } = useDesk();
  const list = useRef<HTMLDivElement>(null);
  const words = spoken.value;
  const found = past.threads.value;
  const query = past.query.value.trim();
  const isLoading = past.isLoading.value;
  const openThread = (threadId: string) => {
    if (isOver) past.hide();
    if (threadId !== chat.threadId.value) chat.open(threadId).catch(() => {});
  };
  /** The button that was pressed may be gone, and the focus with it. Whoever has gone on keeps it. */
  const focusRow = (place: number) => {
    if (document.activeElement !== document.body) return;
    const rows = list.current?.querySelectorAll<HTMLElement>(".history-open") ?? [];
    (rows[Math.min(place, rows.length - 1)] ?? list.current)?.focus();
  };
  const loadMore = async () => {
    await past.loadMore();
    requestAnimationFrame(() => focusRow(found.length));
  };
  return (
    <div ref={list} class="history-list" tabIndex={-1} aria-busy={isLoading}>
      {groups(found, query !== "", words, formatLocale(words, settings.value.locale)).map(({ heading, items }) => (
        <section key={heading} class="history-group">
          {heading && <h3 class="history-day">{heading}</h3>}
          <ul role="list">
            {items.map((one) => (
              <HistoryRow
                key={one.thread.id}
                found={one}
                isCurrent={one.thread.id === chat.threadId.value}
                onOpen={openThread}
                onRemoved={() => focusRow(found.indexOf(one))}
              />
            ))}
          </ul>
        </section>
      ))}
      <div class="history-state" role="status">
        {isLoading && <Icon name="loader-circle" class="spinner" />}
        {isLoading && <span class={found.length > 0 ? "unseen" : ""}>{words.loading}</span>}
        {!isLoading && query && found.length > 0 && (
          <span class="unseen">{fill(words.historyFound, { count: found.length })}</span>
        )}
        {!isLoading && !past.trouble.value && found.length === 0 && (
          <span>{query ? fill(words.historyNothing, { query }) : words.historyEmpty}</span>
        )}
      </div>
      {past.trouble.value && (
        <div class="history-state" role="alert">
          <span>{past.trouble.value}</span>
          <button type="button" class="button" onClick={() => (list.current?.focus(), void past.retry())}>
            {words.tryAgain}
          </button>
        </div>
      )}
      {past.hasMore.value && !isLoading && !past.trouble.value && (
        <button type="button" class="button history-more" onClick={() => void loadMore()}>
          {words.historyMore}
        </button>
      )}
    </div>
  );
}

/** What was searched for comes by how well it fits, so it has no days. */
function groups(found: readonly Found[], isSearch: boolean, ...[words, locale]: [Parameters<typeof byDay>[3], string]) {
  if (isSearch) return found.length > 0 ? [{ heading: "", items: [...found] }] : [];
  return byDay(found, ({ thread }) => thread.created_at, new Date(), words, locale);
}
