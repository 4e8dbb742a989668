// Measures the front end in a real browser, and prints what it finds beside what it should be:
// `node test/bench.mjs [seconds]`. Numbers of one machine at one time.
//
// How long the main thread works until the chat is first drawn, and how often it is drawn anew while an answer of a
// hundred pieces a second streams into a thread of five hundred items.
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { CHROMIUM } from "./chromium.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const seconds = Number(process.argv[2] ?? 10);
const ITEMS = 500;
const DELTAS_A_SECOND = 100;
const LOADS = 7;
/** What a build ends with that is there, and over the budget. */
const TOO_LARGE = 3;
/** Milliseconds of the main thread until the first drawing, and frames a second while an answer streams. */
const GOALS = { firstRender: 100, frames: 60 };
const SOME = "Some **words**, `code` and [a link](https://example.com), as an answer has them.\n\n- one\n- two\n\n";

const base = { thread_id: "thr_1", created_at: "2026-01-02T03:04:05Z" };
const thread = { id: "thr_1", title: "A long one", created_at: base.created_at, status: { type: "active" } };
const said = (id, text) => ({ ...base, id, type: "assistant_message", content: [{ type: "output_text", text, annotations: [] }] });
const asked = (id, text) => {
  const content = [{ type: "input_text", text }];
  return { ...base, id, type: "user_message", content, attachments: [], inference_options: {} };
};
const items = Array.from({ length: ITEMS }, (_, place) =>
  place % 2 === 0 ? asked(`msg_${place}`, `Question ${place}`) : said(`msg_${place}`, SOME.repeat(3)),
);

async function* stream() {
  yield { type: "thread.item.done", item: asked("msg_new", "And now?") };
  yield { type: "thread.item.added", item: said("msg_answer", "") };
  const words = SOME.match(/\S+\s*/g);
  const began = performance.now();
  for (let sent = 0; sent < seconds * DELTAS_A_SECOND; sent++) {
    const due = began + (sent * 1000) / DELTAS_A_SECOND;
    if (due > performance.now()) await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    const update = { type: "assistant_message.content_part.text_delta", content_index: 0, delta: words[sent % words.length] };
    yield { type: "thread.item.updated", item_id: "msg_answer", update };
  }
}

/** Everything at once, so that all items are drawn. */
const VALUES = {
  "threads.list": { data: [thread], has_more: false },
  "threads.get_by_id": { ...thread, items: { data: items, has_more: false } },
  "items.list": { data: items, has_more: false },
};
const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><style>html, body { margin: 0; height: 100%; }
#chat { display: block; height: 100%; }</style><script src="/chatkit.js"></script><openai-chatkit id="chat"></openai-chatkit>`;
/** The same page with a bare field in place of the chat: what the browser, and what drives it, take by themselves. */
const BARE = PAGE.replace(/<script.*$/s, '<div id="chat"><textarea></textarea></div>');

const folder = await mkdtemp(path.join(tmpdir(), "frontdesk-bench-"));
const built = spawnSync(process.execPath, ["build.mjs", folder], { cwd: root, stdio: "inherit" });
if (built.status !== 0 && built.status !== TOO_LARGE) {
  await rm(folder, { recursive: true, force: true });
  process.exit(1);
}
const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    const file = { "/": PAGE, "/bare": BARE }[request.url] ?? (await readFile(path.join(folder, path.normalize(request.url))).catch(() => null));
    const type = request.url.endsWith(".js") ? "text/javascript" : "text/html";
    response.writeHead(file ? 200 : 404, { "content-type": type }).end(file ?? "");
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { type } = JSON.parse(Buffer.concat(chunks));
  if (VALUES[type]) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(VALUES[type]));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for await (const event of stream()) response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-quic", "--disable-dev-shm-usage"],
});
try {
  const line = (what, value, goal = "") => console.log(`${what.padEnd(24)}${value.padStart(8)}${goal && ` (the goal: ${goal})`}`);
  const milliseconds = (value) => `${value.toFixed(0)} ms`;
  const [first, bare] = [[], []];
  for (let load = 0; load < LOADS; load++) {
    first.push(await firstRender(url, setOptions));
    bare.push(await firstRender(`${url}bare`, () => {}));
  }
  const [whole, without] = [first, bare].map((all) => at(all.sort(ascending), 0.5));
  console.log(`the front end in Chromium ${browser.version()} on ${cpus().length} cores, first drawing, median of ${LOADS}`);
  line("main thread, the chat", milliseconds(whole - without), `at most ${GOALS.firstRender} ms`);
  line("with its page", milliseconds(whole));
  line("the page alone", milliseconds(without));
  const frames = (await streaming()).sort(ascending);
  const rate = (share) => (1000 / at(frames, share)).toFixed(0);
  console.log(`${DELTAS_A_SECOND} pieces a second for ${seconds} s into a thread of ${ITEMS} items`);
  line("frames a second p50", rate(0.5), String(GOALS.frames));
  line("frames a second p95", rate(0.95));
  line("longest frame", milliseconds(frames.at(-1)));
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
}

function ascending(one, other) {
  return one - other;
}

function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Milliseconds that the page's main thread worked from its beginning until its field was drawn. */
async function firstRender(address, begin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(address);
  await page.evaluate(begin, {});
  await page.locator("#chat textarea").waitFor();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  const { metrics } = await session.send("Performance.getMetrics");
  await context.close();
  // All tasks: scripts, styles, layout, and what it takes to read and paint besides.
  return metrics.find(({ name }) => name === "TaskDuration").value * 1000;
}

/** Milliseconds between frames while the answer streams. */
async function streaming() {
  const page = await browser.newPage();
  await page.goto(url);
  await page.evaluate(setOptions, { initialThread: "thr_1", thread: { autoScroll: true } });
  await page.locator("#chat").getByText(`Question ${ITEMS - 2}`).waitFor();
  await page.locator("#chat textarea").fill("And now?");
  await page.keyboard.press("Enter");
  await page.locator("#chat .turn").last().getByText("Some").first().waitFor();
  return page.evaluate(async (milliseconds) => {
    const frames = [];
    const began = performance.now();
    let before = began;
    while (performance.now() - began < milliseconds) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      frames.push(now - before);
      before = now;
    }
    return frames;
  }, (seconds - 2) * 1000);
}

function setOptions(options) {
  document.querySelector("#chat").setOptions({ api: { url: "/api", domainKey: "local" }, ...options });
}
