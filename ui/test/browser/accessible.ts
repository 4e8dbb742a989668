/** Looks at a page with axe. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import assert from "node:assert/strict";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** It finds nothing. */
export async function mustBeClean(page: Page, what: string): Promise<void> {
  // Through the debugger, so that the page's policy doesn't keep it out.
  await page.evaluate(axe.source);
  await page.evaluate(stillness);
  const found = await page.evaluate(async (values) => {
    const { axe: here } = window as unknown as { axe: typeof axe };
    const { violations } = await here.run(document, { runOnly: { type: "tag", values } });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  }, RULES);
  assert.deepEqual(found, [], what);
}

/** Waits until everything stands that moves to somewhere: what fades in has less contrast meanwhile. */
async function stillness(): Promise<void> {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const shadows = [...document.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? []);
  const moving = [document, ...shadows].flatMap((root) => root.getAnimations());
  const ending = moving.filter(({ effect, playState }) => playState === "running" && Number.isFinite(effect?.getComputedTiming().endTime));
  await Promise.allSettled(ending.map(({ finished }) => finished));
}
