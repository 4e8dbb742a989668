/** The way to the server: requests out, values and streams of events in. */

import { computed, signal, type ReadonlySignal } from "@preact/signals";

import type { Event } from "../protocol/events";
import type { Calls, StreamRequest } from "../protocol/requests";
import type { Page, Thread } from "../protocol/thread";
import type { Settings } from "../settings";
import { refusal, ServerError, unreachable } from "./failure";
import { EventParser } from "./sse";

/** What runs the page: in a browser its own address and language. */
export interface Place {
  /** What relative addresses are relative to. */
  base: string;
  origin: string;
  language: string;
}

export interface Stream {
  /** The turn that can be read again, where the server has such. */
  turn: string | null;
  events: AsyncIterable<Told>;
}

export interface Told {
  /** After which event to read on; of this one, or of the last before it that had an id. */
  id: string | null;
  event: Event;
}

export interface FoundThread {
  thread: Thread;
  snippet: string;
}

export interface Answered<T> {
  value: T;
  /** The turn that runs in the thread that was asked for. */
  turn: string | null;
}

/** How long a stream that shows life regularly may be silent, in milliseconds. Frontdesk sends a comment each 15 s. */
const SILENCE = 45_000;
const SEARCH_LIMIT = 25;

type Headers = Record<string, string>;
type Asked = Omit<RequestInit, "headers"> & { headers?: Headers };

export class Server {
  /** The address that answered last, and whether that was a Frontdesk. */
  readonly #seen = signal<{ url: string; isFrontdesk: boolean } | null>(null);
  /** Whether the server is known to speak more than plain ChatKit. */
  readonly isFrontdesk: ReadonlySignal<boolean> = computed(() => {
    const seen = this.#seen.value;
    return seen !== null && seen.isFrontdesk && seen.url === this.settings.value.api.url;
  });

  /** Whether what is asked for may go on without its connection; for a server that hasn't answered yet nobody knows. */
  get mayOutlive(): boolean {
    const isKnown = this.#seen.peek()?.url === this.settings.peek().api.url;
    return isKnown ? this.isFrontdesk.peek() : this.#isHere();
  }

  constructor(
    private readonly settings: ReadonlySignal<Settings>,
    private readonly place: () => Place,
  ) {}

  async call<T extends keyof Calls>(
    type: T,
    params: Calls[T]["params"],
    signal?: AbortSignal,
  ): Promise<Calls[T]["answer"]> {
    return (await this.ask(type, params, signal)).value;
  }

  /** As `call`, with the turn that the answer names. */
  async ask<T extends keyof Calls>(
    type: T,
    params: Calls[T]["params"],
    signal?: AbortSignal,
  ): Promise<Answered<Calls[T]["answer"]>> {
    const response = await this.#post({ type, params }, {}, signal);
    return { value: (await json(response)) as Calls[T]["answer"], turn: turnOf(response) };
  }

  /** Asks for an answer. A request that is sent again with its key isn't done twice. */
  async stream(request: StreamRequest, { signal, key }: { signal: AbortSignal; key: string }): Promise<Stream> {
    await this.#discover(signal);
    const headers = { Accept: "text/event-stream", ...(this.#mayAdd() && { "Idempotency-Key": key }) };
    return streamOf(await this.#post(request, headers, signal), signal);
  }

  /** The rest of a turn, after that event, or all of it. */
  async resume(turn: string, after: string | null, signal: AbortSignal): Promise<Stream> {
    const headers: Headers = { Accept: "text/event-stream", ...(after && { "Last-Event-ID": after }) };
    const url = this.#below(`/turns/${encodeURIComponent(turn)}/events`);
    const response = await this.#fetch(url, { headers, signal });
    return { ...streamOf(response, signal), turn };
  }

  async stop(turn: string): Promise<void> {
    await this.#fetch(this.#below(`/turns/${encodeURIComponent(turn)}/stop`), { method: "POST" });
  }

  async search(query: string, after: string | null, signal?: AbortSignal): Promise<Page<FoundThread>> {
    const asked = { q: query, limit: String(SEARCH_LIMIT), ...(after && { after }) };
    const response = await this.#fetch(this.#below("/search", asked), { signal });
    return (await json(response)) as Page<FoundThread>;
  }

  /**
   * Before the first stream of a server elsewhere: whether it is a Frontdesk. A plain one may not let its pages send
   * our headers, and without them a Frontdesk takes a lost connection for a stop.
   */
  async #discover(signal: AbortSignal): Promise<void> {
    if (this.#isHere() || this.#seen.value?.url === this.settings.value.api.url) return;
    // Any answer tells; where there is none, the request itself will say so.
    await this.call("threads.list", { limit: 1 }, signal).catch(() => {});
    signal.throwIfAborted();
  }

  #post(body: unknown, headers: Headers, signal?: AbortSignal): Promise<Response> {
    return this.#fetch(this.settings.value.api.url, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  }

  async #fetch(address: string, init: Asked): Promise<Response> {
    const { api, locale } = this.settings.value;
    const headers: Headers = { "Accept-Language": locale ?? this.place().language, ...init.headers };
    if (this.#mayAdd()) headers["Frontdesk-Resume"] = "1";
    let response: Response;
    try {
      response = await (api.fetch ?? fetch)(address, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw unreachable(error);
    }
    this.#see(api.url, response);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  #see(url: string, response: Response): void {
    const isFrontdesk = response.headers.has("frontdesk");
    const seen = this.#seen.peek();
    if (seen?.url === url && seen.isFrontdesk === isFrontdesk) return;
    // A proxy before the server may refuse a request for it.
    if (!isFrontdesk && !response.ok) return;
    this.#seen.value = { url, isFrontdesk };
  }

  /** Whether the server takes headers that plain ChatKit doesn't have: no other page's rules apply, or it is ours. */
  #mayAdd(): boolean {
    return this.isFrontdesk.value || this.#isHere();
  }

  #isHere(): boolean {
    const { base, origin } = this.place();
    return new URL(this.settings.value.api.url, base).origin === origin;
  }

  #below(path: string, query: Record<string, string> = {}): string {
    const url = new URL(this.settings.value.api.url, this.place().base);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }
}

function turnOf(response: Response): string | null {
  return response.headers.get("frontdesk-turn");
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable();
    throw error instanceof TypeError ? unreachable(error) : error;
  }
}

function unreadable(): ServerError {
  return new ServerError(502, "unreadable", "the server's answer can't be read");
}

function streamOf(response: Response, signal: AbortSignal): Stream {
  const { body } = response;
  if (!body || !/^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "")) {
    void body?.cancel().catch(() => {});
    throw unreadable();
  }
  return { turn: turnOf(response), events: eventsOf(body, signal) };
}

/** The stream's events. Ends with it; throws where it broke, where it fell silent and where it can't be read. */
async function* eventsOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Told> {
  const parser = new EventParser();
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  // Not every `fetch` of an application's own passes the signal on.
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  // Only a stream with ids can be read on, and only such a one shows life all the time.
  let canComeBack = false;
  try {
    for (;;) {
      const reading: Promise<ReadableStreamReadResult<Uint8Array>> = reader.read().catch(lost);
      const next: ReadableStreamReadResult<Uint8Array> = await (canComeBack ? within(SILENCE, reading) : reading);
      if (next.done) return;
      for (const { id, data } of parser.push(next.value)) {
        canComeBack ||= id !== null;
        const event = parse(data);
        if (event) yield { id, event };
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** A connection breaks in other words in each browser. */
function lost(error: unknown): never {
  throw error instanceof Error && error.name === "AbortError" ? error : unreachable(error);
}

function parse(data: string): Event | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw unreadable();
  }
  // What isn't an event can't be for us.
  return typeof value === "object" && value !== null && "type" in value ? (value as Event) : null;
}

async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(new Error("the stream fell silent"))), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
