/** When the application's own functions are called, with what, and what comes of what they give back. */
import type { OpenAIChatKit } from "@openai/chatkit";
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, mustBeQuiet } from "./browser";
import type { Chat } from "./chat";
import { setOptions, told, useScene } from "./embedding";

const scene = useScene();

/** Answers each message with one word. */
function talks() {
  scene.stand.answers(function* () {
    yield { type: "thread.item.done", item: scene.stand.said("Yes.") };
  });
}

const options = (chat: Chat) => chat.root.getByRole("option");
/** What the page was told under this name. */
const heard = async (page: Page, wanted: string) => (await told(page)).filter(([name]) => name === wanted).map(([, detail]) => detail);

test("requests go by the application's own fetch, with what it adds", async () => {
  talks();
  const { stand } = scene;
  const { chat, page, ...watched } = await scene.embed({}, () => ({
    api: {
      url: "/api",
      domainKey: "local",
      fetch: async (input, init) => {
        window.tell("fetch", [input, init?.method]);
        if (document.title === "Away") throw new TypeError("no way");
        return fetch(input, { ...init, headers: { ...init?.headers, "x-shop": "7" } });
      },
    },
  }));
  await chat.ask("hello");
  await chat.openHistory();
  await chat.hasListed();
  await chat.row("A thread").waitFor();
  assert.deepEqual(stand.asked.map(({ type }) => type), ["threads.create", "threads.list"]);
  const seen = stand.headers.map((headers) => [headers["x-shop"], headers["content-type"], headers["accept-language"]]);
  assert.deepEqual(seen, [["7", "application/json", "en-US"], ["7", "application/json", "en-US"]]);
  assert.deepEqual(await heard(page, "fetch"), [["/api", "POST"], ["/api", "POST"]]);
  mustBeQuiet({ page, ...watched }, stand.url);
  await page.keyboard.press("Escape");
  await page.evaluate(() => (document.title = "Away"));
  await chat.write("still there?");
  await chat.root.getByRole("alert").getByText("The assistant can't be reached.").waitFor();
  assert.equal(await chat.field.inputValue(), "still there?");
});

test("a server at another address is asked after that, and its threads are its own", async () => {
  talks();
  const { chat, page } = await scene.embed();
  await chat.ask("hello");
  await chat.openHistory();
  await chat.hasListed();
  await chat.row("A thread").waitFor();
  scene.stand.takes("/other", (body) => {
    const { type } = JSON.parse(body) as { type: string };
    const thread = { id: "thr_9", title: "Elsewhere", created_at: "2026-01-02T03:04:05Z" };
    return type === "threads.list" ? { data: [thread], has_more: false } : { ...thread, items: { data: [], has_more: false } };
  });
  await setOptions(page, { api: { url: "/other", domainKey: "local" }, initialThread: "thr_9" });
  await chat.root.getByRole("heading", { name: "Elsewhere" }).waitFor();
  assert.equal(await chat.answers.count(), 0);
  await chat.row("Elsewhere").waitFor();
  await chat.row("A thread").waitFor({ state: "detached" });
  assert.deepEqual(scene.stand.asked.map(({ type }) => type), ["threads.create", "threads.list"]);
});

test("a tool of the page that fails says so to the assistant, which goes on", async () => {
  const { stand } = scene;
  const call = (name: string) => stand.item("client_tool_call", { status: "pending", call_id: name, name, arguments: {} });
  stand.answers(function* ({ input }) {
    yield { type: "thread.item.done", item: call(input?.content[0]?.text ?? "") };
  });
  stand.on("threads.add_client_tool_output", async function* () {
    yield { type: "thread.item.done", item: stand.said("I see.") };
  });
  const { chat, page } = await scene.embed({}, () => ({
    onClientTool: ({ name }) => {
      if (name === "breaks") throw new Error("the drawer is stuck");
      return name === "refuses" ? Promise.reject(new Error("not today")) : Promise.resolve({ open: true });
    },
  }));
  for (const name of ["breaks", "refuses", "works"]) await chat.ask(name);
  await setOptions(page, {});
  await chat.ask("lost");
  const outputs = stand.asked.filter(({ type }) => type === "threads.add_client_tool_output").map(({ params }) => params);
  const none = "the page has no tools; the assistant asked for lost";
  const results = [{ error: "the drawer is stuck" }, { error: "not today" }, { open: true }, { error: none }];
  assert.deepEqual(outputs, results.map((result) => ({ thread_id: "thr_1", result })));
  assert.deepEqual(await heard(page, "error"), ["Error: the drawer is stuck", "Error: not today", `Error: ${none}`]);
});

test("an action of a widget is the page's, which can pass it on to the server", async () => {
  const { stand } = scene;
  const action = { type: "pick", payload: { size: 7 }, handler: "client" };
  const widget = { type: "Card", children: [{ type: "Button", label: "Pick", onClickAction: action }] };
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.item("widget", { widget }) };
    yield { type: "thread.item.done", item: stand.said("Which one?") };
  });
  stand.on("threads.custom_action", async function* () {
    yield { type: "thread.item.done", item: stand.said("Picked.") };
  });
  const { chat, page } = await scene.embed({}, () => ({
    widgets: {
      async onAction(asked, item) {
        window.tell("action", { asked, item });
        await new Promise((done) => addEventListener("decided", done, { once: true }));
        if (document.title === "Sold out") throw new Error("sold out");
        await document.querySelector<OpenAIChatKit>("#chat")?.sendCustomAction(asked, item.id);
      },
    },
  }));
  await chat.ask("shoes");
  const button = chat.button("Pick");
  const decide = () => page.evaluate(() => void dispatchEvent(new Event("decided")));
  const isBusy = (busy: string | null) => eventually(async () => assert.equal(await button.getAttribute("aria-busy"), busy));
  await button.click();
  await isBusy("true");
  assert.equal(stand.asked.length, 1);
  await decide();
  await chat.says("Picked.");
  await isBusy(null);
  const asked = { type: action.type, payload: action.payload };
  const id = stand.items.find(({ type }) => type === "widget")?.id;
  assert.deepEqual(stand.asked[1], { type: "threads.custom_action", params: { thread_id: "thr_1", item_id: id, action: asked } });
  assert.deepEqual(await heard(page, "action"), [{ asked, item: { id, widget } }]);
  // A page that fails leaves the button as it was.
  await page.evaluate(() => (document.title = "Sold out"));
  await button.click();
  await isBusy("true");
  await decide();
  await isBusy(null);
  assert.deepEqual(await heard(page, "error"), ["Error: sold out"]);
  assert.equal(stand.asked.length, 2);
});

test("things are mentioned, clicked and looked into, in the field and in the message", async () => {
  talks();
  const { chat, page } = await scene.embed({}, () => ({
    entities: {
      showComposerMenu: true,
      onTagSearch: async (query) => {
        window.tell("search", query);
        const order = { id: "o7", title: "Order 7", group: "Orders", interactive: true, data: { total: "12" } };
        const guest = { id: "u1", title: "Ann", group: "People" };
        return [order, guest].filter(({ title }) => title.includes(query));
      },
      onClick: (entity) => window.tell("click", entity),
      onRequestPreview: async (entity) => {
        window.tell("preview", entity);
        return { preview: { type: "Basic", children: [{ type: "Text", value: `${entity.title}: twelve loaves` }] } };
      },
    },
  }));
  const order = { id: "o7", title: "Order 7", group: "Orders", interactive: true, data: { total: "12" } };
  await chat.button("Mention something").click();
  await options(chat).nth(1).waitFor();
  const groups = chat.root.getByRole("listbox").getByRole("group");
  assert.deepEqual(await groups.evaluateAll((all: HTMLElement[]) => all.map((one) => one.innerText.split("\n"))), [["Orders", "Order 7"], ["People", "Ann"]]);
  await chat.field.pressSequentially("7");
  await eventually(async () => assert.equal(await options(chat).count(), 1));
  await options(chat).click();
  await chat.field.pressSequentially("and @Ann");
  await eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), ["Ann"]));
  await page.keyboard.press("Tab");
  await eventually(async () => assert.equal(await chat.field.inputValue(), "Order 7 and Ann "));

  const composer = chat.root.locator('[part~="composer"]');
  const tag = composer.getByRole("button", { name: "Order 7" });
  // Whoever isn't interactive is only a word.
  assert.equal(await composer.getByRole("button", { name: "Ann" }).count(), 0);
  await tag.click();
  const preview = chat.root.getByRole("group", { name: "Order 7" });
  await preview.getByText("Order 7: twelve loaves").waitFor();
  await page.mouse.move(0, 0);
  await preview.waitFor({ state: "detached" });
  await chat.field.press("Enter");
  await chat.says("Yes.");
  await chat.idle();

  const content = scene.stand.asked[0]?.params.input?.content;
  const { title: text, ...rest } = order;
  const mentioned = { type: "input_tag", text: "Ann", id: "u1", group: "People" };
  assert.deepEqual(content, [{ type: "input_tag", text, ...rest }, { type: "input_text", text: " and " }, mentioned]);
  const chip = chat.questions.getByRole("button", { name: "Order 7" });
  await chip.hover();
  await preview.getByText("Order 7: twelve loaves").waitFor();
  await chip.click();
  // What is typed fast isn't asked for letter by letter.
  const queries = await heard(page, "search");
  assert.deepEqual([queries[0], queries.includes("7"), queries.at(-1)], ["", true, "Ann"]);
  assert.deepEqual(await heard(page, "click"), [order, order]);
  assert.deepEqual(await heard(page, "preview"), [order, order]);
});

test("a thing without a preview shows none, and without a search nothing is mentioned", async () => {
  const { stand } = scene;
  const source = { type: "entity", id: "o7", title: "Order 7", inline_label: "this one", interactive: true } as const;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("It is on its way.", [{ type: "annotation", index: 5, source }]) };
  });
  const { chat, page } = await scene.embed({}, () => ({
    entities: {
      showComposerMenu: true,
      onClick: (entity) => window.tell("click", entity),
      onRequestPreview: async (entity) => (window.tell("preview", entity), { preview: null }),
    },
  }));
  assert.equal(await chat.button("Mention something").count(), 0);
  await chat.field.fill("@");
  await chat.ask("@ all");
  const chip = chat.answers.getByRole("button", { name: "this one" });
  await chip.hover();
  await eventually(async () => assert.equal((await heard(page, "preview")).length, 1));
  await chip.click();
  await eventually(async () => assert.deepEqual(await heard(page, "click"), [{ id: "o7", title: "Order 7", interactive: true }]));
  assert.equal(await chat.root.getByRole("group", { name: "Order 7" }).count(), 0);
});

test("a command puts a thing into the field, opens more commands, or does what the application does", async () => {
  talks();
  const { chat, page } = await scene.embed({ composer: { attachments: { enabled: true }, tools: [{ id: "web", label: "Search", icon: "globe" }] } }, () => ({
    commands: {
      enabled: true,
      onSearch: async (query) => {
        window.tell("search", query);
        const all = [
          { id: "order", label: "Last order", description: "Puts it here", icon: "suitcase" as const },
          { id: "ship", label: "Ship by", group: "Shop" },
        ];
        return all.filter(({ label }) => label.toLowerCase().includes(query));
      },
      onSelect: async (command) => {
        window.tell("select", command);
        if (command.id === "order") return { type: "entity", entity: { id: "o7", title: "Order 7" } };
        if (command.id !== "ship") return;
        return { type: "menu", commands: [{ id: "boat", label: "Boat" }, { id: "mail", label: "Mail" }] };
      },
    },
  }));
  await chat.field.pressSequentially("/");
  const groups = () => chat.root.getByRole("listbox").getByRole("group").evaluateAll((all: HTMLElement[]) => all.map((one) => one.innerText.split("\n")));
  await eventually(async () => assert.deepEqual(await groups(), [["Shop", "Ship by"], ["Commands", "Attach files", "Search"]]));
  assert.deepEqual(await options(chat).first().innerText(), "Last order\nPuts it here");
  await options(chat).first().click();
  await eventually(async () => assert.equal(await chat.field.inputValue(), "Order 7 "));
  await chat.field.pressSequentially("/sh");
  await eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), ["Ship by"]));
  await page.keyboard.press("Enter");
  await eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), ["Boat", "Mail"]));
  await chat.field.pressSequentially("ma");
  await eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), ["Mail"]));
  await page.keyboard.press("Enter");
  await eventually(async () => assert.deepEqual(await options(chat).count(), 0));
  await eventually(async () => assert.equal(await chat.field.inputValue(), "Order 7 "));
  await chat.field.pressSequentially("/search");
  await eventually(async () => assert.deepEqual(await options(chat).allInnerTexts(), ["Search"]));
  await page.keyboard.press("Enter");
  await chat.button("Don't use Search").waitFor();
  await chat.field.press("Enter");
  await chat.says("Yes.");
  const { content, inference_options } = scene.stand.asked[0]?.params.input ?? {};
  assert.deepEqual({ content, inference_options }, {
    content: [{ type: "input_tag", id: "o7", text: "Order 7" }],
    inference_options: { tool_choice: { id: "web" } },
  });
  const picked = (await heard(page, "select")).map((command) => (command as { id: string }).id);
  assert.deepEqual(picked, ["order", "ship", "mail"]);
});

test("without commands a slash is a slash", async () => {
  talks();
  const { chat } = await scene.embed({}, () => ({
    commands: { enabled: false, onSearch: async () => (window.tell("search"), [{ id: "pay", label: "Pay" }]) },
  }));
  await chat.field.pressSequentially("/");
  assert.equal(await chat.field.getAttribute("aria-haspopup"), null);
  await chat.field.press("Enter");
  await chat.says("Yes.");
  assert.deepEqual(scene.stand.asked[0]?.params.input?.content, [{ type: "input_text", text: "/" }]);
  assert.deepEqual(await heard(chat.page, "search"), []);
});

test("options that can't work are refused, and such as nobody knows are said once", async () => {
  const { chat, page } = await scene.embed();
  const said: string[] = [];
  page.on("console", (message) => void said.push(message.text()));
  const refused = await page.evaluate(() => {
    const element = document.querySelector<OpenAIChatKit>("#chat");
    const tried = [{}, { api: {} }, { api: { getClientSecret: async () => "secret" } }];
    return tried.map((options) => {
      try {
        element?.setOptions(options as Parameters<OpenAIChatKit["setOptions"]>[0]);
        return "taken";
      } catch (error) {
        return String(error);
      }
    });
  });
  const why = 'TypeError: chat options: api.url is missing; name the address of the chat\'s server, such as "/chatkit"';
  assert.deepEqual(refused, [why, why, why]);
  for (let time = 0; time < 2; time++) await setOptions(page, { shiny: true } as object);
  await eventually(() => assert.deepEqual(said, ["chat: the option shiny is not known and does nothing"]));
  // What was there before goes on.
  talks();
  await chat.ask("hello");
  await chat.says("Yes.");
});
