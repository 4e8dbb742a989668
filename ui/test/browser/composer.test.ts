/** What an application sets about the message field: its hint, models, tools, files, and speaking instead of typing. */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Attachment } from "../../src/protocol/items";
import { eventually, mustBeQuiet } from "./browser";
import type { Chat } from "./chat";
import { setOptions, told, useScene } from "./embedding";

const scene = useScene("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");

/** Answers each message with one word. */
function talks() {
  scene.stand.answers(function* () {
    yield { type: "thread.item.done", item: scene.stand.said("Yes.") };
  });
}

const hint = (chat: Chat) => chat.field.getAttribute("placeholder");
const files = (chat: Chat) => chat.root.getByRole("list", { name: "Attached files" });
/** When the first second has passed there is something on the record. */
const SPOKEN = /^\d+:(?!00)\d\d$/;
const text = (said: string) => [{ type: "input_text", text: said }];

test("the field's hint is the application's", async () => {
  const { chat, page } = await scene.embed();
  assert.equal(await hint(chat), "Message the AI");
  await setOptions(page, { composer: { placeholder: "Ask the shop" } });
  await eventually(async () => assert.equal(await hint(chat), "Ask the shop"));
});

const MODELS = [
  { id: "small", label: "Small", description: "Quick" },
  { id: "medium", label: "Medium", default: true },
  { id: "huge", label: "Huge", disabled: true },
];

test("a model is picked from a menu, and goes with each message", async () => {
  talks();
  const { chat, page } = await scene.embed({ composer: { models: MODELS } });
  await chat.ask("one");
  await chat.button("Model: Medium").click();
  const entries = chat.root.getByRole("menuitemradio");
  const described = () =>
    entries.evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute("aria-checked"), one.getAttribute("aria-disabled")]));
  assert.deepEqual(await described(), [["SmallQuick", "false", null], ["Medium", "true", null], ["Huge", "false", "true"]]);
  await entries.filter({ hasText: "Huge" }).click({ force: true });
  await entries.filter({ hasText: "Small" }).click();
  await entries.first().waitFor({ state: "detached" });
  await chat.button("Model: Small").waitFor();
  await chat.ask("two");
  // One model leaves nothing to choose.
  await setOptions(page, { composer: { models: MODELS.slice(1, 2) } });
  await chat.button("Model: Small").waitFor({ state: "detached" });
  await chat.ask("three");
  await setOptions(page, {});
  await chat.ask("four");
  const options = scene.stand.asked.map(({ params }) => params.input?.inference_options);
  assert.deepEqual(options, [{ model: "medium" }, { model: "small" }, { model: "medium" }, {}]);
});

test("tools are in a menu or beside the field, go with one message or all, and change the hint", async () => {
  talks();
  const { chat, page } = await scene.embed({
    composer: {
      placeholder: "Ask the shop",
      tools: [
        { id: "search", label: "Search the web", shortLabel: "Web", icon: "globe", placeholderOverride: "What to look for?" },
        { id: "think", label: "Think longer", icon: "lightbulb", persistent: true },
        { id: "draw", label: "Draw", icon: "images", pinned: true },
      ],
    },
  });
  const tools = chat.root.locator(".composer-tool");
  const shown = () => tools.evaluateAll((all) => all.map((one) => [one.textContent, one.getAttribute("aria-label"), one.getAttribute("aria-pressed")]));
  const pick = async (label: string) => {
    await chat.button("Add").click();
    await chat.root.getByRole("menuitemradio", { name: label }).click();
  };
  assert.deepEqual(await shown(), [["Draw", null, "false"]]);
  await chat.button("Add").click();
  assert.deepEqual(await chat.root.getByRole("menuitemradio").allInnerTexts(), ["Search the web", "Think longer"]);
  await page.keyboard.press("Escape");

  await pick("Search the web");
  await eventually(async () => assert.deepEqual(await shown(), [["Web", "Don't use Search the web", null], ["Draw", null, "false"]]));
  assert.equal(await hint(chat), "What to look for?");
  assert.equal(await chat.focused(), "Message");
  await chat.ask("with the web");
  assert.deepEqual(await shown(), [["Draw", null, "false"]], "it is for one message only");
  assert.equal(await hint(chat), "Ask the shop");

  await pick("Think longer");
  await chat.ask("with thinking");
  await chat.ask("with thinking again");
  await chat.button("Don't use Think longer").click();
  await tools.filter({ hasText: "Draw" }).click();
  await eventually(async () => assert.deepEqual(await shown(), [["Draw", null, "true"]]));
  await chat.ask("a picture");
  await chat.ask("none");
  const choices = scene.stand.asked.map(({ params }) => params.input?.inference_options);
  const choice = (id: string) => ({ tool_choice: { id } });
  assert.deepEqual(choices, [choice("search"), choice("think"), choice("think"), choice("draw"), {}]);
  const changes = (await told(page)).filter(([name]) => name === "tool.change").map(([, detail]) => detail);
  const toolIds = ["search", null, "think", null, "draw", null];
  assert.deepEqual(changes, toolIds.map((toolId) => ({ toolId })));
});

test("files go straight to the application's own address, and their ids with the message", async () => {
  talks();
  const { stand } = scene;
  const taken: [kind: string, body: string][] = [];
  const attachment: Attachment = { type: "file", id: "att_1", name: "list.txt", mime_type: "text/plain" };
  stand.takes("/upload", (body, headers) => {
    taken.push([headers["content-type"]?.split(";")[0] ?? "", body]);
    return attachment;
  });
  const api = { url: "/api", domainKey: "local", uploadStrategy: { type: "direct", uploadUrl: "/upload" } } as const;
  const { chat, page, ...watched } = await scene.embed({ api, composer: { attachments: { enabled: true } } });
  const dialog = page.waitForEvent("filechooser");
  await chat.button("Attach files").click();
  await (await dialog).setFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("bread and milk") });
  await files(chat).getByText("list.txt").waitFor();
  await eventually(async () => assert.equal(await files(chat).getByRole("progressbar").count(), 0));
  await chat.ask("buy this");
  assert.equal(await files(chat).count(), 0);
  assert.equal(taken.length, 1);
  const [[kind, body] = ["", ""]] = taken;
  assert.equal(kind, "multipart/form-data");
  const parts = body.split("\r\n");
  assert.deepEqual(parts.slice(1, 5), ['Content-Disposition: form-data; name="file"; filename="list.txt"', "Content-Type: text/plain", "", "bread and milk"]);
  assert.deepEqual(stand.asked, [
    { type: "threads.create", params: { input: { content: text("buy this"), attachments: ["att_1"], inference_options: {} } } },
  ]);
  mustBeQuiet({ page, ...watched }, stand.url);
});

test("files go in two steps where the application says so, and are deleted when they are taken away", async () => {
  talks();
  const { stand } = scene;
  const taken: string[] = [];
  stand.takes("/upload/att_1", (body) => (taken.push(body.split("\r\n")[4] ?? ""), {}));
  stand.on("attachments.create", ({ name, mime_type }) => {
    const upload_descriptor = { url: `${stand.url}/upload/att_1`, method: "POST", headers: {} };
    return { type: "file", id: "att_1", name, mime_type, upload_descriptor };
  });
  const api = { url: "/api", domainKey: "local", uploadStrategy: { type: "two_phase" } } as const;
  const { chat, page } = await scene.embed({ api, composer: { attachments: { enabled: true } } });
  const dialog = page.waitForEvent("filechooser");
  await chat.button("Attach files").click();
  await (await dialog).setFiles({ name: "list.txt", mimeType: "text/plain", buffer: Buffer.from("bread") });
  await files(chat).getByText("list.txt").waitFor();
  await eventually(async () => assert.equal(await files(chat).getByRole("progressbar").count(), 0));
  await chat.button("Remove list.txt").click();
  await files(chat).waitFor({ state: "detached" });
  await eventually(() => assert.equal(stand.asked.length, 2));
  assert.deepEqual(taken, ["bread"]);
  assert.deepEqual(stand.asked, [
    { type: "attachments.create", params: { name: "list.txt", size: 5, mime_type: "text/plain" } },
    { type: "attachments.delete", params: { attachment_id: "att_1" } },
  ]);
});

test("what may not be attached says why, and isn't sent anywhere", async () => {
  const { chat, page } = await scene.embed({
    composer: { attachments: { enabled: true, maxSize: { "text/*": 2048, "*": 4096 }, maxCount: 1, accept: { "text/plain": [".txt"] } } },
  });
  const attach = async (...given: [name: string, mimeType: string, content: string][]) => {
    const dialog = page.waitForEvent("filechooser");
    await chat.button("Attach files").click();
    const chooser = await dialog;
    assert.equal(chooser.isMultiple(), false);
    assert.equal(await chooser.element().getAttribute("accept"), "text/plain,.txt");
    await chooser.setFiles(given.map(([name, mimeType, content]) => ({ name, mimeType, buffer: Buffer.from(content) })));
  };
  const complaint = chat.root.locator(".composer-complaint");
  await attach(["a.txt", "text/plain", "x".repeat(2049)]);
  await eventually(async () => assert.equal(await complaint.innerText(), "“a.txt” is too large. Files may have up to 2 kB."));
  await attach(["a.png", "image/png", "123"]);
  await eventually(async () => assert.equal(await complaint.innerText(), "“a.png” is not of a type that can be attached."));
  assert.deepEqual(scene.stand.asked, []);
  await setOptions(page, { composer: { attachments: { enabled: false } } });
  await chat.button("Attach files").waitFor({ state: "detached" });
});

test("what is spoken is recorded, and stands in the field as the server has written it down", async () => {
  talks();
  const { stand } = scene;
  stand.on("input.transcribe", () => ({ text: " two loaves " }));
  const { chat, page, ...watched } = await scene.embed();
  assert.equal(await chat.button("Dictate").count(), 0);
  await setOptions(page, { composer: { dictation: { enabled: true } } });
  await chat.field.fill("I want");
  await chat.button("Dictate").click();
  const recorder = chat.root.getByRole("group", { name: "Recording" });
  await recorder.getByText(SPOKEN).waitFor();
  await chat.button("Finish the recording").click();
  await eventually(async () => assert.equal(await chat.field.inputValue(), "I want two loaves"));
  assert.equal(await recorder.count(), 0);
  assert.equal(await chat.focused(), "Message");
  const [asked] = stand.asked;
  const { audio_base64, ...rest } = asked?.params ?? {};
  assert.deepEqual({ ...asked, params: rest }, { type: "input.transcribe", params: { mime_type: "audio/webm;codecs=opus" } });
  const audio = Buffer.from(String(audio_base64), "base64");
  // Every WebM begins so.
  assert.equal(audio.subarray(0, 4).toString("hex"), "1a45dfa3");
  await chat.ask("I want two loaves");
  mustBeQuiet({ page, ...watched }, stand.url);
});

test("a recording that is thrown away goes nowhere, and one that isn't allowed says so", async () => {
  const { chat, page } = await scene.embed({ composer: { dictation: { enabled: true } } });
  await chat.button("Dictate").click();
  await chat.root.getByRole("group", { name: "Recording" }).getByText(SPOKEN).waitFor();
  await page.keyboard.press("Escape");
  await chat.button("Dictate").waitFor();
  assert.equal(await chat.focused(), "Message");
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await chat.button("Dictate").click();
  await chat.root.getByRole("alert").getByText("The microphone may not be used.").waitFor();
  await chat.button("Dictate").waitFor();
  assert.deepEqual(scene.stand.asked, []);
  assert.deepEqual((await told(page)).filter(([name]) => name === "error"), [["error", "NotAllowedError: no"]]);
});
