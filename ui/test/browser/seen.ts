/** What a part of a page is for those who don't see it: roles, names and texts, line by line. */
import type { Locator } from "playwright-core";
import assert from "node:assert/strict";

import { eventually } from "./browser";

/** Waits until it is this. How far all lines are set in counts nothing. */
export async function isSeenAs(part: Locator, expected: string): Promise<void> {
  await eventually(async () => assert.equal(flush(await part.ariaSnapshot()), flush(expected)));
}

/** Waits until this is in it. */
export async function holds(part: Locator, expected: string): Promise<void> {
  await eventually(async () => {
    const [whole = "", ...inner] = (await part.ariaSnapshot()).split("\n");
    assert.equal(flush(inner.join("\n") || whole), flush(expected));
  });
}

function flush(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim());
  const margin = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin)).join("\n");
}
