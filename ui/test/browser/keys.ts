/** The keyboard of a page, for those who have nothing else: each step leaves the focus where it is seen. */
import type { JSHandle, Page } from "playwright-core";
import assert from "node:assert/strict";

import { eventually } from "./browser";

/** Steps in which everything can be reached. */
const MOST = 80;

/** What the focus is on. */
interface Focus {
  /** As it is told to those who don't see it; none where the focus is nowhere. */
  name: string | null;
  /** Whether any of it is to be seen, and nothing lies over it. */
  isSeen: boolean;
}

export class Keys {
  /** What had the focus at the last step, and how it looked with it. */
  #last: { name: string; element: JSHandle<Element>; look: string } | undefined;

  constructor(readonly page: Page) {}

  /** Goes there by Tab, or by another key. */
  async to(name: string, key = "Tab"): Promise<void> {
    const passed: (string | null)[] = [];
    for (let steps = 0; steps < MOST; steps++) {
      await this.page.keyboard.press(key);
      passed.push((await this.#focus()).name);
      if (passed.at(-1) === name) return this.isOn(name);
    }
    assert.fail(`the keyboard doesn't come to “${name}”, only to ${passed.join(", ")}`);
  }

  /** Presses a key; waits until the focus is on what has this name. */
  async press(key: string, name: string): Promise<void> {
    await this.page.keyboard.press(key);
    await this.isOn(name);
  }

  /** Writes it into what has the focus. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Waits until the focus is on what has this name. What it was on before must look otherwise without it. */
  async isOn(name: string): Promise<void> {
    await eventually(async () => assert.deepEqual(await this.#focus(), { name, isSeen: true }));
    const last = this.#last;
    if (last && !(await last.element.evaluate(hasFocus))) {
      await eventually(async () => assert.notEqual(await last.element.evaluate(lookOf), last.look, `the focus isn't seen on “${last.name}”`));
    }
    const element = await this.page.evaluateHandle(focused);
    this.#last = (await element.evaluate(isMarkedOtherwise)) ? undefined : { name, element, look: await element.evaluate(lookOf) };
  }

  async #focus(): Promise<Focus> {
    return this.page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      if (!active || active === document.body) return { name: null, isSeen: false };
      const root = active.getRootNode() as Document | ShadowRoot;
      const labels = active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement || active instanceof HTMLSelectElement ? [...(active.labels ?? [])] : [];
      const named = active.getAttribute("aria-labelledby")?.split(" ").map((id) => root.getElementById(id)) ?? [];
      const names = [active.ariaLabel, ...[...named, ...labels, active].map((element) => {
        const spoken = element?.cloneNode(true) as Element | undefined;
        spoken?.querySelectorAll('[aria-hidden="true"]').forEach((unspoken) => unspoken.remove());
        return spoken?.textContent;
      })];
      // A field that is drawn by its label is seen there.
      const shown = [active, ...labels].flatMap((element) => [...element.getClientRects()].map((rect) => [element, rect] as const));
      const isSeen = shown.some(([element, { x, y, width, height }]) => {
        const [left, top] = [Math.max(0, x), Math.max(0, y)];
        const [right, bottom] = [Math.min(innerWidth, x + width), Math.min(innerHeight, y + height)];
        if (right - left < 1 || bottom - top < 1) return false;
        return [0.5, 0.1, 0.9].some((share) => {
          const above = root.elementFromPoint(left + (right - left) * share, top + (bottom - top) * share);
          return above !== null && (element.contains(above) || above.contains(element));
        });
      });
      return { name: names.map((name) => name?.trim()).find(Boolean) ?? "", isSeen };
    });
  }
}

// These run in the page, and see nothing of each other.

function focused(): Element {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active ?? document.body;
}

function hasFocus(element: Element): boolean {
  return (element.getRootNode() as Document | ShadowRoot).activeElement === element;
}

/** A field has its cursor; what can't be come to by Tab and isn't pressed is only where reading begins. */
function isMarkedOtherwise(element: Element): boolean {
  const isField = element.matches("textarea, input") && !["radio", "checkbox"].includes((element as HTMLInputElement).type);
  return isField || element.matches("body, [tabindex='-1']:not(button, a)");
}

/** Its lines and grounds, and those of what is drawn for it. */
function lookOf(element: Element): string {
  const labels = element instanceof HTMLInputElement ? [element.nextElementSibling, ...(element.labels ?? [])] : [];
  const looks = [element, element.parentElement, ...labels].map((each) => {
    if (!each) return "";
    const { outline, border, boxShadow, backgroundColor } = getComputedStyle(each);
    return [outline, border, boxShadow, backgroundColor].join();
  });
  return looks.join("; ");
}
