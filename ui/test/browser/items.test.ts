/** Items of a thread while they come and when they are there, as their readers get them. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import type { FileSource, Item, Source, Task, UrlSource, Workflow } from "../../src/protocol/items";
import { eventually } from "./browser";
import type { Chat } from "./chat";
import { useScene } from "./embedding";
import { begin } from "./live";
import { holds, isSeenAs } from "./seen";

const scene = useScene();

const page: UrlSource = { type: "url", title: "The price list", url: "https://www.example.com/prices", timestamp: "2026-01-02T12:00:00Z" };
const file: FileSource = { type: "file", title: "", filename: "prices.pdf", description: "Of this year" };

const workflow = (given: Workflow) => scene.stand.item("workflow", { workflow: given });
const done = (item: Item, given: Workflow): Item => ({ ...item, workflow: given }) as Item;

test("work is a line that says what is done, and its tasks when one asks for them", async () => {
  const { chat, live } = await begin(scene);
  const item = workflow({ type: "custom", tasks: [] });
  live.tell({ type: "thread.item.added", item });
  await isSeenAs(chat.log, `- log "Conversation": "You said: go Working …"`);

  const search: Task = { type: "web_search", title_query: "Looking for prices", queries: ["price of pears"], sources: [page], status_indicator: "loading" };
  live.update(item, { type: "workflow.task.added", task_index: 0, task: search });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Looking for prices"
  `);
  await chat.button("Looking for prices").click();
  await holds(chat.log, `
    - text: "You said: go"
    - button "Looking for prices" [expanded]
    - list:
      - listitem:
        - text: Looking for prices
        - list "Searched for":
          - listitem: price of pears
        - list "Sources":
          - listitem:
            - link "The price list example.com · Jan 2, 2026":
              - /url: https://www.example.com/prices
  `);

  const tasks: Task[] = [
    { ...search, title: "Looked around", sources: [], status_indicator: "complete" },
    { type: "custom", title: "Compare", content: "Pears are *dear*.", icon: "calendar" },
    { type: "file", title: "Read", sources: [file] },
    { type: "thought", content: "Hm." },
    { type: "image", title: "Draw" },
  ];
  const [first, ...others] = tasks;
  if (first) live.update(item, { type: "workflow.task.updated", task_index: 0, task: first });
  live.update(item, ...others.map((task, place) => ({ type: "workflow.task.added" as const, task_index: place + 1, task })));
  const list = `
    - list:
      - listitem:
        - text: Looked around Done
        - list "Searched for":
          - listitem: price of pears
      - listitem:
        - text: Compare
        - paragraph:
          - text: Pears are
          - emphasis: dear
          - text: .
      - listitem:
        - text: Read
        - list "Sources":
          - listitem: prices.pdf Of this year
      - listitem:
        - paragraph: Hm.
      - listitem: Draw`;
  await holds(chat.log, `
    - text: "You said: go"
    - button "Draw" [expanded]${list}`);

  live.tell({ type: "thread.item.done", item: done(item, { type: "custom", tasks, summary: { title: "Prices compared", icon: "chart" } }) });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Prices compared" [expanded]${list}`);
  await chat.button("Prices compared").click();
  await holds(chat.log, `
    - text: "You said: go"
    - button "Prices compared"
  `);
});

test("thinking says how long it took, and work without a name has a plain one", async () => {
  const { chat, live } = await begin(scene);
  const thought = workflow({ type: "reasoning", tasks: [] });
  live.tell({ type: "thread.item.added", item: thought });
  await isSeenAs(chat.log, `- log "Conversation": "You said: go Thinking …"`);
  const task: Task = { type: "thought", title: "Weighing it", content: "First this" };
  live.update(thought, { type: "workflow.task.added", task_index: 0, task });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Weighing it"
  `);
  live.tell({ type: "thread.item.done", item: done(thought, { type: "reasoning", tasks: [task], summary: { duration: 75.4 } }) });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Thought for 1 min 15 sec"
  `);
  const tasks: Task[] = [{ type: "custom", title: "One" }, { type: "custom", title: "Two" }];
  live.tell({ type: "thread.item.done", item: workflow({ type: "custom", tasks, expanded: true }) });
  live.tell({ type: "thread.item.done", item: workflow({ type: "reasoning", tasks }) });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Thought for 1 min 15 sec"
    - button "Worked on it" [expanded]
    - list:
      - listitem: One
      - listitem: Two
    - button "Thought about it"
  `);
});

test("a task by itself is a line with what it rests on", async () => {
  const { chat, live } = await begin(scene);
  const { stand } = scene;
  const item = stand.item("task", { task: { type: "file", title: "Reading", sources: [], status_indicator: "loading" } });
  live.tell({ type: "thread.item.added", item });
  await isSeenAs(chat.log, `- log "Conversation": "You said: go Reading"`);
  live.tell({ type: "thread.item.done", item: { ...item, task: { type: "file", title: "Read", sources: [file], status_indicator: "complete" } } as Item });
  await holds(chat.log, `
    - text: "You said: go Read Done"
    - list "Sources":
      - listitem: prices.pdf Of this year
  `);
});

/** A picture of this size, as an address. */
const drawing = (chat: Chat, width: number) =>
  chat.page.evaluate((size) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    return canvas.toDataURL("image/png");
  }, width);

test("an image says how far it is, and is shown large and saved when it is there", async () => {
  const { chat, live, page: browserPage } = await begin(scene);
  const item = scene.stand.item("generated_image", {});
  live.tell({ type: "thread.item.added", item });
  await holds(chat.log, `
    - text: "You said: go Creating an image …"
    - progressbar "Creating an image …"
  `);
  const bar = chat.root.getByRole("progressbar", { name: "Creating an image …" });
  assert.equal(await bar.evaluate((element: HTMLProgressElement) => element.position), -1, "nobody knows yet how far it is");
  const [half, whole] = [await drawing(chat, 8), await drawing(chat, 16)];
  live.update(item, { type: "generated_image.updated", image: { id: "img_1", url: half }, progress: 0.5 });
  await eventually(async () => assert.equal(await bar.evaluate((element: HTMLProgressElement) => element.value), 0.5));
  live.tell({ type: "thread.item.done", item: { ...item, image: { id: "img_1", url: whole } } as Item });
  await holds(chat.log, `
    - text: "You said: go"
    - button "Show the image larger":
      - img "Generated image"
  `);
  live.end();
  await chat.send.waitFor();

  await chat.button("Show the image larger").click();
  const dialog = chat.root.getByRole("dialog", { name: "Generated image" });
  const large = dialog.getByRole("img", { name: "Generated image" });
  await eventually(async () => assert.equal(await large.evaluate((image: HTMLImageElement) => image.naturalWidth), 16));
  const saved = browserPage.waitForEvent("download");
  await dialog.getByRole("link", { name: "Download" }).click();
  assert.equal((await saved).url(), whole);
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "hidden" });
  assert.equal(await chat.focused(), "Show the image larger");
});

test("an image that never comes says that something went wrong, and doesn't go on for ever", async () => {
  const { chat, live } = await begin(scene);
  live.tell({ type: "thread.item.done", item: scene.stand.item("generated_image", {}) });
  live.tell({ type: "thread.item.done", item: scene.stand.said("Sorry.") });
  await holds(chat.log, `
    - text: "You said: go Something went wrong. Please try again. The assistant said:"
    - paragraph: Sorry.
  `);
});

test("what is being done just now is a line that goes when something comes of it", async () => {
  const { chat, live } = await begin(scene);
  live.tell({ type: "progress_update", icon: "search", text: "Looking around" });
  await isSeenAs(chat.log, `- log "Conversation": "You said: go Looking around"`);
  live.tell({ type: "progress_update", text: "Still looking" });
  await isSeenAs(chat.log, `- log "Conversation": "You said: go Still looking"`);
  // It is said aloud, too.
  await chat.root.getByRole("status").getByText("Still looking").waitFor();
  live.tell({ type: "thread.item.done", item: scene.stand.said("Found.") });
  await holds(chat.log, `
    - text: "You said: go The assistant said:"
    - paragraph: Found.
  `);
});

test("a quote stands above the words that it is for", async () => {
  const { stand } = scene;
  const asked = stand.item("user_message", { content: [{ type: "input_text", text: "Why?" }], attachments: [], quoted_text: "Pears are dear.", inference_options: {} });
  stand.items.push(asked);
  const { chat } = await scene.embed({ initialThread: "thr_1" });
  await isSeenAs(chat.log, `
    - log "Conversation":
      - text: "You said:"
      - blockquote: "Quoted: Pears are dear."
      - text: Why?
  `);
});

test("what an answer rests on is a list below it, each once and in the order of the text", async () => {
  const { chat, live } = await begin(scene);
  const thing: Source = { type: "entity", id: "e1", title: "Pear", label: "Fruit" };
  const other: Source = { type: "url", title: "", url: "https://example.org/pears", attribution: "The grower" };
  const at = (index: number, source: Source) => ({ type: "annotation" as const, index, source });
  live.tell({ type: "thread.item.done", item: scene.stand.said("Pears cost 3, or 4.", [at(18, file), at(12, page), at(5, thing), at(12, other)]) });
  live.end();
  await chat.idle();
  const answer = `
    - text: "You said: go The assistant said:"
    - paragraph:
      - text: Pears Pear cost 3
      - 'button "Footnote 1: The price list, The grower"': "1"
      - text: ", or 4"
      - 'button "Footnote 2: prices.pdf"': "2"
      - text: .
    - group: Sources 4
    - button "Copy the answer"`;
  await holds(chat.log, answer);
  await chat.root.getByText("Sources").click();
  await isSeenAs(chat.root.getByRole("group").filter({ hasText: "Sources" }).getByRole("list"), `
    - list:
      - listitem: Pear Fruit
      - listitem:
        - link "The price list example.com · Jan 2, 2026":
          - /url: https://www.example.com/prices
      - listitem:
        - link "The grower":
          - /url: https://example.org/pears
      - listitem: prices.pdf Of this year
  `);
});

test("a footnote that is opened stays open when a scroll of before is told, and closes when it moves", async () => {
  const text = `${"Pears are dear.\n\n".repeat(60)}They cost 3.`;
  scene.stand.items.push(scene.stand.said(text, [{ type: "annotation", index: text.length - 1, source: page }]));
  const { chat } = await scene.embed({ initialThread: "thr_1" });
  const footnote = chat.button("Footnote 1: The price list");
  await footnote.waitFor();
  await eventually(async () => assert.ok(await chat.log.evaluate(({ scrollTop }) => scrollTop > 100)));
  const sources = chat.root.getByRole("dialog", { name: "Footnote 1: The price list" });
  await footnote.evaluate(async (button: HTMLElement) => {
    // It is told with the next frame, and the bubble is there before.
    button.closest("[role=log]")?.scrollBy(0, -20);
    button.click();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  assert.equal(await sources.count(), 1);
  await chat.log.evaluate((log) => log.scrollBy(0, -20));
  await sources.waitFor({ state: "detached" });
});

test("pictures come from where the thread allows it, and from nowhere else", async (t) => {
  const asked: string[] = [];
  const gallery = createServer(({ url }, response) => {
    asked.push(url ?? "");
    response.writeHead(200, { "content-type": "image/svg+xml" }).end('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  });
  await new Promise<void>((resolve) => gallery.listen(0, "127.0.0.1", resolve));
  t.after(() => gallery.close());
  const host = `127.0.0.1:${(gallery.address() as AddressInfo).port}`;
  const { stand } = scene;
  stand.page("/", '<script src="/chatkit.js" async></script>', undefined, {});
  stand.items.push(stand.said(`![A pear](http://${host}/pear.svg) ![A plum](https://elsewhere.example/plum.svg)`));
  stand.items.push(stand.item("widget", { widget: { type: "Row", children: [
    { type: "Image", src: `http://${host}/fig.svg`, alt: "A fig" },
    { type: "Image", src: "https://elsewhere.example/lime.svg", alt: "A lime" },
  ] } }));
  const open = async () => {
    const { chat } = await scene.embed({ initialThread: "thr_1" });
    await chat.root.getByRole("img", { name: "A lime" }).waitFor();
    return chat;
  };
  const link = (name: string, address: string) => `
        - link "${name}":
          - /url: ${address}`;
  const plum = link("A plum", "https://elsewhere.example/plum.svg");

  await isSeenAs((await open()).log, `
    - log "Conversation":
      - text: "The assistant said:"
      - paragraph:${link("A pear", `http://${host}/pear.svg`)}${plum}
      - img "A fig"
      - img "A lime"
      - button "Copy the answer"
  `);
  assert.deepEqual(asked, []);

  stand.thread.allowed_image_domains = [host];
  const chat = await open();
  await isSeenAs(chat.log, `
    - log "Conversation":
      - text: "The assistant said:"
      - paragraph:
        - img "A pear"${plum}
      - img "A fig"
      - img "A lime"
      - button "Copy the answer"
  `);
  const widths = () => chat.log.locator("img").evaluateAll((images: HTMLImageElement[]) => images.map(({ naturalWidth }) => naturalWidth));
  await eventually(async () => assert.deepEqual(await widths(), [9, 9]));
  assert.deepEqual(asked.toSorted(), ["/fig.svg", "/pear.svg"]);
});

test("in a thread that is locked everything can be read, and nothing pressed or asked for anew", async () => {
  const { stand } = scene;
  stand.items.push(stand.item("user_message", { content: [{ type: "input_text", text: "Book it" }], attachments: [], inference_options: {} }));
  const press = (label: string, more: object = {}) => ({ type: "Button", label, onClickAction: { type: "press", ...more } });
  stand.items.push(stand.item("widget", { widget: { type: "Row", children: [press("Book"), press("Print", { handler: "client" })] } }));
  stand.items.push(stand.said("As you like."));
  const actions = { feedback: true, retry: true };
  const open = async () => (await scene.embed({ initialThread: "thr_1", threadItemActions: actions })).chat;
  const thread = (book: string, ...more: string[]) => `
    - text: "You said: Book it"
    - button "Book"${book}
    - button "Print"
    - text: "The assistant said:"
    - paragraph: As you like.
    - button "Copy the answer"
    - button "Good answer"
    - button "Bad answer"
    ${more.join("\n    ")}`;
  const active = await open();
  await holds(active.log, thread("", `- button "Answer again"`));
  await active.field.waitFor();

  stand.thread.status = { type: "locked", reason: "A colleague is on it" };
  const locked = await open();
  await holds(locked.log, thread(" [disabled]", "- status: A colleague is on it"));
  assert.equal(await locked.field.getAttribute("placeholder"), "A colleague is on it");
  assert.equal(await locked.field.isEditable(), false);
  assert.equal(await locked.send.count(), 0);

  stand.thread.status = { type: "closed" };
  const closed = await open();
  await holds(closed.log, thread(" [disabled]", "- status: This chat is closed."));
  assert.equal(await closed.field.count(), 0);
});
