/** An application's own page, and a plain ChatKit server that does what a test says. The front end comes from the product. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { Event } from "../../src/protocol/events";
import type { AssistantMessage, Item } from "../../src/protocol/items";
import type { UserInput } from "../../src/protocol/requests";
import type { Thread } from "../../src/protocol/thread";

export type Params = Record<string, unknown> & { input?: UserInput };
/** A value, or events one by one. */
export type Answer = object | AsyncIterable<Event>;
type Headers = Record<string, string>;
export type Handler = (params: Params, stand: Stand) => Answer | Promise<Answer>;

/** An answer that says no. Thrown in the middle of one, it cuts the connection. */
export class Refusal {
  constructor(
    readonly status: number,
    readonly body: object = {},
  ) {}
}

/** `head` is what comes before the element. */
const page = (head: string, body: string) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>An application</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">${head}<main>${body}</main></html>`;
const STYLE = "body { margin: 0; } h1 { margin: 0; font-size: 1rem; } #chat { display: block; height: calc(100vh - 2rem); }";
const CLASSIC = '<script src="/chatkit.js" async></script>';
const ELEMENT = '<h1>An application</h1><openai-chatkit id="chat"></openai-chatkit>';

export class Stand {
  /** Every request, by type. */
  readonly asked: { type: string; params: Params }[] = [];
  /** Their headers, in the same order. */
  readonly headers: IncomingHttpHeaders[] = [];
  readonly thread: Thread = { id: "thr_1", title: "A thread", created_at: "2026-01-02T03:04:05Z", status: { type: "active" } };
  readonly items: Item[] = [];
  readonly #handlers = new Map<string, Handler>();
  readonly #pages = new Map<string, { headers: Headers; text: string | Buffer }>();
  readonly #takers = new Map<string, (body: string, headers: IncomingHttpHeaders) => object>();
  #policy = "";
  #ids = 0;

  private constructor(
    private readonly product: string,
    private readonly server: Server,
  ) {}

  static async open(product: string): Promise<Stand> {
    const stand: Stand = new Stand(product, createServer((request, response) => {
      stand.#serve(request, response).catch((error: unknown) => {
        if (!(error instanceof Refusal)) console.error(error);
        if (response.headersSent) response.destroy();
        else response.writeHead(500).end();
      });
    }));
    stand.#policy = (await fetch(`${product}/`)).headers.get("content-security-policy") ?? "";
    stand.put("/page.css", "text/css", STYLE);
    stand.page("/", CLASSIC);
    await new Promise<void>((resolve) => stand.server.listen(0, "127.0.0.1", resolve));
    // A test that fails before it closes it must not wait for it.
    stand.server.unref();
    return stand;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Serves a page: under the policy of the product's own, or with these headers in its place. */
  page(path: string, head: string, body = ELEMENT, headers: Headers = { "content-security-policy": this.#policy }): void {
    const type = { "content-type": "text/html; charset=utf-8" };
    this.#pages.set(path, { headers: { ...type, ...headers }, text: page(head, body) });
  }

  put(path: string, type: string, text: string | Buffer): void {
    this.#pages.set(path, { headers: { "content-type": type }, text });
  }

  /** Takes what is sent there, such as files, and answers with a value. */
  takes(path: string, taker: (body: string, headers: IncomingHttpHeaders) => object): void {
    this.#takers.set(path, taker);
  }

  /** Answers requests of this type. */
  on(type: string, handler: Handler): void {
    this.#handlers.set(type, handler);
  }

  /** Answers every message with these events, after the message itself. */
  answers(events: (params: Params) => AsyncIterable<Event> | Iterable<Event>): void {
    const respond = async function* (this: Stand, params: Params, isNew: boolean): AsyncGenerator<Event> {
      if (isNew) yield { type: "thread.created", thread: this.thread };
      if (params.input) yield { type: "thread.item.done", item: this.#keep(this.#userMessage(params.input)) };
      for await (const event of events(params)) {
        if (event.type === "thread.item.done") this.#keep(event.item);
        yield event;
      }
    };
    this.on("threads.create", (params) => respond.call(this, params, true));
    this.on("threads.add_user_message", (params) => respond.call(this, params, false));
  }

  id(kind: string): string {
    return `${kind}_${++this.#ids}`;
  }

  /** An item of the thread; what every item has is filled in. */
  item<T extends Item["type"]>(type: T, fields: Omit<Extract<Item, { type: T }>, "id" | "thread_id" | "created_at" | "type">): Item {
    const base = { id: this.id(type), thread_id: this.thread.id, created_at: "2026-01-02T03:04:05Z", type };
    return { ...base, ...fields } as unknown as Item;
  }

  said(text: string, annotations: AssistantMessage["content"][number]["annotations"] = []): Item {
    return this.item("assistant_message", { content: [{ type: "output_text", text, annotations }] });
  }

  #userMessage({ content, quoted_text, inference_options }: UserInput): Item {
    return this.item("user_message", { content, attachments: [], ...(quoted_text && { quoted_text }), inference_options });
  }

  #keep(item: Item): Item {
    this.items.push(item);
    return item;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", this.url).pathname;
    if (path === "/api") return this.#answer(request, response);
    const taker = this.#takers.get(path);
    if (taker) {
      const taken = JSON.stringify(taker((await bodyOf(request)).toString("latin1"), request.headers));
      response.writeHead(200, { "content-type": "application/json" }).end(taken);
      return;
    }
    const own = this.#pages.get(path);
    if (own) {
      response.writeHead(200, own.headers).end(own.text);
      return;
    }
    const file = await fetch(`${this.product}${path}`);
    const type = file.headers.get("content-type") ?? "";
    response.writeHead(file.status, { "content-type": type }).end(Buffer.from(await file.arrayBuffer()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { type, params } = JSON.parse((await bodyOf(request)).toString()) as { type: string; params: Params };
    this.asked.push({ type, params });
    this.headers.push(request.headers);
    const answer = await (this.#handlers.get(type) ?? USUAL[type] ?? (() => ({})))(params, this);
    if (!isStream(answer)) {
      const { status, body } = answer instanceof Refusal ? answer : { status: 200, body: answer };
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for await (const event of answer) response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end();
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function isStream(answer: Answer): answer is AsyncIterable<Event> {
  return Symbol.asyncIterator in answer;
}

const USUAL: Record<string, Handler> = {
  "threads.list": (_, { thread, items }) => ({ data: items.length > 0 ? [thread] : [], has_more: false }),
  "threads.get_by_id": (_, { thread, items }) => ({ ...thread, items: { data: items, has_more: false } }),
  "items.list": ({ order }, { items }) => ({ data: order === "desc" ? items.toReversed() : items, has_more: false }),
};
