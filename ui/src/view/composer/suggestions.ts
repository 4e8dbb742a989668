/** What is offered at the caret, and the keys that choose from it. */

import { signal } from "@preact/signals";

import { askedOn, type Asked } from "./asking";

export interface Suggestion {
  /** Unique among those that are offered together. */
  key: string;
  label: string;
  description?: string;
  icon?: string;
  group?: string;
  /** Does it, in place of what was asked. More to choose from, where there is. */
  choose(asked: Asked): Promise<readonly Suggestion[] | void> | void;
}

export interface Offer {
  asked: Asked;
  /** Those of a group stand together. */
  suggestions: readonly Suggestion[];
  active: number;
  isLoading: boolean;
}

/** Milliseconds without a keystroke until it is looked for. */
const TYPING = 120;

export class Suggestions {
  readonly offer = signal<Offer | null>(null);
  /** A menu that a command has opened: all of it, and where it was opened. */
  #menu: { asked: Asked; all: readonly Suggestion[] } | null = null;
  /** What nobody wants to be asked about again. */
  #dismissed: Asked | null = null;
  /** What was asked last. */
  #asked: Asked | null = null;
  /** What nothing was found for; empty where that says nothing of what follows it. */
  #barren: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts searches: what an older one finds is of no use. */
  #search = 0;
  /** Enter or Tab, pressed before anything was found. */
  #eager: string | null = null;

  constructor(
    private readonly find: (asked: Asked) => Promise<readonly Suggestion[]>,
    private readonly onError: (error: unknown) => void,
    /** Enter was pressed for what nothing is found for. */
    private readonly onEnter: () => void,
  ) {}

  /** The text or the caret has changed. */
  look(asked: Asked | null, text: string, caret: number): void {
    if (this.#menu) return this.#lookInMenu(this.#menu, text, caret);
    const before = this.#asked;
    const isTyping = asked !== null && isSame(asked, before);
    if (!isTyping || !asked.query.startsWith(this.#barren ?? "")) this.#barren = null;
    if (!asked) {
      this.#dismissed = this.#asked = null;
      return this.#shut();
    }
    if (isSame(asked, this.#dismissed) || (isTyping && asked.query === before?.query)) return;
    this.#dismissed = null;
    this.#asked = asked;
    // Nothing has such a name, and now another word begins.
    if (this.#barren && /\s/.test(asked.query.slice(this.#barren.length))) return this.#shut();
    this.#ask(asked, isTyping);
  }

  /** Whether the key was meant for it. */
  press(key: string): boolean {
    const offer = this.offer.value;
    if (!offer) return false;
    const { suggestions, active, isLoading } = offer;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (key === "Escape") {
      this.dismiss();
    } else if (key === "Enter" || key === "Tab") {
      if (isLoading) this.#eager = key;
      else void this.choose(active);
    } else if (step !== undefined && suggestions.length > 0) {
      this.offer.value = { ...offer, active: (active + step + suggestions.length) % suggestions.length };
    } else {
      return false;
    }
    return true;
  }

  point(active: number): void {
    const offer = this.offer.value;
    if (offer && offer.active !== active) this.offer.value = { ...offer, active };
  }

  async choose(place: number): Promise<void> {
    const offer = this.offer.value;
    const chosen = offer?.suggestions[place];
    if (!offer || !chosen) return;
    this.#shut();
    // While it is being done the field has the text as it was.
    this.#dismissed = offer.asked;
    try {
      const more = await chosen.choose(offer.asked);
      if (more && more.length > 0) this.#open(more, offer.asked.start);
    } catch (error) {
      this.onError(error);
    }
  }

  /** Until something else is asked. */
  dismiss(): void {
    this.#dismissed = this.offer.value?.asked ?? null;
    this.#shut();
  }

  #open(all: readonly Suggestion[], start: number): void {
    const asked: Asked = { sign: null, start, end: start, query: "" };
    this.#menu = { asked, all };
    this.#show(asked, all);
  }

  #lookInMenu({ asked, all }: { asked: Asked; all: readonly Suggestion[] }, text: string, caret: number): void {
    const now = askedOn(asked, text, caret);
    const found = now ? matching(all, now.query) : [];
    if (now && found.length > 0) this.#show(now, found);
    else this.#shut();
  }

  #ask(asked: Asked, isTyping: boolean): void {
    clearTimeout(this.#timer);
    const search = ++this.#search;
    this.#eager = null;
    const { suggestions = [], active = 0 } = (isTyping ? this.offer.value : null) ?? {};
    // Where nothing was found the keys stay the field's until something is.
    if (this.#barren === null) this.offer.value = { asked, suggestions, active, isLoading: true };
    this.#timer = setTimeout(() => void this.#run(asked, search), isTyping ? TYPING : 0);
  }

  async #run(asked: Asked, search: number): Promise<void> {
    let found: readonly Suggestion[] = [];
    let hasFailed = false;
    try {
      found = await this.find(asked);
    } catch (error) {
      hasFailed = true;
      this.onError(error);
    }
    if (search !== this.#search) return;
    const eager = this.#eager;
    if (found.length === 0) {
      this.#barren = hasFailed ? "" : asked.query;
      this.#shut();
      if (eager === "Enter" && !hasFailed) this.onEnter();
      return;
    }
    this.#barren = null;
    this.#show(asked, found);
    if (eager) void this.choose(this.offer.value?.active ?? 0);
  }

  #show(asked: Asked, found: readonly Suggestion[]): void {
    const before = this.offer.value;
    const suggestions = byGroup(found);
    const key = before?.suggestions[before.active]?.key;
    // Whoever has moved to one stays there.
    const active = before && before.active > 0 ? Math.max(0, suggestions.findIndex((one) => one.key === key)) : 0;
    this.#eager = null;
    this.offer.value = { asked, suggestions, active, isLoading: false };
  }

  #shut(): void {
    clearTimeout(this.#timer);
    this.#search++;
    this.#menu = null;
    this.#eager = null;
    if (this.offer.value) this.offer.value = null;
  }
}

/** Those whose name has all words of the query. */
export function matching<T extends { label: string; description?: string }>(all: readonly T[], query: string): T[] {
  const wanted = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ label, description = "" }) => {
    const text = `${label} ${description}`.toLocaleLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** In their order, but each beside the first of its group. */
export function byGroup(all: readonly Suggestion[]): Suggestion[] {
  const groups = new Map<string, Suggestion[]>();
  for (const one of all) {
    const group = groups.get(one.group ?? "");
    if (group) group.push(one);
    else groups.set(one.group ?? "", [one]);
  }
  return [...groups.values()].flat();
}

function isSame(one: Asked, other: Asked | null): boolean {
  return one.sign === other?.sign && one.start === other.start;
}
