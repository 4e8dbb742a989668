/** What the reader's system wants: that nothing moves, or that its own colours are used. */
import type { Locator } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "./browser";
import type { Chat } from "./chat";
import { useScene } from "./embedding";
import { all } from "./everything";
import { begin } from "./live";

const scene = useScene();

/** What moves without end, by the names in the style sheets, and what is drawn by the browser and moves by itself. */
const moving = (chat: Chat) =>
  chat.root.evaluate(({ shadowRoot }) => {
    const running = (shadowRoot?.getAnimations() ?? []).filter(({ playState }) => playState === "running");
    const names = running.map((one) => (one instanceof CSSAnimation ? one.animationName : "a transition"));
    const bars = [...(shadowRoot?.querySelectorAll("progress:indeterminate") ?? [])];
    return [...new Set([...names, ...bars.filter((bar) => getComputedStyle(bar).appearance !== "none").map(() => "a bar")])].sort();
  });

const MOTIONS = { "no-preference": true, reduce: false } as const;

for (const [reducedMotion, isMoving] of Object.entries(MOTIONS)) {
  test(`with ${reducedMotion} for motion, ${isMoving ? "it is seen that something goes on" : "nothing moves"}`, async () => {
    const { stand } = scene;
    const { chat, page, live } = await begin(scene);
    await page.emulateMedia({ reducedMotion: reducedMotion as keyof typeof MOTIONS });
    const moves = async (what: string, ...names: string[]) =>
      eventually(async () => assert.deepEqual(await moving(chat), isMoving ? names : [], what));
    await moves("an answer that is waited for", "wait");
    live.tell({ type: "progress_update", text: "Looking around" });
    await chat.log.getByText("Looking around").waitFor();
    await moves("what is being done", "shimmer");
    const workflow = stand.item("workflow", { workflow: { type: "custom", tasks: [{ type: "custom", title: "Compare", status_indicator: "loading" }], expanded: true } });
    live.tell({ type: "thread.item.added", item: workflow });
    await chat.button("Compare").waitFor();
    await moves("work", "shimmer", "turn");
    live.tell({ type: "thread.item.done", item: { ...workflow, workflow: { type: "custom", tasks: [] } } as typeof workflow });
    const image = stand.item("generated_image", {});
    live.tell({ type: "thread.item.added", item: image });
    await chat.root.getByRole("progressbar").waitFor();
    await moves("an image in the making", "a bar", "shimmer");
    live.tell({ type: "thread.item.removed", item_id: image.id });
    const text = stand.said("Half a");
    live.tell({ type: "thread.item.added", item: text });
    await chat.says("Half a");
    await moves("a text that comes", "caret");
    live.tell({ type: "thread.item.done", item: text });
    const widget = { type: "Card", children: [{ type: "Text", value: "Half", streaming: true }, { type: "Transition", children: [{ type: "Text", value: "Come" }] }] };
    const item = stand.item("widget", { widget });
    live.tell({ type: "thread.item.added", item });
    await chat.root.getByText("Come").waitFor();
    await moves("a widget's text that comes", "caret");
    const press = { type: "Button", label: "Press", onClickAction: { type: "press", loadingBehavior: "container" } };
    live.tell({ type: "thread.item.done", item: { ...item, widget: { type: "Card", children: [press] } } as typeof item });
    live.end();
    await chat.send.waitFor();
    await moves("an answer that is over");
    stand.on("threads.custom_action", () => new Promise(() => {}));
    await chat.button("Press").click();
    await chat.root.locator('[part~="widget"] [aria-busy="true"]').first().waitFor();
    await moves("an action that runs", "turn", "wait");
    stand.on("threads.list", () => new Promise(() => {}));
    await chat.openHistory();
    await chat.history.locator('[aria-busy="true"]').waitFor();
    await moves("a history that is waited for", "turn", "wait");
  });
}

test("with reduced motion what opens is where it stays from its first frame", async () => {
  const { chat, page } = await scene.embed({}, undefined, { viewport: { width: 360, height: 740 } });
  /** Where the history comes from, seen before it is painted. */
  const beginning = () =>
    chat.button("Show chats").evaluate(
      (button: HTMLElement) =>
        new Promise<string>((resolve) => {
          const root = button.getRootNode() as ShadowRoot;
          const observer = new MutationObserver(() => {
            const panel = root.querySelector(".history.is-over");
            if (!panel) return;
            observer.disconnect();
            const { translate, opacity } = getComputedStyle(panel);
            resolve(`${translate}, ${opacity}`);
          });
          observer.observe(root, { childList: true, subtree: true });
          button.click();
        }),
    );
  assert.equal(await beginning(), "none, 1");
  await page.keyboard.press("Escape");
  await chat.history.waitFor({ state: "detached" });
  await page.emulateMedia({ reducedMotion: "no-preference" });
  assert.equal(await beginning(), "-16px, 0", "there it comes in");
});

test("with reduced motion the way to the newest message is no journey", async () => {
  const { stand } = scene;
  stand.items.push(stand.said(Array.from({ length: 200 }, (_, line) => `Line ${line}`).join("\n\n")));
  const { chat, page } = await scene.embed({ initialThread: "thr_1" });
  await chat.says("Line 199");
  const left = () => chat.log.evaluate((log) => (log.scrollTop > 0 ? log.scrollHeight - log.clientHeight - log.scrollTop : NaN));
  await eventually(async () => assert.ok((await left()) < 2, "the end isn't shown yet"));
  /** How far the end is right after the button was pressed. */
  const journey = async () => {
    await chat.log.evaluate((log) => (log.scrollTop = 0));
    return chat.button("To the newest message").evaluate((button: HTMLElement) => {
      const log = button.parentElement?.querySelector('[role="log"]');
      button.click();
      return log ? log.scrollHeight - log.clientHeight - log.scrollTop : NaN;
    });
  };
  assert.ok((await journey()) < 2);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  assert.ok((await journey()) > 100, "there it is one");
});

/** How it looks, with some of what it stands in, where grounds have no colours of their own: by lines, ink and signs. */
const looks = (element: Locator, depth = 3) =>
  element.evaluate((one, most) => {
    const near: string[] = [];
    let each: Element | null = one;
    for (let count = 0; each && count < most; count++) {
      const { outlineStyle, outlineWidth, outlineColor, borderTopWidth, borderTopColor, color } = getComputedStyle(each);
      near.push([outlineStyle === "none" ? "" : `${outlineStyle} ${outlineWidth} ${outlineColor}`, borderTopWidth, borderTopColor, color].join());
      each = each.parentElement;
    }
    return `${near.join("; ")} with ${one.querySelectorAll("svg").length} signs`;
  }, depth);

/** Whether it, or what it stands in at once, has a line around it. */
const isOutlined = (element: Locator) =>
  element.evaluate((one) => {
    const near = [one, one.parentElement].filter((each) => each !== null);
    return near.some((each) => {
      const { borderTopStyle, borderTopWidth, outlineStyle, outlineWidth } = getComputedStyle(each);
      return (borderTopStyle !== "none" && borderTopWidth !== "0px") || (outlineStyle !== "none" && outlineWidth !== "0px");
    });
  });

test("in the system's colours everything has an edge, and what is chosen is told apart", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "notice", level: "info", message: "All is well." };
    for (const widget of all) yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
    yield { type: "thread.item.done", item: stand.said("```js\nlet pears;\n```\n\nIt costs 3.", [{ type: "annotation", index: 27, source: { type: "url", title: "Prices", url: "https://example.com/" } }]) };
  });
  const { chat, page } = await scene.embed(
    {
      startScreen: { prompts: [{ label: "Begin", prompt: "go" }] },
      threadItemActions: { feedback: true, retry: true },
      composer: {
        tools: [{ id: "web", label: "Search the web", icon: "globe", pinned: true }],
        models: [{ id: "fast", label: "Fast" }, { id: "slow", label: "Slow" }],
      },
    },
    () => ({ entities: { onTagSearch: async () => [{ id: "u1", title: "Ann" }, { id: "u2", title: "Bob" }] } }),
  );
  await page.emulateMedia({ forcedColors: "active" });
  await page.setViewportSize({ width: 900, height: 3000 });
  const bare: string[] = [];
  const look = async (what: string, part: Locator) => {
    if (!(await isOutlined(part))) bare.push(what);
  };
  const button = (name: string) => chat.button(name);
  await look("a prompt", button("Begin"));
  await button("Begin").click();
  await chat.idle();
  await chat.root.getByRole("group", { name: "Chart: Sold, Left" }).waitFor();
  const { root } = chat;
  for (const name of ["Show chats", "New chat", "Send", "Search the web", "Model: Fast", "Copy the answer", "Good answer", "Dismiss", "primary", "success", "Yes", "No", "Done", "Approve", "Footnote 1: Prices"]) {
    await look(name, button(name).first());
  }
  const parts: Record<string, Locator> = {
    "the message field": chat.field.locator("xpath=ancestor::*[contains(@class,'composer-card')]"),
    "what was asked": chat.questions.getByText("go", { exact: true }),
    "a notice": root.getByRole("note"),
    "a card": root.getByRole("group", { name: "May it be deleted?" }),
    "a field": root.getByRole("textbox", { name: "The name" }),
    "a field of many lines": root.getByRole("textbox", { name: "The story" }),
    "a list": root.getByRole("combobox", { name: "The size" }),
    "a list to search": root.getByRole("combobox", { name: "The fruit" }),
    "a day": root.getByLabel("The day"),
    "a badge": root.getByText("New", { exact: true }),
    "a block of code": root.getByRole("group", { name: "js" }),
  };
  for (const [what, part] of Object.entries(parts)) await look(what, part);
  assert.deepEqual(bare, [], "what has no edge");

  // The focus is seen wherever it goes.
  const unmarked: string[] = [];
  await page.keyboard.press("Tab");
  const stops: Record<string, Locator> = {
    ...Object.fromEntries(["Show chats", "Search the web", "Model: Fast", "Copy the answer", "Dismiss", "Yes", "Approve", "Footnote 1: Prices", "Choose a date"].map((name) => [name, button(name).first()])),
    "the message": chat.field,
    ...Object.fromEntries(["a field", "a field of many lines", "a list", "a list to search", "a day", "a block of code"].flatMap((name) => (parts[name] ? [[name, parts[name]]] : []))),
    "a text to write over": root.getByRole("textbox", { name: "Some text" }),
    "a box to check": root.getByRole("checkbox", { name: "Agreed" }),
    "one of several": root.getByRole("radio", { name: "Red" }),
    "a row": root.getByRole("button", { name: "Apple" }),
    "a chart": root.getByRole("group", { name: "Chart: Sold, Left" }),
    "a table": root.getByRole("region", { name: "Table" }),
    "the conversation": chat.log,
  };
  for (const [what, stop] of Object.entries(stops)) {
    await chat.button("New chat").focus();
    const before = await looks(stop);
    await stop.focus();
    if ((await looks(stop)) === before) unmarked.push(what);
  }
  assert.deepEqual(unmarked, [], "where the focus isn't seen");

  // What is chosen is told apart from what isn't.
  const alike: string[] = [];
  const compare = async (what: string, chosen: Locator, other: Locator) => {
    await chosen.waitFor();
    if ((await looks(chosen, 1)) === (await looks(other, 1))) alike.push(what);
  };
  await button("Good answer").click();
  await chat.field.focus();
  await eventually(async () => assert.equal(await button("Good answer").getAttribute("aria-pressed"), "true"));
  await compare("an opinion", button("Good answer"), button("Bad answer"));
  await chat.field.pressSequentially("@");
  await compare("a suggestion", root.getByRole("option", { name: "Ann" }), root.getByRole("option", { name: "Bob" }));
  await chat.field.fill("");
  const fruit = root.getByRole("combobox", { name: "The fruit" });
  await fruit.fill("p");
  await compare("an option", root.getByRole("option", { name: "Apple" }), root.getByRole("option", { name: "Pear" }));
  await page.keyboard.press("Escape");
  await root.getByLabel("The day").fill("2026-03-15");
  await button("Choose a date").click();
  await compare("a day", root.getByRole("button", { name: "Sunday, March 15, 2026" }), root.getByRole("button", { name: "Monday, March 16, 2026" }));
  await page.keyboard.press("Escape");
  await button("Model: Fast").click();
  await compare("a model", root.getByRole("menuitemradio", { name: "Fast" }), root.getByRole("menuitemradio", { name: "Slow" }));
  assert.deepEqual(alike, [], "what doesn't look chosen");
});
