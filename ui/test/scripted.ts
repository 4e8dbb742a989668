/** A server and a browser for tests: both do what a script says. */
import { signal } from "@preact/signals";

import { Server } from "../src/client/server";
import { en } from "../src/locale/en";
import type { Event } from "../src/protocol/events";
import { settingsOf, type Settings } from "../src/settings";
import { createAnnouncer } from "../src/state/announcer";
import { OpenChat } from "../src/state/chat";
import type { World } from "../src/state/world";

export interface Asked {
  /** The request's type, or its method and path below the server's address. */
  name: string;
  params: Record<string, unknown>;
  headers: Headers;
  url: URL;
  signal: AbortSignal | null;
}

type Handler = (asked: Asked) => Response | Promise<Response>;

const BASE = "https://page.example/app/";

/** A page with one chat. */
export class ScriptedPage {
  readonly asked: Asked[] = [];
  readonly told: { name: string; detail: unknown }[] = [];
  /** How long the page paused, in milliseconds. */
  readonly pauses: number[] = [];
  readonly frames: (() => void)[] = [];
  readonly memory = new Map<string, string>();
  /** Names of what another tab does just now. */
  readonly elsewhere = new Set<string>();
  /** What this page does alone just now. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** Pauses that end only when the test lets them; none are held without it. */
  held: (() => void)[] | null = null;
  isByFrame = false;
  time = Date.parse("2026-01-02T03:04:05Z");
  readonly settings;
  readonly words = signal(en);
  readonly server;
  readonly voice;
  readonly #handlers = new Map<string, Handler[]>();
  #keys = 0;

  constructor(options: Partial<Settings> = {}, url = "/chatkit") {
    const api = { url, domainKey: "", fetch: (input: unknown, init?: RequestInit) => this.#fetch(String(input), init) };
    this.settings = signal<Settings>({ ...settingsOf({ api: api as Settings["api"] }), ...options });
    const place = { base: BASE, origin: "https://page.example", language: "de-AT" };
    this.server = new Server(this.settings, () => place);
    this.voice = createAnnouncer(this.words);
  }

  readonly world: World = {
    frame: (run) => (this.isByFrame ? void this.frames.push(run) : run()),
    pause: async (milliseconds) => {
      if (this.pauses.push(milliseconds) > 100) throw new Error("it is tried for ever");
      await new Promise<void>((resolve) => (this.held ? this.held.push(resolve) : setImmediate(resolve)));
    },
    chance: () => 1,
    uuid: () => `key-${++this.#keys}`,
    now: () => this.time,
    recall: (key) => this.memory.get(key) ?? null,
    remember: (key, value) => void this.memory.set(key, value),
    alone: async (name, run) => {
      if (this.elsewhere.has(name)) return null;
      const other = this.#busy.get(name);
      if (other) return other.then(() => null, () => null);
      const running = run().finally(() => this.#busy.delete(name));
      this.#busy.set(name, running);
      return running;
    },
  };

  /** Hears what is told, as an application does. */
  hear: (name: string) => void = () => {};

  readonly tell = (name: string, detail?: unknown) => {
    this.told.push({ name, detail });
    this.hear(name);
  };

  open(): OpenChat {
    const { server, settings, words, tell, voice, world } = this;
    return new OpenChat({ server, settings, words, tell, voice, world });
  }

  /** Answers to the requests of this name, one after the other; the last one for all that follow. */
  on(name: string, ...handlers: Handler[]): this {
    this.#handlers.set(name, handlers);
    return this;
  }

  names(): string[] {
    return this.asked.map(({ name }) => name);
  }

  toldNames(): string[] {
    return this.told.map(({ name }) => name.replace("chatkit.", ""));
  }

  async #fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, BASE);
    const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
    const path = url.pathname.replace(/^.*\/chatkit/, "");
    const name: string = body?.type ?? `${init.method ?? "GET"} ${path}`;
    const asked = { name, url, params: body?.params ?? {}, headers: new Headers(init.headers), signal: init.signal ?? null };
    this.asked.push(asked);
    const handlers = this.#handlers.get(name);
    const handler = handlers && handlers.length > 1 ? handlers.shift() : handlers?.[0];
    if (!handler) throw new Error(`nothing is scripted for ${name}`);
    init.signal?.throwIfAborted();
    return handler(asked);
  }
}

export const OURS = { Frontdesk: "1" };

export function json(value: unknown, headers: Record<string, string> = OURS, status = 200): Response {
  return Response.json(value, { status, headers });
}

export function refused(status: number, code: string, message: string): Response {
  return json({ error: { code, message, request_id: "req_1" } }, OURS, status);
}

/** A stream that is open until it is ended or broken. */
export class ScriptedStream {
  #to!: ReadableStreamDefaultController<Uint8Array>;
  isCancelled = false;
  readonly #body = new ReadableStream<Uint8Array>({
    start: (to) => void (this.#to = to),
    cancel: () => void (this.isCancelled = true),
  });

  constructor(
    private readonly headers: Record<string, string> = {},
    private place = 0,
  ) {}

  /** As a Frontdesk's. */
  static ofTurn(turn: string, place = 0): ScriptedStream {
    return new ScriptedStream({ ...OURS, "Frontdesk-Turn": turn }, place);
  }

  readonly answer = (asked?: Asked): Response => {
    asked?.signal?.addEventListener("abort", () => this.break());
    return new Response(this.#body, { headers: { "Content-Type": "text/event-stream", ...this.headers } });
  };

  send(...events: Event[]): this {
    const isOurs = "Frontdesk-Turn" in this.headers;
    const text = events.map((event) => `${isOurs ? `id: 1-${++this.place}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
    this.#to.enqueue(new TextEncoder().encode(text.join("")));
    return this;
  }

  end(): this {
    this.#to.close();
    return this;
  }

  break(): this {
    try {
      this.#to.error(new TypeError("network error"));
    } catch {
      // It was over.
    }
    return this;
  }
}

/** Waits until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < 200; turns++) {
    if (holds()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`it never came: ${holds}`);
}

/** Lets everything that is under way go on. */
export async function rest(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}
