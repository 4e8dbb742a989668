/** Opening an application's page on a stand, calling its chat, and hearing what it tells. */
import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";

import { eventually, openBrowser, openPage, type Watched } from "./browser";
import { Chat } from "./chat";
import { Program } from "./program";
import { Stand } from "./stand";

declare global {
  interface Window {
    /** What the element, and the page's own functions, have told. */
    told: [string, unknown][];
    /** For the page's own functions. */
    tell(name: string, detail?: unknown): void;
  }
}

export interface Embedded extends Watched {
  chat: Chat;
}

/** Options with functions. It runs in the page, and sees nothing of the test. */
type More = () => Partial<ChatKitOptions>;

/** Opens the page, on a device, and sets these options, as the application would. */
export async function embed(
  browser: Browser, stand: Stand, options: Partial<ChatKitOptions> = {}, path = "/", more?: More, device?: BrowserContextOptions,
): Promise<Embedded> {
  const watched = await openPage(browser, device);
  await watched.page.goto(`${stand.url}${path}`);
  await listen(watched.page);
  await setOptions(watched.page, options, more);
  const chat = new Chat(watched.page);
  await chat.root.locator('[part~="app"]').waitFor();
  return { ...watched, chat };
}

export async function setOptions(page: Page, options: Partial<ChatKitOptions>, more: More = () => ({})): Promise<void> {
  await eventually(async () => {
    const isThere = await page.evaluate(() => customElements.get("openai-chatkit") !== undefined);
    assert.ok(isThere, "the script has defined nothing");
  });
  const made = await page.evaluateHandle(more);
  await page.evaluate(
    ([given, functions]) => {
      const earlier = (window as unknown as { more?: object }).more ?? {};
      const chat = document.querySelector<OpenAIChatKit>("#chat");
      chat?.setOptions({ api: { url: "/api", domainKey: "local" }, ...given, ...earlier, ...functions });
    },
    [options, made] as const,
  );
}

type Method = Exclude<keyof OpenAIChatKit, keyof HTMLElement | "setOptions">;

/** Calls a method of the element, and waits until it is done. What it was rejected with, if it was. */
export async function call<M extends Method>(page: Page, method: M, ...given: Parameters<OpenAIChatKit[M]>): Promise<string | null> {
  return page.evaluate(
    async ([name, words]) => {
      const chat = document.querySelector("#chat") as unknown as Record<string, (...words: unknown[]) => Promise<void>>;
      return chat[name]?.(...words).then(() => null, String) ?? "no such method";
    },
    [method, given as unknown[]] as const,
  );
}

const EVENTS = {
  "chatkit.ready": true,
  "chatkit.error": true,
  "chatkit.effect": true,
  "chatkit.deeplink": true,
  "chatkit.response.start": true,
  "chatkit.response.end": true,
  "chatkit.history.open": true,
  "chatkit.history.close": true,
  "chatkit.thread.change": true,
  "chatkit.thread.load.start": true,
  "chatkit.thread.load.end": true,
  "chatkit.tool.change": true,
  "chatkit.log": true,
} satisfies Record<keyof ChatKitEvents, true>;

/** Notes the events of the element in `window.told`. */
async function listen(page: Page): Promise<void> {
  await page.evaluate((names) => {
    window.told = [];
    window.tell = (name, detail = null) => void window.told.push([name, detail]);
    for (const name of names) {
      document.querySelector("#chat")?.addEventListener(name, (event) => {
        const { detail } = event as CustomEvent<unknown>;
        const isError = detail instanceof Object && "error" in detail && detail.error instanceof Error;
        window.tell(name.replace("chatkit.", ""), isError ? String(detail.error) : detail);
      });
    }
  }, Object.keys(EVENTS));
}

/** What the element, and the page's own functions, have told so far. */
export async function told(page: Page): Promise<[string, unknown][]> {
  return page.evaluate(() => window.told);
}

/** What a file of tests works with: a browser and the product for all of them, for each one a stand of its own. */
export interface Scene {
  readonly browser: Browser;
  readonly product: Program;
  readonly stand: Stand;
  embed(options?: Partial<ChatKitOptions>, more?: More, device?: BrowserContextOptions): Promise<Embedded>;
}

/** `flags` are for the browser. */
export function useScene(...flags: string[]): Scene {
  let browser: Browser;
  let product: Program;
  let stand: Stand;
  before(async () => {
    [browser, product] = await Promise.all([openBrowser(...flags), Program.frontdesk()]);
  });
  after(async () => {
    await browser?.close();
    await product?.end();
  });
  beforeEach(async () => {
    stand = await Stand.open(product.url);
  });
  afterEach(async () => {
    stand.close();
    // Whatever a test has left open.
    await Promise.all(browser.contexts().map((context) => context.close()));
  });
  return {
    get browser() {
      return browser;
    },
    get product() {
      return product;
    },
    get stand() {
      return stand;
    },
    embed: (options, more, device) => embed(browser, stand, options, "/", more, device),
  };
}
