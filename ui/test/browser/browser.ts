/** A browser for a file of tests, and its pages: each in a profile of its own, and watched. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterEach } from "node:test";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/** Where everything that a test needs is, and all that a page may ask. */
const HERE = "127.0.0.1";
const CUT_OFF = `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${HERE}`;
const FLAGS = ["--no-sandbox", "--disable-quic", "--disable-dev-shm-usage", CUT_OFF];
/** Milliseconds that anything may take that has to happen, on a machine that is busy with other things. */
export const PATIENCE = 30_000;

export async function openBrowser(...flags: string[]): Promise<Browser> {
  const executablePath = process.env["FRONTDESK_TEST_BROWSER"] ?? program(NAMES);
  if (!executablePath) throw new Error("there is no Chromium; cargo xtask test brings it");
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

/** The first of these that is on the search path. */
export function program(names: readonly string[]): string | undefined {
  const folders = process.env["PATH"]?.split(path.delimiter) ?? [];
  const places = names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  return places.find((place) => existsSync(place));
}

/** What pages have asked of other hosts in the test that runs. */
const elsewhere: string[] = [];

/** What was asked of other hosts until now; it is forgiven by that. */
export function askedElsewhere(): string[] {
  return elsewhere.splice(0);
}

// Of every test that opens a page.
afterEach(() => assert.deepEqual(askedElsewhere(), [], "requests to other hosts"));

/** A page, with what it asked for and what it wrote to its console. */
export interface Watched {
  page: Page;
  requested: string[];
  /** Errors and warnings, of scripts and of the policy. */
  complaints: string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ locale: "en-US", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(PATIENCE);
  const note = (asked: { url(): string }) => {
    if (isElsewhere(asked.url())) elsewhere.push(asked.url());
  };
  context.on("request", note);
  context.on("page", (page) => page.on("websocket", note));
  return watch(await context.newPage());
}

/** Data and the like come from nowhere. */
function isElsewhere(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return /^(?:https?|wss?):$/.test(protocol) && hostname !== HERE;
}

export function watch(page: Page): Watched {
  const watched: Watched = { page, requested: [], complaints: [] };
  page.on("request", (request) => watched.requested.push(request.url()));
  page.on("pageerror", (error) => watched.complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watched.complaints.push(message.text());
  });
  return watched;
}

/** Nothing went to another host, and nothing was complained about. */
export function mustBeQuiet({ requested, complaints }: Watched, ...origins: string[]): void {
  const elsewhere = requested.filter((url) => /^(?:https?|wss?):/.test(url) && !origins.includes(new URL(url).origin));
  assert.deepEqual(elsewhere, [], "requests to other hosts");
  assert.deepEqual(complaints, [], "errors in the console");
}

/** Tries again until it doesn't fail any more. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
