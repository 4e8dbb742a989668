/** What belongs to the message field, and what is taken out of answers, with the keyboard alone. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { eventually } from "./browser";
import { useScene } from "./embedding";
import { Keys } from "./keys";

const scene = useScene("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");

async function open(...options: Parameters<typeof scene.embed>) {
  const embedded = await scene.embed(...options);
  return { ...embedded, keys: new Keys(embedded.page) };
}

const sent = () => scene.stand.asked.findLast(({ params }) => params.input)?.params.input;
const text = (said: string) => [{ type: "input_text", text: said }];

test("a model and a tool are chosen without a pointer", async () => {
  const { stand } = scene;
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("Yes.") };
  });
  const { chat, keys } = await open({
    composer: {
      models: [{ id: "small", label: "Small" }, { id: "medium", label: "Medium", default: true }, { id: "huge", label: "Huge" }],
      tools: [{ id: "search", label: "Search the web", icon: "globe" }, { id: "draw", label: "Draw", icon: "images" }],
    },
  });
  await keys.to("Message");
  await keys.to("Model: Medium");
  await keys.press("Enter", "Medium");
  await keys.press("Escape", "Model: Medium");
  await keys.press("ArrowDown", "Medium");
  await keys.press("ArrowDown", "Huge");
  await keys.press("Home", "Small");
  await keys.press("Enter", "Model: Small");

  await keys.to("Add", "Shift+Tab");
  await keys.press("Enter", "Search the web");
  await keys.press("ArrowDown", "Draw");
  await keys.press("Enter", "Message");
  await keys.to("Don't use Draw");
  await keys.press("Enter", "Message");
  await keys.to("Add");
  await keys.press("Enter", "Search the web");
  await keys.press("Enter", "Message");
  await keys.type("pears");
  await keys.press("Enter", "Message");
  await chat.says("Yes.");
  const inference_options = { model: "small", tool_choice: { id: "search" } };
  assert.deepEqual(sent(), { content: text("pears"), attachments: [], inference_options });
});

test("what is spoken is recorded, thrown away and written down without a pointer", async () => {
  scene.stand.on("input.transcribe", () => ({ text: "two loaves" }));
  const { chat, keys } = await open({ composer: { dictation: { enabled: true } } });
  const isRecorded = () => chat.root.getByRole("group", { name: "Recording" }).getByText(/^\d+:(?!00)\d\d$/).waitFor();
  await keys.to("Dictate");
  await keys.press("Enter", "Recording");
  await isRecorded();
  await keys.to("Cancel the recording");
  await keys.press("Enter", "Message");
  await keys.to("Dictate");
  await keys.press("Enter", "Recording");
  await isRecorded();
  await keys.to("Finish the recording");
  await keys.press("Enter", "Message");
  await eventually(async () => assert.equal(await chat.field.inputValue(), "two loaves"));
  assert.deepEqual(scene.stand.asked.map(({ type }) => type), ["input.transcribe"]);
});

test("a picture is pasted, taken back and sent without a pointer", async () => {
  const { stand } = scene;
  const uploads: string[] = [];
  stand.takes("/upload", (body) => {
    uploads.push(body);
    return { type: "file", id: `att_${uploads.length}`, name: "image.png", mime_type: "image/png" };
  });
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("A square.") };
  });
  const { chat, keys, page } = await open({
    api: { url: "/api", domainKey: "local", uploadStrategy: { type: "direct", uploadUrl: "/upload" } },
    composer: { attachments: { enabled: true } },
  });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  // As another program would have put it there.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext("2d")?.fillRect(0, 0, 4, 8);
    await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
  });
  const paste = async () => {
    await keys.press("Control+V", "Message");
    await chat.button("Remove image.png").waitFor();
    await eventually(async () => assert.equal(await chat.root.getByRole("progressbar").count(), 0));
  };
  await keys.to("Message");
  await paste();
  await keys.to("Remove image.png", "Shift+Tab");
  await keys.press("Enter", "Message");
  await chat.button("Remove image.png").waitFor({ state: "detached" });
  await paste();
  await keys.type("What is it?");
  await keys.press("Enter", "Message");
  await chat.says("A square.");
  assert.deepEqual(sent(), { content: text("What is it?"), attachments: ["att_2"], inference_options: {} });
  const files = uploads.map((body) => /filename="([^"]*)"\r\nContent-Type: (\S+)\r\n\r\n(.{4})/.exec(body)?.slice(1));
  assert.deepEqual(files, [["image.png", "image/png", "\x89PNG"], ["image.png", "image/png", "\x89PNG"]]);
});

test("an answer, and code in it, is copied without a pointer", async () => {
  const { stand } = scene;
  const said = "Two kinds:\n\n```js\nlet pears = 3;\n```";
  stand.items.push(stand.said(said));
  const { chat, keys, page } = await open({ initialThread: "thr_1" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await chat.says("Two kinds");
  const isCopied = async (expected: string) =>
    eventually(async () => assert.equal(await page.evaluate(() => navigator.clipboard.readText()), expected));
  await keys.to("Message");
  await keys.to("Copy the answer", "Shift+Tab");
  await keys.press("Enter", "Copy the answer");
  await isCopied(said);
  await keys.to("Copy the code", "Shift+Tab");
  await keys.press("Enter", "Copy the code");
  await isCopied("let pears = 3;");
});

test("words that are selected are quoted without a pointer", async () => {
  const { stand } = scene;
  stand.items.push(stand.said("Pears are dear this year."));
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("It rained.") };
  });
  const { chat, keys } = await open({ initialThread: "thr_1" });
  const quote = async () => {
    // Browsers select by keys only where a cursor can be moved in what is read.
    await chat.answers.first().getByText("Pears are dear this year.").selectText();
    await chat.button("Quote").waitFor();
    await keys.to("Quote");
    await keys.press("Enter", "Message");
  };
  await quote();
  await keys.to("Remove the quote", "Shift+Tab");
  await keys.press("Enter", "Message");
  await chat.button("Remove the quote").waitFor({ state: "detached" });
  await quote();
  await keys.type("Why?");
  await keys.press("Enter", "Message");
  await chat.says("It rained.");
  assert.deepEqual(sent(), { content: text("Why?"), attachments: [], quoted_text: "Pears are dear this year.", inference_options: {} });
});
