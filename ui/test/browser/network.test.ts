/** The pages of the tests reach nothing but what the tests have started. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import { askedElsewhere, openBrowser, openPage } from "./browser";

let browser: Browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

test("what a page asks of another host is seen, and doesn't get there", async (t) => {
  const reached: (string | undefined)[] = [];
  const server = createServer(({ headers }, response) => {
    reached.push(headers.host);
    response.writeHead(200, { "access-control-allow-origin": "*" }).end("here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { page } = await openPage(browser);
  await page.goto(`http://127.0.0.1:${port}/`);
  // Another name of the very same place, which every machine knows.
  const elsewhere = `http://localhost:${port}/`;
  const got = await page.evaluate((url) => fetch(url).then((answer) => answer.text(), (error: unknown) => String(error)), elsewhere);
  assert.equal(got, "TypeError: Failed to fetch");
  assert.deepEqual(new Set(reached), new Set([`127.0.0.1:${port}`]));
  assert.deepEqual(askedElsewhere(), [elsewhere]);
});
