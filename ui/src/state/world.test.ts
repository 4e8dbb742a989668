import assert from "node:assert/strict";
import { test } from "node:test";

import { browser } from "./world";

test("without locks, what one part of a page does alone another part of it doesn't do, too", async () => {
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  let finish = (_: string) => {};
  const first = browser.alone("tool", () => new Promise<string>((resolve) => (finish = resolve)));
  const second = browser.alone("tool", async () => assert.fail("it was done twice"));
  const other = browser.alone("another", async () => "done");
  finish("done");
  assert.deepEqual(await Promise.all([first, second, other]), ["done", null, "done"]);
  const failed = browser.alone("tool", () => Promise.reject(new Error("no")));
  await assert.rejects(failed, /no/);
  assert.equal(await browser.alone("tool", async () => "again"), "again");
});
