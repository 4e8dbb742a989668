/** How the script and the element come into a page: classic, as a module, from elsewhere, twice. */
import type { Browser } from "playwright-core";
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { mustBeQuiet, openBrowser } from "./browser";
import { embed } from "./embedding";
import { Program } from "./program";
import { Stand } from "./stand";

let browser: Browser;
let product: Program;
let stand: Stand;
before(async () => {
  [browser, product] = await Promise.all([openBrowser(), Program.frontdesk()]);
});
after(async () => {
  await browser?.close();
  await product?.end();
});
beforeEach(async () => {
  stand = await Stand.open(product.url);
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Here I am.") };
  });
});
afterEach(() => stand.close());

const ELEMENT = '<openai-chatkit id="chat"></openai-chatkit>';
const HEADS = {
  "a classic script": '<script src="/chatkit.js" async></script>',
  "a module script": '<script src="/chatkit.js" type="module"></script>',
  "a script that is there thrice": '<script src="/chatkit.js"></script><script src="/chatkit.js?again"></script><script src="/chatkit.js" type="module"></script>',
};

for (const [what, head] of Object.entries(HEADS)) {
  test(`${what} defines the element`, async () => {
    stand.page("/", head, ELEMENT);
    const { chat, page, ...watched } = await embed(browser, stand);
    await chat.write("hello");
    await chat.says("Here I am.");
    mustBeQuiet({ page, ...watched }, stand.url);
  });
}

test("the element has a name of our own, too, and leaves the other one to who has it", async () => {
  stand.put("/first.js", "text/javascript", 'customElements.define("openai-chatkit", class extends HTMLElement {});');
  stand.page("/", '<script src="/first.js"></script><script src="/chatkit.js"></script>', '<frontdesk-chat id="chat"></frontdesk-chat>');
  const { chat, page, ...watched } = await embed(browser, stand);
  await chat.write("hello");
  await chat.says("Here I am.");
  mustBeQuiet({ page, ...watched }, stand.url);
});

const ISOLATED = { "cross-origin-embedder-policy": "require-corp", "cross-origin-opener-policy": "same-origin" };
interface Way {
  attributes: string;
  /** Whether the script is named by another one alone. */
  isImported?: boolean;
  isElsewhere?: boolean;
  headers?: Record<string, string>;
}

/** How a page has the script: from its own origin under our own policy, or from the product's. */
const WAYS = {
  "a classic script": { attributes: "async" },
  "a module script": { attributes: 'type="module"' },
  "a module that another one imports": { attributes: 'type="module"', isImported: true },
  "a classic script of another origin": { attributes: "async", isElsewhere: true, headers: {} },
  "a module script of another origin": { attributes: 'type="module"', isElsewhere: true, headers: {} },
  "a module of another origin that one of the page's imports": { attributes: 'type="module"', isImported: true, isElsewhere: true, headers: {} },
  "a script of another origin, on a page that is isolated from others": { attributes: "crossorigin", isElsewhere: true, headers: ISOLATED },
  "a module of another origin, on a page that is isolated from others": { attributes: 'type="module"', isElsewhere: true, headers: ISOLATED },
};

for (const [what, { attributes, isImported, isElsewhere, headers }] of Object.entries<Way>(WAYS)) {
  test(`${what} finds what lies beside it`, async () => {
    const origin = isElsewhere ? product.url : stand.url;
    const script = `${origin}/chatkit.js`;
    stand.put("/application.js", "text/javascript", `import "${script}";`);
    stand.page("/deep/page", `<script src="${isImported ? "/application.js" : script}" ${attributes}></script>`, ELEMENT, headers);
    stand.answers(function* () {
      yield { type: "thread.item.done", item: stand.said("```rust\nfn main() {}\n```\n\n$$a^2$$") };
    });
    const { chat, page, ...watched } = await embed(browser, stand, { locale: "de" }, "/deep/page");
    assert.equal(await page.evaluate(() => crossOriginIsolated), headers === ISOLATED);
    await chat.root.getByRole("textbox", { name: "Nachricht", exact: true }).fill("hello");
    await page.keyboard.press("Enter");
    await chat.answers.locator("pre span").first().waitFor();
    await chat.answers.locator("math").first().waitFor();
    const parts = watched.requested.filter((url) => new URL(url).pathname.startsWith("/ui/"));
    assert.deepEqual(parts.sort(), ["highlight", "locale-de", "math"].map((part) => `${origin}/ui/${part}.js`));
    mustBeQuiet({ page, ...watched }, stand.url, origin);
  });
}
