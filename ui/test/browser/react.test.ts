/** The official React wrapper drives the element, also in an application that does more with it: its methods, functions that change. */
import { build } from "esbuild";
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually, mustBeQuiet, openPage } from "./browser";
import { Chat } from "./chat";
import { useScene } from "./embedding";
import { Live } from "./live";

const scene = useScene();

/** Its greeting changes, and it sends. */
const SMALL = `
  import { createRoot } from "react-dom/client";
  import { createElement as h, useState } from "react";
  import { ChatKit, useChatKit } from "@openai/chatkit-react";

  function Application() {
    const [thread, setThread] = useState("none");
    const [greeting, setGreeting] = useState("Good morning");
    const { control, sendUserMessage } = useChatKit({
      api: { url: "/api", domainKey: "local" },
      startScreen: { greeting },
      onThreadChange: ({ threadId }) => setThread(threadId ?? "none"),
    });
    return h("div", { id: "application" },
      h("p", { id: "thread" }, thread),
      h("button", { onClick: () => setGreeting("Good evening") }, "Greet"),
      h("button", { onClick: () => sendUserMessage({ text: "from React" }) }, "Send from React"),
      h(ChatKit, { control, id: "chat", className: "chat" }));
  }
  createRoot(document.querySelector("#root")).render(h(Application));
`;

/** More of it. `atEnd` is what it does when an answer is over. */
const application = (atEnd: string) => `
  import { createRoot } from "react-dom/client";
  import { createElement as h, useState } from "react";
  import { ChatKit, useChatKit } from "@openai/chatkit-react";

  function Application() {
    const [things, setThings] = useState(0);
    const { control, ref, focusComposer, setThreadId, sendUserMessage, sendCustomAction, fetchUpdates } = useChatKit({
      api: { url: "/api", domainKey: "local" },
      onClientTool: ({ name }) => ({ name, things }),
      onResponseEnd: () => ${atEnd},
    });
    return h("div", null,
      h("button", { onClick: () => setThings(things + 1) }, "Things: " + things),
      h("button", { onClick: () => focusComposer() }, "Write"),
      h("button", { onClick: () => setThreadId("thr_1") }, "Open"),
      h("button", { onClick: () => ref.current.setAttribute("data-found", ref.current.localName) }, "Find"),
      h(ChatKit, { control, id: "chat", className: "chat" }));
  }
  createRoot(document.querySelector("#root")).render(h(Application));
`;

const TITLE = 'void (document.title = things + " at the end")';

async function open(source = application(TITLE)) {
  const { stand, browser } = scene;
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: process.env.UI_ROOT, loader: "js" },
    bundle: true,
    write: false,
    format: "iife",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  stand.put("/application.js", "text/javascript", outputFiles[0]?.text ?? "");
  stand.page("/", '<script src="/chatkit.js" async></script><script src="/application.js" defer></script>', '<div id="root"></div>');
  const watched = await openPage(browser);
  const press = (name: string) => watched.page.getByRole("button", { name, exact: true }).click();
  const chat = await new Chat(watched.page).visit(stand.url);
  return { chat, watched, press };
}

test("the official React wrapper drives the element", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Here I am.") };
  });
  const { chat, watched, press } = await open(SMALL);
  await chat.root.getByText("Good morning").waitFor();
  await press("Greet");
  await chat.root.getByText("Good evening").waitFor();
  await press("Send from React");
  await chat.says("Here I am.");
  assert.equal(await chat.questions.innerText(), "You said:\nfrom React");
  await eventually(async () => assert.equal(await watched.page.locator("#thread").innerText(), "thr_1"));
  mustBeQuiet(watched, stand.url);
});

test("the wrapper's ref is the element, and its methods are the element's", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("As far as we got."));
  const { chat, watched, press } = await open();
  await press("Find");
  await eventually(async () => assert.equal(await chat.root.getAttribute("data-found"), "openai-chatkit"));
  await press("Open");
  await chat.says("As far as we got.");
  await press("Write");
  await eventually(async () => assert.equal(await chat.focused(), "Message"));
  mustBeQuiet(watched, stand.url);
});

test("an answer goes on while the application changes its functions, and it is the new ones that are called", async () => {
  const { stand } = scene;
  const live = new Live();
  const item = stand.said("Half an");
  stand.answers(() => live);
  stand.on("threads.add_client_tool_output", async function* () {
    yield { type: "thread.item.done", item: stand.said("Noted.") };
  });
  const { chat, watched, press } = await open();
  await chat.write("go");
  live.tell({ type: "thread.item.added", item });
  await chat.says("Half an");
  await press("Things: 0");
  await press("Things: 1");
  await watched.page.getByRole("button", { name: "Things: 2" }).waitFor();
  await chat.stop.waitFor();
  live.update(item, { type: "assistant_message.content_part.text_delta", content_index: 0, delta: " answer" });
  await chat.says("Half an answer");
  live.tell(
    { type: "thread.item.done", item: { ...item, content: [{ type: "output_text", text: "Half an answer", annotations: [] }] } as typeof item },
    { type: "thread.item.done", item: stand.item("client_tool_call", { status: "pending", call_id: "c1", name: "count", arguments: {} }) },
  );
  live.end();
  await chat.says("Noted.");
  const outputs = stand.asked.filter(({ type }) => type === "threads.add_client_tool_output").map(({ params }) => params["result"]);
  assert.deepEqual(outputs, [{ name: "count", things: 2 }]);
  await eventually(async () => assert.equal(await watched.page.title(), "2 at the end"));
  mustBeQuiet(watched, stand.url);
});

for (const [method, asked] of [
  ['sendUserMessage({ text: "and then" })', "threads.add_user_message"],
  ['sendCustomAction({ type: "note" })', "threads.custom_action"],
  ["fetchUpdates()", "threads.get_by_id"],
  ['setThreadId("thr_1")', "threads.get_by_id"],
] as const) {
  test(`at the end of an answer the application calls ${method}`, async () => {
    const { stand } = scene;
    stand.answers(function* () {
      yield { type: "thread.item.done", item: stand.said("Here.") };
    });
    stand.on("threads.custom_action", async function* () {
      yield { type: "thread.item.done", item: stand.said("Noted.") };
    });
    const { chat, watched } = await open(application(`document.title || (document.title = "asking", ${method}.then(() => (document.title = "done"), (error) => (document.title = String(error))))`));
    await watched.page.evaluate(() => (document.title = ""));
    await chat.write("go");
    await eventually(async () => assert.equal(await watched.page.title(), "done"));
    assert.deepEqual(stand.asked.map(({ type }) => type), ["threads.create", asked]);
    mustBeQuiet(watched, stand.url);
  });
}
