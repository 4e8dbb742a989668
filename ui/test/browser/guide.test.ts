/** Each block of the guide to the front end does what the guide says, in an application's page. */
import { build } from "esbuild";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { askedElsewhere, eventually, mustBeQuiet, openBrowser, openPage, type Watched } from "./browser";
import { Chat } from "./chat";
import { embed } from "./embedding";
import { Program } from "./program";
import { Stand } from "./stand";

const GUIDE = path.join(process.env["UI_ROOT"] ?? ".", "../docs/guides/front-end.md");
/** By the word after its language. Configurations have none; they are read by tests of the server. */
const BLOCKS = new Map([...readFileSync(GUIDE, "utf8").matchAll(/```\w+ (\S+)\n([^]*?)```/g)].map(([, name = "", text = ""]) => [name, text]));
const tried = new Set<string>();

const SECRET = "a secret that is long enough for HS256";
const folder = mkdtempSync(path.join(tmpdir(), "frontdesk-guide-"));

/** What the application serves, by path. */
const files = new Map<string, { type: string; text: string; headers?: Record<string, string> }>();
let application: Server;
let origin: string;
let browser: Browser;
let desk: Program;
/** Lets in whom the application's tokens name. */
let signedIn: Program;
let users = 0;

before(async () => {
  application = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? "/", origin).pathname);
    response.writeHead(file ? 200 : 404, { "content-type": file?.type ?? "text/plain", ...file?.headers }).end(file?.text);
  });
  await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  writeFileSync(path.join(folder, "jwt"), SECRET);
  const cors = { FRONTDESK__CORS__ALLOWED_ORIGINS: origin };
  const auth = {
    FRONTDESK__AUTH__MODE: "jwt",
    FRONTDESK__AUTH__ISSUER: "https://sso.example.com",
    FRONTDESK__AUTH__AUDIENCE: "frontdesk",
    FRONTDESK__AUTH__SECRET_FILE: path.join(folder, "jwt"),
    FRONTDESK__AUTH__COOKIE: "session",
    FRONTDESK__CORS__ALLOW_CREDENTIALS: "true",
  };
  [browser, desk, signedIn] = await Promise.all([openBrowser(), Program.frontdesk(cors), Program.frontdesk({ ...cors, ...auth })]);
});
after(async () => {
  await browser?.close();
  application?.closeAllConnections();
  application?.close();
  await Promise.all([desk?.end(), signedIn?.end()]);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  users += 1;
  files.clear();
  put("/page.css", "text/css", "html, body, #root { height: 100%; margin: 0; }");
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
});

/** The block, for the servers of this test. */
function block(name: string, server: Program = desk): string {
  const text = BLOCKS.get(name);
  assert.ok(text !== undefined, `the guide has no block ${name}`);
  tried.add(name);
  const own = text.replace(/(https:\/\/chat\.example\.com\/(?:embed|chatkit(?:\/files)?))"/g, `$1?user=reader${users}"`);
  return own.replaceAll("https://chat.example.com", server.url);
}

function put(place: string, type: string, text: string, headers: Record<string, string> = {}): void {
  files.set(place, { type, text, headers });
}

/** The header that the guide gives its pages. */
function policy(server: Program = desk): Record<string, string> {
  const [, name = "", value = ""] = /^([\w-]+): (.+)\n$/.exec(block("policy", server)) ?? [];
  return { [name]: value };
}

const SCRIPT = (server: Program) => `<script src="${server.url}/chatkit.js" defer></script>`;

/** A page under the guide's policy with the element and these lines. */
function page(lines: string, { head = SCRIPT(desk), headers = policy(), body = '<openai-chatkit id="chat"></openai-chatkit>' } = {}): void {
  put("/chat.js", "text/javascript", lines);
  const links = '<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">';
  const text = `<!doctype html><html lang="en"><meta charset="utf-8"><title>An application</title>${links}${head}`;
  put("/", "text/html", `${text}${body}<script type="module" src="/chat.js"></script></html>`, headers);
}

async function open(element = "#chat", options: BrowserContextOptions = {}): Promise<Watched & { chat: Chat }> {
  const watched = await openPage(browser, options);
  await watched.page.goto(origin);
  const chat = new Chat(watched.page, element);
  await chat.field.waitFor();
  return { ...watched, chat };
}

/** Nothing of what comes later is held back by a policy. */
async function showsEverything(chat: Chat): Promise<void> {
  await chat.write("show everything");
  await chat.answers.locator("pre [class^=code-]").first().waitFor();
  await chat.answers.locator("math").first().waitFor();
}

/** Lets the script come only when this holds in the page. */
async function holdScript(watched: Page, until: () => boolean): Promise<void> {
  await watched.route("**/chatkit.js", async (route) => {
    await watched.waitForFunction(until);
    await route.continue();
  });
}

test("the lines make a chat, even where the script comes late", async () => {
  put("/", "text/html", block("page"));
  const watched = await openPage(browser);
  await holdScript(watched.page, () => document.readyState !== "loading");
  const chat = await new Chat(watched.page).visit(origin);
  assert.equal(await chat.ask("say hello"), "You said hello.");
  const height = await chat.root.evaluate((element) => element.clientHeight - innerHeight);
  assert.equal(height, 0, "it isn't as high as the page");
});

test("options may be there before the script", async () => {
  page(block("options-early"), { head: `<script src="${desk.url}/chatkit.js" async></script>` });
  const watched = await openPage(browser);
  await holdScript(watched.page, () => Object.hasOwn(document.querySelector("#chat") ?? {}, "options"));
  const chat = await new Chat(watched.page).visit(origin);
  assert.equal(await chat.ask("say early"), "You said early.");
});

test("the script is a module, too", async () => {
  page(block("module"), { head: "", body: "" });
  const { chat, ...watched } = await open("openai-chatkit");
  await showsEverything(chat);
  mustBeQuiet(watched, origin, desk.url);
});

test("the official wrapper for React drives the element", async () => {
  const mount = 'import { createRoot } from "react-dom/client";\ncreateRoot(document.querySelector("#root")!).render(<Chat />);';
  const { outputFiles } = await build({
    stdin: { contents: `${block("react")}\n${mount}`, resolveDir: process.env["UI_ROOT"] ?? ".", loader: "tsx" },
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "react",
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "warning",
  });
  page(outputFiles[0]?.text ?? "", { body: '<div id="root"></div>' });
  const { chat, page: shown } = await open("openai-chatkit");
  const heard = shown.waitForEvent("console", (message) => message.text().startsWith("thread: thr_"));
  assert.equal(await chat.ask("say react"), "You said react.");
  await heard;
});

test("options say how it begins, and events are heard", async () => {
  page(block("options"));
  const { chat, page: shown, ...watched } = await open();
  await chat.root.getByText("What would you like to know?").waitFor();
  assert.equal(await chat.field.getAttribute("placeholder"), "Ask anything");
  assert.equal(await chat.button("Attach files").count(), 1);
  const heard = shown.waitForEvent("console", (message) => message.text().startsWith("thread: thr_"));
  await chat.button("What can you do?").click();
  await chat.idle();
  await chat.button("Good answer").waitFor();
  await heard;
  mustBeQuiet({ page: shown, ...watched }, origin, desk.url);
});

/** As the application would sign its users in. */
function token(user: string): string {
  const claims = { iss: "https://sso.example.com", aud: "frontdesk", sub: user, exp: Math.floor(Date.now() / 1000) + 600 };
  const body = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

test("a token signs in, and who has none is told so", async () => {
  page(block("token", signedIn), { head: SCRIPT(signedIn), headers: policy(signedIn) });
  const { chat } = await open();
  await chat.write("say nothing");
  await chat.root.getByText("Please sign in again.").first().waitFor();
  put("/token", "application/json", JSON.stringify({ token: token("ann") }));
  assert.equal(await chat.ask("say token"), "You said token.");
});

test("a cookie signs in from another origin", async () => {
  page(block("cookie", signedIn), { head: SCRIPT(signedIn), headers: policy(signedIn) });
  const { chat, page: shown } = await open();
  await shown.context().addCookies([{ name: "session", value: token("ben"), url: signedIn.url }]);
  assert.equal(await chat.ask("say cookie"), "You said cookie.");
});

const MINIMAL = 'document.getElementById("chat").setOptions({ api: { url: "SERVER/chatkit", domainKey: "local" }, ...MORE });';

/** The fewest lines, with more options. */
function minimal(more = "{}"): string {
  return MINIMAL.replace("SERVER", desk.url).replace("MORE", more);
}

test("the policy holds nothing back that is loaded later", async () => {
  page(minimal('{ startScreen: { prompts: [{ label: "Go", prompt: "say go", icon: "lucide:rocket" }] } }'));
  const { chat, requested, ...watched } = await open();
  await eventually(() => assert.ok(requested.some((url) => url.endsWith("/ui/lucide/rocket.svg")), "the icon wasn't asked for"));
  await showsEverything(chat);
  mustBeQuiet({ requested, ...watched }, origin, desk.url);
});

test("a nonce is enough for the script and what it loads, and styles need no permission", async () => {
  const rules = Object.values(policy())[0]?.replace(/script-src [^;]+/, "script-src 'nonce-abc' 'self'").replace(/style-src [^;]+; /, "");
  const head = SCRIPT(desk).replace("<script", '<script nonce="abc"');
  page(minimal(), { head, headers: { "content-security-policy": rules ?? "" } });
  files.delete("/page.css");
  const { chat, complaints } = await open();
  await showsEverything(chat);
  assert.deepEqual(complaints.filter((one) => !one.includes("page.css")), []);
});

test("a picture that the policy forbids is a link, whatever the thread allows", async (t) => {
  const stand = await Stand.open(desk.url);
  t.after(() => stand.close());
  stand.thread.allowed_image_domains = ["pictures.example"];
  stand.answers(function* () {
    yield { type: "thread.item.done", item: stand.said("![A lake](https://pictures.example/lake.png)") };
  });
  const { chat } = await embed(browser, stand);
  await chat.write("show it");
  await chat.answers.getByRole("link", { name: "A lake" }).waitFor();
  assert.equal(await chat.answers.getByRole("img").count(), 0);
  // The browser tells of what it has held back, too.
  askedElsewhere();
});

/** The smallest picture. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

test("files go up directly, and their pictures are shown in an isolated page", async () => {
  const isolated = { "cross-origin-embedder-policy": "require-corp", "cross-origin-opener-policy": "same-origin" };
  page(block("upload"), { headers: { ...policy(), ...isolated } });
  const { chat, page: shown, requested, ...watched } = await open();
  assert.ok(await shown.evaluate(() => crossOriginIsolated));
  await chat.root.locator('input[type="file"]').setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: PICTURE });
  await eventually(async () => assert.equal(await chat.root.getByRole("progressbar").count(), 0));
  await chat.write("say picture");
  await chat.idle();
  const picture = chat.questions.getByRole("img", { name: "dot.png" });
  await eventually(async () => assert.equal(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth), 1));
  assert.equal(requested.filter((url) => url.includes("/chatkit/files?")).length, 1, "it didn't go up directly");
  mustBeQuiet({ page: shown, requested, ...watched }, origin, desk.url);
});

test("a theme has the system's scheme and the application's colours", async () => {
  page(block("theme"));
  const { chat, page: shown } = await open("#chat", { colorScheme: "dark" });
  const style = (name: string) => chat.root.evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), name);
  assert.equal(await style("color-scheme"), "dark");
  await shown.emulateMedia({ colorScheme: "light" });
  await eventually(async () => assert.equal(await style("color-scheme"), "light"));
  assert.equal(await style("--fd-accent"), "#7c3aed");
  assert.equal(await style("font-size"), "15px");
});

test("a page's own styles reach parts and properties", async () => {
  page(minimal());
  put("/page.css", "text/css", `html, body { height: 100%; margin: 0; }\n${block("look")}`);
  const { chat } = await open();
  const header = chat.root.locator('[part~="header"]');
  assert.deepEqual(
    await header.evaluate((element) => {
      const { fontFamily, borderBlockEndWidth } = getComputedStyle(element);
      return [fontFamily, borderBlockEndWidth];
    }),
    ["Georgia, serif", "2px"],
  );
  assert.equal(await chat.send.evaluate((element) => getComputedStyle(element).borderRadius), "4px");
});

test("the parts and properties that the guide names are there", async () => {
  const guide = readFileSync(GUIDE, "utf8");
  const [, sentence = ""] = /\nParts: ([^\n]+)/.exec(guide) ?? [];
  const named = [...sentence.matchAll(/`([\w-]+)`/g)].map(([, part]) => part);
  const [, table = ""] = /\n(\| properties[^]+?)\n\n/.exec(guide) ?? [];
  const properties = table.split("\n").slice(2).flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([\w-]+)`/g)].map(([, name]) => `--fd-${name}`));
  page(minimal());
  const { chat } = await open();
  const unknown = await chat.root.evaluate((element, names) => names.filter((name) => !getComputedStyle(element).getPropertyValue(name)), properties);
  assert.deepEqual([properties.length > 20, unknown], [true, []]);
  const script = await (await fetch(`${desk.url}/chatkit.js`)).text();
  const drawn = new Set([...script.matchAll(/\bpart:(?:\w+\?)?"([\w -]+)"(?::"([\w-]+)")?/g)].flatMap(([, one = "", other = ""]) => [...one.split(" "), other]));
  assert.deepEqual(named.toSorted(), [...drawn].filter(Boolean).toSorted());
});

test("the frame is a chat of its own", async () => {
  put("/", "text/html", `<!doctype html><html lang="en"><title>An application</title>${block("frame")}`);
  const watched = await openPage(browser);
  await watched.page.goto(origin);
  const inside = watched.page.frameLocator("iframe");
  await inside.getByRole("textbox", { name: "Message", exact: true }).fill("say framed");
  await inside.getByRole("button", { name: "Send", exact: true }).click();
  await inside.getByRole("log").getByText("You said framed.").waitFor();
});

test("every block of the guide was tried", () => {
  assert.deepEqual([...BLOCKS.keys()].filter((name) => !tried.has(name)), []);
  assert.ok(tried.size > 10);
});
