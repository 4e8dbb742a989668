/** What axe finds: nothing, in all that an application can show and open in its chat. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import type { WidgetNode } from "../../src/protocol/widget";
import { mustBeClean } from "./accessible";
import { call, useScene } from "./embedding";
import { all } from "./everything";
import { begin } from "./live";

const scene = useScene("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");

/** The types of a widget's components. */
function typesOf({ type, children = [] }: WidgetNode): string[] {
  return [type, ...[children].flat().flatMap(typesOf)];
}

test("the widgets that are looked at have every component there is", () => {
  const types = readFileSync(path.join(process.env["UI_ROOT"] ?? ".", "node_modules/@openai/chatkit/types/widgets.d.ts"), "utf8");
  const known = new Set([...types.matchAll(/type: '([A-Z][\w.]+)'/g)].map(([, type = ""]) => type));
  assert.ok(known.size >= 29, `${known.size}`);
  // A chart is looked at, too; what its series are called isn't a component.
  assert.deepEqual([...known].filter((type) => !all.flatMap(typesOf).includes(type)), []);
  assert.ok(all.flatMap(typesOf).includes("Chart"));
});

const PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing in ${theme} widgets, nor in what opens in them`, async () => {
    const { stand } = scene;
    stand.put("/picture.svg", "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    stand.answers(function* () {
      for (const widget of all) yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
    });
    const { chat, page } = await scene.embed({ theme, threadItemActions: { feedback: true, retry: true } });
    await page.setViewportSize({ width: 900, height: 3000 });
    await chat.write("show everything");
    await chat.button("Approve").waitFor();
    await chat.send.waitFor();
    const plot = chat.root.getByRole("group", { name: "Chart: Sold, Left" });
    await plot.waitFor();
    await mustBeClean(page, "widgets");
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await mustBeClean(page, "a chart that is read");
    await chat.button("Done").click();
    await chat.button("Show 1 more").click();
    await mustBeClean(page, "what is unfolded");
    await chat.button("Choose a date").click();
    await chat.root.getByRole("grid").waitFor();
    await mustBeClean(page, "the calendar");
    await page.keyboard.press("Escape");
    await chat.root.getByRole("combobox", { name: "The fruit" }).fill("p");
    await chat.root.getByRole("option", { name: "Apple" }).waitFor();
    await mustBeClean(page, "a list to search");
    await chat.root.getByRole("combobox", { name: "The fruit" }).fill("zebra");
    await chat.root.getByText("Nothing found.").waitFor();
    await mustBeClean(page, "a list with nothing in it");
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 320, height: 3000 });
    await mustBeClean(page, "widgets on a phone");
  });

  test(`axe finds nothing in ${theme} items, nor in what opens in them`, async () => {
    const { stand } = scene;
    const quoted = { content: [{ type: "input_text" as const, text: "Why?" }], attachments: [], quoted_text: "Pears are dear.", inference_options: {} };
    stand.items.push(stand.item("user_message", quoted));
    const { chat, page, live } = await begin(scene, { theme, initialThread: "thr_1", threadItemActions: { feedback: true, retry: true } });
    const source = { type: "url", title: "The price list", url: "https://example.com/prices", timestamp: "2026-01-02T12:00:00Z" } as const;
    const tasks = [
      { type: "web_search" as const, title: "Looked around", queries: ["pears"], sources: [source], status_indicator: "complete" as const },
      { type: "thought" as const, title: "Weighing it", content: "Hm.", status_indicator: "loading" as const },
    ];
    const workflow = stand.item("workflow", { workflow: { type: "reasoning", tasks, expanded: true } });
    const image = stand.item("generated_image", {});
    live.tell({ type: "progress_update", icon: "search", text: "Looking around" });
    await chat.log.getByText("Looking around").waitFor();
    await mustBeClean(page, "progress");
    live.tell({ type: "thread.item.added", item: workflow }, { type: "thread.item.added", item: image });
    await chat.root.getByRole("progressbar").waitFor();
    await mustBeClean(page, "items that come");
    const thing = { type: "entity", id: "e1", title: "Pear", interactive: true } as const;
    live.tell(
      { type: "thread.item.done", item: workflow },
      { type: "thread.item.done", item: { ...image, image: { id: "img_1", url: PIXEL } } as typeof image },
      { type: "thread.item.done", item: stand.said("It costs 3.", [{ type: "annotation", index: 11, source }, { type: "annotation", index: 2, source: thing }]) },
      { type: "notice", level: "info", title: "By the way", message: "All is well." },
      { type: "notice", level: "warning", message: "It rains." },
      { type: "error", message: "And yet it failed.", allow_retry: true },
    );
    live.end();
    await chat.button("Try again").waitFor();
    await chat.root.getByText("Sources").last().click();
    await mustBeClean(page, "items that are there");
    await chat.button("Footnote 1: The price list").click();
    await chat.root.getByRole("dialog", { name: "Footnote 1: The price list" }).waitFor();
    await mustBeClean(page, "a footnote");
    await page.keyboard.press("Escape");
    await chat.button("Show the image larger").click();
    await chat.root.getByRole("dialog", { name: "Generated image" }).waitFor();
    await mustBeClean(page, "an image");
  });

  test(`axe finds nothing in a ${theme} message field with all that belongs to it`, async () => {
    const { stand } = scene;
    stand.items.push(stand.said("Pears are dear this year."));
    const { chat, page } = await scene.embed(
      {
        theme,
        initialThread: "thr_1",
        disclaimer: { text: "It may be [wrong](https://example.com/wrong)." },
        composer: {
          tools: [{ id: "web", label: "Search the web", icon: "globe", pinned: true }, { id: "draw", label: "Draw", icon: "images" }],
          models: [{ id: "fast", label: "Fast" }, { id: "slow", label: "Slow", description: "Takes its time" }, { id: "none", label: "None", disabled: true }],
          dictation: { enabled: true },
        },
      },
      () => ({
        header: { leftAction: { icon: "home", onClick: () => {} }, rightAction: { icon: "settings-cog", onClick: () => {} } },
        entities: {
          showComposerMenu: true,
          onTagSearch: async () => [{ id: "u1", title: "Ann", group: "People", interactive: true }, { id: "u2", title: "Bob", group: "People" }],
          onRequestPreview: async () => ({ preview: { type: "Basic", children: [{ type: "Title", value: "Ann herself" }] } }),
        },
        commands: { enabled: true, onSearch: async () => [{ id: "clear", label: "Clear", description: "Takes everything out" }], onSelect: async () => {} },
      }),
    );
    await chat.says("Pears are dear this year.");
    await mustBeClean(page, "at rest");
    await chat.button("Add").click();
    await chat.root.getByRole("menuitemradio", { name: "Draw" }).waitFor();
    await mustBeClean(page, "tools");
    await page.keyboard.press("Enter");
    await chat.button("Model: Fast").click();
    await chat.root.getByRole("menuitemradio", { name: "Slow" }).waitFor();
    await mustBeClean(page, "models");
    await page.keyboard.press("Escape");
    await chat.field.pressSequentially("/");
    await chat.root.getByRole("option", { name: "Clear" }).waitFor();
    await mustBeClean(page, "commands");
    await chat.field.fill("");
    await chat.field.pressSequentially("@");
    await chat.root.getByRole("option", { name: "Ann" }).waitFor();
    await mustBeClean(page, "mentions");
    await page.keyboard.press("Enter");
    await chat.root.getByRole("option").first().waitFor({ state: "detached" });
    await chat.button("Ann").focus();
    await chat.root.getByText("Ann herself").waitFor();
    await mustBeClean(page, "a preview");
    await page.keyboard.press("Escape");
    await chat.answers.getByText("Pears are dear this year.").selectText();
    await chat.button("Quote").waitFor();
    await mustBeClean(page, "words that can be quoted");
    await chat.button("Quote").click();
    await chat.button("Remove the quote").waitFor();
    await mustBeClean(page, "a quote");
    await chat.button("Dictate").click();
    await chat.button("Finish the recording").waitFor();
    await mustBeClean(page, "dictation");
  });

  test(`axe finds nothing in a ${theme} thread, however it is`, async () => {
    const { stand } = scene;
    stand.items.push(stand.said("As far as we got."));
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    stand.on("threads.get_by_id", async (_, { thread, items }) => {
      await held;
      return { ...thread, items: { data: items, has_more: false } };
    });
    stand.thread.status = { type: "locked", reason: "A colleague is on it" };
    const { chat, page } = await scene.embed({ theme, initialThread: "thr_1" });
    await chat.root.getByText("Loading …").first().waitFor();
    await mustBeClean(page, "loading");
    goOn();
    await chat.root.getByRole("status").getByText("A colleague is on it").waitFor();
    await mustBeClean(page, "locked");

    stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, status: { type: "closed" }, items: { data: items, has_more: false } }));
    const closed = await scene.embed({ theme, initialThread: "thr_1" });
    await closed.chat.root.getByText("This chat is closed.").waitFor();
    await mustBeClean(closed.page, "closed");

    const inputs = [
      { type: "multiple_choice" as const, id: "size", question: "Which size?", options: [{ value: "Small" }, { value: "Large" }], multiple: true },
      { type: "freeform" as const, id: "why", question: "Why?", description: "In a word" },
    ];
    stand.items.push(stand.item("structured_input", { status: "pending", inputs }));
    stand.on("threads.get_by_id", (_, { thread, items }) => ({ ...thread, status: { type: "active" }, items: { data: items, has_more: false } }));
    const asking = await scene.embed({ theme, initialThread: "thr_1" });
    await asking.chat.root.getByRole("checkbox", { name: "Large" }).check();
    await mustBeClean(asking.page, "a question");
    await asking.chat.button("Next").click();
    await asking.chat.root.getByRole("textbox", { name: "Why?" }).waitFor();
    await mustBeClean(asking.page, "another question");

    const lost = await scene.embed({ theme });
    await lost.page.route("**/api", (route) => route.abort());
    await lost.chat.openHistory();
    await lost.chat.history.getByRole("alert").waitFor();
    await mustBeClean(lost.page, "a history that can't be loaded");
    await lost.page.keyboard.press("Escape");
    await call(lost.page, "setThreadId", "thr_1");
    await lost.chat.root.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
    await mustBeClean(lost.page, "a thread that can't be loaded");
  });
}
