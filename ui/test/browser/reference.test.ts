/** The element with the reference server, from another origin: nothing of ours is needed. */
import type { ChatKitOptions } from "@openai/chatkit";
import type { Page } from "playwright-core";
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";

import { eventually, mustBeQuiet } from "./browser";
import { setOptions, told, useScene } from "./embedding";
import { Program } from "./program";
import { holds } from "./seen";

const python = process.env["FRONTDESK_TEST_PYTHON"];
const skip = !python && "FRONTDESK_TEST_PYTHON names no Python";
const script = path.join(process.env.UI_ROOT ?? ".", "test/browser/reference_server.py");

const scene = useScene();
let reference: Program;
before(async () => {
  if (python) reference = await Program.start(python, [script], {});
});
after(() => reference?.end());

type Upload = "direct" | "two_phase";

/** Opens a chat with a server that nobody else has. */
async function open(user: string, options: Partial<ChatKitOptions> = {}, upload: Upload = "two_phase") {
  const { stand } = scene;
  // The policy of our own page lets nobody call another origin.
  stand.page("/", '<script src="/chatkit.js" async></script>', undefined, {});
  const url = `${reference.url}/${user}`;
  const uploadStrategy = upload === "direct" ? { type: upload, uploadUrl: `${url}/files` } : { type: upload };
  const given = { api: { url: `${url}/chatkit`, domainKey: "local", uploadStrategy }, ...options };
  const embedded = await scene.embed(given);
  const { page } = embedded;
  return {
    ...embedded,
    /** The thread that was opened last, or this one, from the server. */
    async again(threadId?: string): Promise<string> {
      const initialThread = threadId ?? (await lastThread(page));
      await page.reload();
      await setOptions(page, { ...given, initialThread });
      return initialThread;
    },
    isQuiet: () => mustBeQuiet(embedded, stand.url, reference.url),
  };
}

async function lastThread(page: Page): Promise<string> {
  const change = (await told(page)).findLast(([name]) => name === "thread.change")?.[1] as { threadId: string };
  return change.threadId;
}

test("messages are sent, streamed, stopped and loaded again", { skip }, async () => {
  const { chat, again, isQuiet } = await open("counter");
  assert.equal(await chat.ask("count to 3"), "1 2 3 is all.");
  await chat.write("count to 300");
  await chat.says(/^1 2 3 4/);
  await chat.stop.click();
  await chat.send.waitFor();
  const said = await chat.lastAnswer();
  assert.ok(!said.includes("is all"), said);

  await again();
  await chat.says(/^1 2 3 4/);
  assert.ok(!(await chat.lastAnswer()).includes("is all"));
  assert.equal(await chat.questions.count(), 2);
  assert.equal(await chat.ask("count to 2"), "1 2 is all.");
  isQuiet();
});

test("an answer is made anew, and so is one that failed", { skip }, async () => {
  const { chat, again, isQuiet } = await open("gambler", { threadItemActions: { retry: true } });
  assert.equal(await chat.ask("roll"), "Roll 1.");
  await chat.button("Answer again").click();
  await chat.says("Roll 2.");
  await chat.idle();
  await chat.write("stumble");
  await chat.root.getByRole("alert").getByRole("button", { name: "Try again" }).click();
  await chat.says("Back on my feet.");
  await again();
  await chat.says("Back on my feet.");
  await holds(chat.log, `
    - text: "You said: roll The assistant said:"
    - paragraph: Roll 2.
    - button "Copy the answer"
    - text: "You said: stumble The assistant said:"
    - paragraph: Back on my feet.
    - button "Copy the answer"
    - button "Answer again"
  `);
  isQuiet();
});

test("what is thought of an answer is told", { skip }, async () => {
  const { chat, isQuiet } = await open("critic", { threadItemActions: { feedback: true } });
  await chat.ask("roll");
  const think = async (opinion: "Good answer" | "Bad answer") => {
    const taken = chat.page.waitForResponse((answer) => answer.request().postData()?.includes("items.feedback") === true);
    await chat.button(opinion).first().click();
    await taken;
    await eventually(async () => assert.equal(await chat.button(opinion).first().getAttribute("aria-pressed"), "true"));
    return chat.ask("opinions");
  };
  assert.equal(await think("Good answer"), "Opinions: {'Roll 1.': 'positive'}");
  assert.equal(await think("Bad answer"), "Opinions: {'Roll 1.': 'negative'}");
  isQuiet();
});

test("an action of a widget is done, in an answer and at once", { skip }, async () => {
  const { chat, again, isQuiet } = await open("sleeper");
  const is = (state: string) => chat.log.getByText(`The lamp is ${state}`, { exact: true }).waitFor();
  await chat.write("lamp");
  await is("off");
  await chat.button("Switch it on").click();
  await is("on");
  await chat.says("The lamp was switched on.");
  await chat.idle();
  await chat.button("Dim it").click();
  await is("dim");
  await again();
  await is("dim");
  assert.equal(await chat.answers.count(), 1);
  isQuiet();
});

test("a tool of the page is run, and the answer goes on with what it gave", { skip }, async () => {
  const { chat, page, again, isQuiet } = await open("traveller");
  await page.evaluate(() => {
    const onClientTool = ({ name, params }: { name: string; params: object }) => {
      window.tell(name, params);
      return { town: "Jena" };
    };
    Object.assign(window, { more: { onClientTool } });
  });
  await setOptions(page, { api: { url: `${reference.url}/traveller/chatkit`, domainKey: "local" } });
  assert.equal(await chat.ask("locate"), "You are in Jena.");
  assert.deepEqual((await told(page)).filter(([name]) => name === "locate"), [["locate", { precision: "town" }]]);
  await again();
  await chat.says("You are in Jena.");
  isQuiet();
});

test("questions are answered", { skip }, async () => {
  const { chat, again, isQuiet } = await open("customer");
  await chat.write("order");
  const form = chat.root.getByRole("form", { name: "Questions" });
  await form.getByText("Large").click();
  await form.getByRole("button", { name: "Next" }).click();
  await form.getByRole("textbox", { name: "Why?" }).waitFor();
  await form.getByRole("button", { name: "Skip" }).click();
  await chat.says("It is answered: {'size': ['Large'], 'why': 'skipped'}");
  await again();
  await holds(chat.log, `
    - text: "You said: order"
    - term: Which size?
    - definition: Large
    - term: Why?
    - definition: Skipped
    - text: "The assistant said:"
    - paragraph: "It is answered: {'size': ['Large'], 'why': 'skipped'}"
    - button "Copy the answer"
  `);
  isQuiet();
});

test("threads are renamed, opened and deleted", { skip }, async () => {
  const { chat, page, again, isQuiet } = await open("archivist");
  const rows = () => chat.history.getByRole("listitem").getByRole("button", { name: /^(?!Actions)/ }).allInnerTexts();
  const hasRows = async (...names: string[]) => {
    await chat.hasListed();
    await eventually(async () => assert.deepEqual(await rows(), names));
  };
  await chat.ask("roll");
  await chat.openHistory();
  await chat.choose("Untitled chat", "Rename");
  await chat.history.getByRole("textbox", { name: "Name of the chat" }).fill("Dice");
  await page.keyboard.press("Enter");
  await hasRows("Dice");
  await chat.history.getByRole("button", { name: "Close" }).click();
  await chat.button("New chat").click();
  await eventually(async () => assert.equal(await chat.answers.count(), 0));
  assert.equal(await chat.ask("roll"), "Roll 2.");
  await chat.openHistory();
  await hasRows("Untitled chat", "Dice");
  await chat.row("Dice").getByRole("button", { name: "Dice", exact: true }).click();
  await chat.says("Roll 1.");

  const dice = await again();
  await chat.root.getByRole("heading", { name: "Dice" }).waitFor();
  await chat.openHistory();
  await chat.choose("Untitled chat", "Delete");
  const deleted = page.waitForResponse((answer) => answer.request().postData()?.includes("threads.delete") === true);
  await chat.history.getByRole("group", { name: "Delete this chat?" }).getByRole("button", { name: "Delete" }).click();
  await hasRows("Dice");
  assert.ok((await deleted).ok());
  await again(dice);
  await chat.openHistory();
  await hasRows("Dice");
  isQuiet();
});

for (const upload of ["direct", "two_phase"] as const) {
  test(`a file is attached, taken back and sent (${upload})`, { skip }, async () => {
    const { chat, page, again, isQuiet } = await open(upload, { composer: { attachments: { enabled: true } } }, upload);
    const method = upload === "direct" ? "POST" : "PUT";
    const attach = async (name: string) => {
      const taken = page.waitForResponse((answer) => answer.request().method() === method && answer.url().includes("/files"));
      const dialog = page.waitForEvent("filechooser");
      await chat.button("Attach files").click();
      await (await dialog).setFiles({ name, mimeType: "text/plain", buffer: Buffer.from("remember the milk") });
      const files = chat.root.getByRole("list", { name: "Attached files" });
      await files.getByText(name).waitFor();
      assert.ok((await taken).ok());
      await eventually(async () => assert.equal(await files.getByRole("progressbar").count(), 0));
    };
    await attach("wrong.txt");
    await chat.button("Remove wrong.txt").click();
    await attach("notes.txt");
    assert.equal(await chat.ask("Read this"), "notes.txt says remember the milk.");
    await eventually(async () => assert.equal(await chat.ask("files"), "Files: ['notes.txt'], with content: 1"));
    await again();
    await chat.questions.first().getByText("notes.txt").waitFor();
    isQuiet();
  });
}
