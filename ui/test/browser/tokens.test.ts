/** Tokens that an application's page adds to what the chat asks: they run out, and are renewed. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { eventually, openBrowser } from "./browser";
import { embed, type Embedded } from "./embedding";
import { Program } from "./program";
import { Stand } from "./stand";
import { Wire } from "./wire";

declare global {
  interface Window {
    /** What the page signs in with. */
    token: string;
    /** How the server answered, in its order. */
    answered: number[];
  }
}

const SECRET = "a secret of the application, long enough";
const ISSUER = "the application";

let browser: Browser;
let front: Program;
let application: Stand;
let desk: Program;
before(async () => {
  [browser, front] = await Promise.all([openBrowser(), Program.frontdesk()]);
  application = await Stand.open(front.url);
  // The policy of our own page lets nobody call another origin.
  application.page("/", '<script src="/chatkit.js" async></script>', undefined, {});
  desk = await Program.frontdesk({
    FRONTDESK__AUTH__MODE: "jwt",
    FRONTDESK__AUTH__ISSUER: ISSUER,
    FRONTDESK__AUTH__AUDIENCE: "frontdesk",
    FRONTDESK__AUTH__SECRET: SECRET,
    FRONTDESK__CORS__ALLOWED_ORIGINS: application.url,
  });
});
after(async () => {
  application?.close();
  await browser?.close();
  await Promise.all([front?.end(), desk?.end()]);
});

const HOUR = 3600;

/** A token of the application's, good from now on for so many seconds. */
function tokenOf(user: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: user, iss: ISSUER, aud: "frontdesk", iat: now - 2 * HOUR, exp: now + seconds };
  const [head, body] = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const signature = createHmac("sha256", SECRET).update(`${head}.${body}`).digest("base64url");
  return `${head}.${body}.${signature}`;
}

/** An application that signs in with the token that it has, and renews it where it `renews`. */
async function open(token: string, { renews, at = desk.url }: { renews: boolean; at?: string }): Promise<Embedded> {
  const api = { url: `${at}/chatkit`, domainKey: "local" };
  const { page, ...embedded } = await embed(browser, application, { api });
  await page.evaluate(([has, url, mayRenew]) => {
    Object.assign(window, { token: has, answered: [] });
    const signed: typeof fetch = async (input, init) => {
      const ask = async () => {
        const headers = { ...(init?.headers as Record<string, string>), Authorization: `Bearer ${window.token}` };
        const answer = await fetch(input, { ...init, headers });
        window.answered.push(answer.status);
        return answer;
      };
      const first = await ask();
      if (first.status !== 401 || !mayRenew) return first;
      window.token = await (await fetch("/token")).text();
      return ask();
    };
    const chat = document.querySelector<HTMLElement & { setOptions(options: unknown): void }>("#chat");
    chat?.setOptions({ api: { url, domainKey: "local", fetch: signed } });
  }, [token, api.url, renews] as const);
  return { page, ...embedded };
}

const answered = ({ page }: Embedded) => page.evaluate(() => window.answered.splice(0));

test("a token that has run out is renewed by the application, and nobody notices", async () => {
  application.put("/token", "text/plain", tokenOf("ann", HOUR));
  const embedded = await open(tokenOf("ann", -HOUR), { renews: true });
  const { chat } = embedded;
  assert.equal(await chat.ask("say hello"), "You said hello.");
  // It asks first whether it is a Frontdesk, and renews the token for that.
  assert.deepEqual(await answered(embedded), [401, 200, 200]);
  await embedded.page.evaluate((token) => void (window.token = token), tokenOf("ann", -HOUR));
  assert.equal(await chat.ask("say goodbye"), "You said goodbye.");
  assert.deepEqual(await answered(embedded), [401, 200]);
  assert.deepEqual(await chat.questions.allInnerTexts(), ["You said:\nsay hello", "You said:\nsay goodbye"]);
});

test("where nobody renews it the user hears of it, and sends the message again after", async () => {
  const { chat, page } = await open(tokenOf("bob", -HOUR), { renews: false });
  await chat.write("say hello");
  await chat.root.getByText("Please sign in again.").first().waitFor();
  assert.equal(await chat.field.inputValue(), "say hello");
  assert.equal(await chat.questions.count(), 0);
  await page.evaluate((token) => void (window.token = token), tokenOf("bob", HOUR));
  await chat.field.press("Enter");
  await chat.says("You said hello.");
  await chat.idle();
});

test("a token that runs out while the connection is lost costs nothing of the answer", async (t) => {
  const wire = await Wire.to(desk.url);
  t.after(() => wire.close());
  application.put("/token", "text/plain", tokenOf("cleo", HOUR));
  const embedded = await open(tokenOf("cleo", HOUR), { renews: true, at: wire.url });
  const { chat, page } = embedded;
  await chat.write("count");
  await chat.says(/^1 2 3/);
  await answered(embedded);
  wire.cut();
  await chat.root.getByText("The connection was lost. Trying again …").first().waitFor();
  await page.evaluate((token) => void (window.token = token), tokenOf("cleo", -HOUR));
  wire.mend();
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
  assert.deepEqual(await answered(embedded), [401, 200]);
});

test("an answer that can't be read on is read on when the user has signed in again", async (t) => {
  const wire = await Wire.to(desk.url);
  t.after(() => wire.close());
  const { chat, page } = await open(tokenOf("dan", HOUR), { renews: false, at: wire.url });
  await chat.write("count");
  await chat.says(/^1 2 3/);
  wire.cut();
  await chat.root.getByText("The connection was lost. Trying again …").first().waitFor();
  await page.evaluate((token) => void (window.token = token), tokenOf("dan", -HOUR));
  wire.mend();
  await chat.root.getByRole("alert").getByText("Please sign in again.").waitFor();
  await page.evaluate((token) => void (window.token = token), tokenOf("dan", HOUR));
  await chat.button("Try again").click();
  await chat.says("400 and that is all.");
  await chat.idle();
  assert.match(await chat.lastAnswer(), /^1 2 3 .* 399 400 and that is all\.$/s);
  await eventually(async () => assert.equal(await chat.questions.count(), 1));
});

test("users see their own threads, whatever page they are on", async () => {
  const ann = await open(tokenOf("flora", HOUR), { renews: false });
  await ann.chat.ask("say apples");
  const ben = await open(tokenOf("gus", HOUR), { renews: false });
  await ben.chat.ask("say pears");
  await ben.chat.openHistory();
  await ben.chat.row("say pears").waitFor();
  await ben.chat.hasListed();
  assert.equal(await ben.chat.history.getByRole("listitem").count(), 1);
  await ben.chat.history.getByRole("searchbox").fill("apples");
  await ben.chat.history.getByText("Nothing found").waitFor();
});
