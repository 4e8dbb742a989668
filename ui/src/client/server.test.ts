import assert from "node:assert/strict";
import { test } from "node:test";

import { created, delta, thread } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream } from "../../test/scripted";
import { en } from "../locale/en";
import type { StreamRequest } from "../protocol/requests";
import { settingsOf } from "../settings";
import { ServerError, troubleOf } from "./failure";
import type { Stream } from "./server";

const REQUEST: StreamRequest = {
  type: "threads.create",
  params: { input: { content: [], attachments: [], inference_options: {} } },
};
const list = (headers = {}) => () => json({ data: [], has_more: false }, headers);
const running = () => ({ signal: new AbortController().signal, key: "key-1" });
const names = (headers: Headers) => [...headers.keys()].sort();
const PLAIN = ["accept-language", "content-type"];

async function all({ events }: Stream): Promise<unknown[]> {
  const told = [];
  for await (const { id, event } of events) told.push([id, event.type]);
  return told;
}

test("a server at the page's own origin is sent our headers from the beginning", async () => {
  const page = new ScriptedPage({ locale: "pt-BR" }).on("threads.create", new ScriptedStream().end().answer);
  await all(await page.server.stream(REQUEST, running()));
  const { headers } = page.asked[0]!;
  assert.deepEqual(names(headers), ["accept", ...PLAIN, "frontdesk-resume", "idempotency-key"].sort());
  assert.equal(headers.get("accept-language"), "pt-BR");
  assert.equal(headers.get("idempotency-key"), "key-1");
});

test("a plain server elsewhere is never sent a header that it may not know", async () => {
  const page = new ScriptedPage({}, "https://other.example/api/chatkit").on("threads.list", list());
  page.on("threads.create", () => new ScriptedStream().end().answer());
  for (let count = 0; count < 2; count++) await all(await page.server.stream(REQUEST, running()));
  assert.deepEqual(page.names(), ["threads.list", "threads.create", "threads.create"]);
  assert.deepEqual(page.asked.map(({ headers }) => names(headers).filter((name) => name !== "accept")), [PLAIN, PLAIN, PLAIN]);
  assert.equal(page.asked[0]?.headers.get("accept-language"), "de-AT");
  assert.equal(page.server.isFrontdesk.value, false);
});

test("a Frontdesk elsewhere is known before the first stream", async () => {
  const page = new ScriptedPage({}, "https://other.example/chatkit").on("threads.list", list(OURS));
  page.on("threads.create", ScriptedStream.ofTurn("turn_1").end().answer);
  const stream = await page.server.stream(REQUEST, running());
  assert.equal(stream.turn, "turn_1");
  assert.deepEqual(names(page.asked[0]!.headers), PLAIN);
  assert.equal(page.asked[1]?.headers.get("idempotency-key"), "key-1");
  assert.equal(page.server.isFrontdesk.value, true);
});

test("another address is another server", async () => {
  const page = new ScriptedPage().on("threads.list", list(OURS));
  await page.server.call("threads.list", {});
  assert.equal(page.server.isFrontdesk.value, true);
  const { api } = page.settings.value;
  page.settings.value = { ...page.settings.value, api: { ...api, url: "https://other.example/chatkit" } };
  assert.equal(page.server.isFrontdesk.value, false);
});

test("a proxy that refuses for the server says nothing of it", async () => {
  const page = new ScriptedPage().on("threads.list", list(OURS), () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await page.server.call("threads.list", {});
  await assert.rejects(page.server.call("threads.list", {}), { status: 502 });
  assert.equal(page.server.isFrontdesk.value, true);
});

test("our own paths lie below the server's address, whatever it is", async () => {
  const found = () => json({ data: [], has_more: false });
  for (const [url, expected] of [
    ["/chatkit", "https://page.example/chatkit/search?q=a%26b&limit=25&after=thr_1"],
    ["chatkit/", "https://page.example/app/chatkit/search?q=a%26b&limit=25&after=thr_1"],
    ["https://other.example/chatkit?tenant=x", "https://other.example/chatkit/search?tenant=x&q=a%26b&limit=25&after=thr_1"],
  ]) {
    const page = new ScriptedPage({}, url).on("GET /search", found);
    await page.server.search("a&b", "thr_1");
    assert.equal(page.asked[0]?.url.href, expected);
  }
});

test("the options as they are now are used", async () => {
  const page = new ScriptedPage().on("threads.list", list());
  const seen: string[] = [];
  const other = async (url: RequestInfo | URL) => {
    seen.push(String(url));
    return json({ data: [], has_more: false });
  };
  page.settings.value = settingsOf({ api: { url: "/elsewhere", domainKey: "", fetch: other as typeof fetch } });
  await page.server.call("threads.list", {});
  assert.deepEqual(seen, ["/elsewhere"]);
  assert.equal(page.asked.length, 0);
});

test("a stream tells each event with the id to read on after", async () => {
  const stream = ScriptedStream.ofTurn("turn_1").send(created, delta("msg_1", "a")).end();
  const page = new ScriptedPage().on("GET /turns/turn%2F1/events", stream.answer);
  const resumed = await page.server.resume("turn/1", "1-7", new AbortController().signal);
  assert.equal(resumed.turn, "turn/1");
  assert.deepEqual(await all(resumed), [["1-1", "thread.created"], ["1-2", "thread.item.updated"]]);
  assert.equal(page.asked[0]?.headers.get("last-event-id"), "1-7");
});

test("what isn't a stream of events is refused", async () => {
  const send = (body: string, type: string) => new Response(body, { headers: { "Content-Type": type } });
  const page = new ScriptedPage().on("threads.create", () => send("<p>Sign in</p>", "text/html"));
  await assert.rejects(page.server.stream(REQUEST, running()), { code: "unreadable" });
  page.on("threads.create", () => send("data: {\n\n", "text/event-stream; charset=utf-8"));
  await assert.rejects(all(await page.server.stream(REQUEST, running())), { code: "unreadable" });
  page.on("threads.create", () => send('data: 1\n\ndata: null\n\ndata: {"type":"x"}\n\n', "text/event-stream"));
  assert.deepEqual(await all(await page.server.stream(REQUEST, running())), [[null, "x"]]);
});

test("a stream with ids that falls silent is lost; a plain one may think for long", async (context) => {
  for (const [stream, expected] of [
    [ScriptedStream.ofTurn("turn_1"), "unreachable"],
    [new ScriptedStream(), "ended"],
  ] as const) {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const page = new ScriptedPage().on("threads.create", stream.send(created).answer);
    const told = all(await page.server.stream(REQUEST, running()));
    const reading: Promise<string> = told.then(() => "ended", (error: ServerError) => error.code);
    await rest();
    context.mock.timers.tick(45_000);
    await rest();
    if (expected === "ended") stream.end();
    assert.equal(await reading, expected);
    context.mock.timers.reset();
  }
});

test("who goes away drops the connection, also where fetch doesn't look at the signal", async () => {
  const stream = new ScriptedStream().send(created);
  const page = new ScriptedPage().on("threads.create", () => stream.answer());
  const going = new AbortController();
  const { events } = await page.server.stream(REQUEST, { signal: going.signal, key: "k" });
  for await (const { event } of events) {
    assert.equal(event.type, "thread.created");
    going.abort();
  }
  assert.equal(stream.isCancelled, true);
});

test("refusals become errors with words for the user, never pages", async () => {
  const page = new ScriptedPage();
  const html = (status: number) => new Response("<html><b>nginx</b></html>", { status, headers: { "Content-Type": "text/html" } });
  const cases: [Response, Partial<ServerError>, string][] = [
    [refused(409, "conflict", "a turn is running"), { status: 409, code: "conflict" }, "A turn is running."],
    [refused(401, "unauthenticated", "no token"), { status: 401 }, en.signInNeeded],
    [refused(404, "not_found", "not found: thread"), { status: 404 }, en.threadGone],
    [refused(500, "internal", "internal error"), { status: 500 }, en.failed],
    [json({ detail: "Thread is locked" }, {}, 423), { code: "refused" }, "Thread is locked."],
    [json({ detail: [{ loc: ["body"] }] }, {}, 422), { code: "http_422" }, en.failed],
    [json(null, {}, 400), { code: "http_400" }, en.failed],
    [html(400), { code: "http_400", message: "the server answered 400" }, en.failed],
    [html(502), { isAway: true }, en.unavailable],
    [new Response("{", { status: 429, headers: { "Content-Type": "application/json", "Retry-After": "7" } }), { wait: 7000 }, en.tooMuch],
  ];
  for (const [response, expected, words] of cases) {
    page.on("threads.get_by_id", () => response);
    await assert.rejects(page.server.call("threads.get_by_id", { thread_id: "thr_1" }), (error) => {
      assert.ok(error instanceof ServerError);
      for (const [key, value] of Object.entries(expected)) assert.equal(error[key as keyof ServerError], value);
      assert.equal(troubleOf(error, en), words);
      return true;
    });
  }
  page.on("threads.get_by_id", () => Promise.reject(new TypeError("Failed to fetch")));
  await assert.rejects(page.server.call("threads.get_by_id", { thread_id: "thr_1" }), { status: 0, code: "unreachable" });
  page.on("threads.get_by_id", () => json(thread()));
  assert.equal((await page.server.call("threads.get_by_id", { thread_id: "thr_1" })).id, "thr_1");
});
