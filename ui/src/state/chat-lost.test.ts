import assert from "node:assert/strict";
import { test } from "node:test";

import { assistant, call, delta, done, hello, holding, lines, user } from "../../test/conversation";
import { json, OURS, refused, rest, ScriptedPage, ScriptedStream, until } from "../../test/scripted";
import { en } from "../locale/en";
import type { OpenChat } from "./chat";

const say = (text: string) => ({ content: [{ type: "input_text" as const, text }] });
const shown = (chat: OpenChat) => lines(chat.transcript.value.items);

test("a lost connection is read on after the last event that came", async () => {
  const first = ScriptedStream.ofTurn("turn_1");
  const second = ScriptedStream.ofTurn("turn_1", 5);
  const page = new ScriptedPage().on("threads.create", first.answer);
  page.on("GET /turns/turn_1/events", () => Promise.reject(new TypeError("offline")), () => json({}, {}, 503), second.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(...hello, delta("msg_2", "Good "));
  await until(() => shown(chat)[1] === "Good ");
  first.break();
  await until(() => page.asked.length === 4);
  await until(() => chat.phase.value === "answering");
  assert.deepEqual(page.pauses, [250, 500, 1000]);
  assert.equal(page.asked[3]?.headers.get("last-event-id"), "1-5");
  assert.equal(page.asked[3]?.headers.get("frontdesk-resume"), "1");
  second.send(delta("msg_2", "day"), done(assistant("msg_2", "Good day"))).end();
  await sent;
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
  assert.equal(page.toldNames().filter((name) => name === "response.start").length, 1);
  assert.equal(page.toldNames().filter((name) => name === "response.end").length, 1);
  assert.ok(!page.toldNames().includes("error"));
});

test("while the server can't be reached the phase says so, and pauses grow no longer than 8 s", async () => {
  const first = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", first.answer);
  const phases: string[] = [];
  let tries = 0;
  page.on("GET /turns/turn_1/events", () => {
    phases.push(chat.phase.value);
    if (++tries < 9) throw new TypeError("offline");
    return ScriptedStream.ofTurn("turn_1", 4).send(done(assistant("msg_2", "Hi"))).end().answer();
  });
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(...hello).break();
  await sent;
  assert.deepEqual([...new Set(phases)], ["reconnecting"]);
  assert.deepEqual(page.pauses, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
});

test("a request without an answer is sent again with its key, to a Frontdesk alone", async () => {
  const stream = ScriptedStream.ofTurn("turn_1").send(...hello, done(assistant("msg_2", "Hi"))).end();
  const page = new ScriptedPage().on("threads.list", () => json({ data: [], has_more: false }));
  page.on("threads.create", () => Promise.reject(new TypeError("offline")), stream.answer);
  await page.server.call("threads.list", {});
  const chat = page.open();
  await chat.send(say("Hello"));
  const keys = page.asked.slice(1).map(({ headers }) => headers.get("idempotency-key"));
  assert.deepEqual(keys, ["key-2", "key-2"]);
  assert.deepEqual(shown(chat), ["> Hello", "Hi"]);

  const plain = new ScriptedPage().on("threads.create", () => Promise.reject(new TypeError("offline")));
  await assert.rejects(plain.open().send(say("Hello")), /can't be reached/);
  assert.equal(plain.asked.length, 1);
});

test("a plain server's lost answer is loaded as far as it was kept, and can be tried again", async () => {
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Goo")), {}));
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello, delta("msg_2", "Good ")).break();
  await sent;
  assert.deepEqual(page.names(), ["threads.create", "threads.get_by_id"]);
  assert.deepEqual(shown(chat), ["> Hello", "Goo"]);
  assert.equal(chat.transcript.value.error?.allow_retry, true);
  assert.match(chat.transcript.value.error?.message ?? "", /connection/);
  assert.deepEqual(page.toldNames().slice(-2), ["error", "response.end"]);
});

test("a server that can't tell all events has the thread loaded anew", async () => {
  const first = ScriptedStream.ofTurn("turn_1");
  const second = ScriptedStream.ofTurn("turn_1", 2);
  const page = new ScriptedPage().on("threads.create", first.answer).on("GET /turns/turn_1/events", second.answer);
  page.on(
    "threads.get_by_id",
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good day")), { ...OURS, "Frontdesk-Turn": "turn_1" }),
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good day"), assistant("msg_3", "Bye"))),
  );
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(...hello, delta("msg_2", "Hm"), { type: "frontdesk.reload" });
  await until(() => shown(chat)[1] === "Good day");
  second.send({ type: "frontdesk.reload" });
  await sent;
  assert.deepEqual(shown(chat), ["> Hello", "Good day", "Bye"]);
  assert.equal(page.asked[2]?.headers.get("last-event-id"), null);
});

test("what came before the thread was loaded anew doesn't come after it", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good day"))));
  page.isByFrame = true;
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello);
  await rest();
  page.frames.splice(0).forEach((run) => run());
  stream.send(delta("msg_2", "!"), { type: "frontdesk.reload" });
  await sent;
  page.frames.splice(0).forEach((run) => run());
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
});

test("a turn that is gone has the thread loaded anew, too", async () => {
  const stream = ScriptedStream.ofTurn("turn_1");
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.on("GET /turns/turn_1/events", () => refused(404, "not_found", "not found: turn"));
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good day"))));
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello).break();
  await sent;
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
  assert.equal(chat.transcript.value.error, null);
});

test("a turn that runs and may not be read ends in an error, not in a loop", async () => {
  const page = new ScriptedPage().on("GET /turns/turn_1/events", () => refused(403, "forbidden", "no"));
  page.on("threads.get_by_id", () => json(holding(), { ...OURS, "Frontdesk-Turn": "turn_1" }));
  const chat = page.open();
  await chat.open("thr_1");
  await until(() => chat.phase.value === "ready");
  assert.equal(page.asked.length, 3);
  assert.ok(chat.transcript.value.error);
});

for (const [way, ends] of [["broke", false], ["ended", true]] as const) {
  test(`a message whose stream ${way} before anything came is given back`, async () => {
    const stream = new ScriptedStream();
    const page = new ScriptedPage().on("threads.create", stream.answer);
    const chat = page.open();
    const sent = chat.send(say("Hello"));
    await rest();
    if (ends) stream.end();
    else stream.break();
    await assert.rejects(sent, /connection was lost/);
    assert.equal(chat.transcript.value.unsent, null);
    assert.equal(chat.transcript.value.error, null);
    assert.equal(page.toldNames().filter((name) => name === "error").length, 1);
  });
}

test("a message that was lost leaves the answer before it alone", async () => {
  const before = holding(user("msg_1", "Hello"), assistant("msg_2", "Hi"));
  const page = new ScriptedPage().on("threads.get_by_id", () => json(before, {}));
  page.on("threads.add_user_message", new ScriptedStream().break().answer);
  const chat = page.open();
  await chat.open("thr_1");
  await assert.rejects(chat.send(say("More")), /connection was lost/);
  assert.deepEqual(shown(chat), ["> Hello", "Hi"]);
  assert.equal(chat.transcript.value.error, null);
});

test("a message that the server has kept isn't given back", async () => {
  const page = new ScriptedPage().on(
    "threads.get_by_id",
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Hi")), {}),
    () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Hi"), user("msg_3", "More")), {}),
  );
  page.on("threads.add_user_message", new ScriptedStream().break().answer);
  const chat = page.open();
  await chat.open("thr_1");
  await chat.send(say("More"));
  assert.equal(shown(chat).at(-1), "> More");
  assert.equal(chat.transcript.value.error?.allow_retry, true);
});

const ASKED = ["threads.get_by_id", "GET /turns/turn_1/events"];
const TOO_LONG = { type: "error" as const, code: "custom", message: "It took too long.", allow_retry: true };

/** Its connection is lost, and what comes of the first answer can't be read until the user has signed in again. */
async function losing(page: ScriptedPage): Promise<OpenChat> {
  const first = ScriptedStream.ofTurn("turn_1");
  page.on("threads.create", first.answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  first.send(...hello, delta("msg_2", "Good ")).break();
  await sent;
  assert.match(chat.transcript.value.error?.message ?? "", /sign in/);
  assert.deepEqual(shown(chat), ["> Hello", "Good "]);
  page.asked.length = 0;
  return chat;
}
const signedOut = () => refused(401, "unauthenticated", "the token has expired");
const whole = () => ScriptedStream.ofTurn("turn_1").send(...hello, done(assistant("msg_2", "Good day"))).end().answer();
const failed = () => ScriptedStream.ofTurn("turn_1").send(...hello, done(assistant("msg_2", "Good ")), TOO_LONG).end().answer();
const dropped = () => ScriptedStream.ofTurn("turn_1").end().answer();

for (const [what, found, running, log, asked, after, error] of [
  ["that still runs is read on", [user("msg_1", "Hello")], "turn_1", whole, ASKED, ["> Hello", "Good day"], null],
  ["that is complete by now is shown", [user("msg_1", "Hello"), assistant("msg_2", "Good day")], null, whole, ASKED, ["> Hello", "Good day"], null],
  ["that failed meanwhile isn't shown as if it were whole", [user("msg_1", "Hello"), assistant("msg_2", "Good ")], null, failed, ASKED, ["> Hello", "Good "], TOO_LONG],
  ["that never came is made anew", [user("msg_1", "Hello")], null, dropped, [...ASKED, "threads.retry_after_item"], ["> Hello", "Better"], null],
] as const) {
  test(`an answer that couldn't be read and ${what} when the user tries again`, async () => {
    const page = new ScriptedPage().on("GET /turns/turn_1/events", signedOut, log);
    page.on("threads.get_by_id", signedOut, () => json(holding(...found), { ...OURS, ...(running && { "Frontdesk-Turn": running }) }));
    page.on("threads.retry_after_item", ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_3", "Better"))).end().answer);
    const chat = await losing(page);
    await chat.recover();
    await until(() => chat.phase.value === "ready");
    assert.deepEqual(page.names(), asked);
    assert.deepEqual(shown(chat), after);
    assert.deepEqual(chat.transcript.value.error, error);
  });
}

test("who only comes back sees, too, that the answer failed meanwhile", async () => {
  const page = new ScriptedPage().on("GET /turns/turn_1/events", signedOut, failed);
  page.on("threads.get_by_id", signedOut, () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Good "))));
  const chat = await losing(page);
  await chat.look();
  assert.deepEqual(chat.transcript.value.error, TOO_LONG);
  assert.deepEqual(page.names(), ASKED);
});

test("who tries again in vain is told why, and may try once more", async () => {
  const page = new ScriptedPage().on("GET /turns/turn_1/events", signedOut, whole);
  const complete = holding(user("msg_1", "Hello"), assistant("msg_2", "Good day"));
  page.on("threads.get_by_id", signedOut, () => refused(429, "rate_limited", "slowly"), () => json(complete));
  const chat = await losing(page);
  await assert.rejects(chat.recover(), /a lot at once/);
  assert.equal(chat.transcript.value.error?.message, en.tooMuch);
  assert.equal(chat.transcript.value.error?.allow_retry, true);
  await chat.recover();
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
  assert.equal(chat.transcript.value.error, null);
});

const waiting = [user("msg_1", "Hello"), call("tc_1", "read")] as const;

test("a call that another device's page may be about to answer isn't cut away", async () => {
  const page = new ScriptedPage({ onClientTool: () => assert.fail("it was run") });
  page.on("GET /turns/turn_1/events", signedOut);
  page.on(
    "threads.get_by_id",
    () => json(holding(waiting[0]), { ...OURS, "Frontdesk-Turn": "turn_1" }),
    signedOut,
    () => json(holding(...waiting)),
  );
  const chat = page.open();
  await chat.open("thr_1");
  await until(() => chat.phase.value === "ready");
  assert.match(chat.transcript.value.error?.message ?? "", /sign in/);
  page.asked.length = 0;
  page.on("GET /turns/turn_1/events", ScriptedStream.ofTurn("turn_1").send(...waiting.map(done)).end().answer);
  await chat.recover();
  assert.deepEqual(page.names(), ASKED);
  assert.deepEqual(shown(chat), ["> Hello", "read: pending"]);
  assert.match(chat.transcript.value.error?.message ?? "", /sign in/);
});

test("a call of the page's own turn is answered when the user tries again", async () => {
  const page = new ScriptedPage({ onClientTool: async () => ({ words: 3 }) });
  page.on("GET /turns/turn_1/events", signedOut, ScriptedStream.ofTurn("turn_1").send(...waiting.map(done)).end().answer);
  page.on("threads.get_by_id", signedOut, () => json(holding(...waiting)));
  page.on("threads.add_client_tool_output", ScriptedStream.ofTurn("turn_2").send(done(assistant("msg_3", "Thanks"))).end().answer);
  const chat = await losing(page);
  await chat.recover();
  assert.deepEqual(page.names(), [...ASKED, "threads.get_by_id", "threads.add_client_tool_output"]);
  assert.deepEqual(page.asked.at(-1)?.params, { thread_id: "thr_1", result: { words: 3 } });
  assert.deepEqual(shown(chat), ["> Hello", "read: completed", "Thanks"]);
  assert.equal(chat.transcript.value.error, null);
});

test("a plain server's lost answer is made anew when the user tries again", async () => {
  const stream = new ScriptedStream();
  const page = new ScriptedPage().on("threads.create", stream.answer);
  page.on("threads.get_by_id", () => json(holding(user("msg_1", "Hello"), assistant("msg_2", "Goo")), {}));
  page.on("threads.retry_after_item", new ScriptedStream().send(done(assistant("msg_3", "Good day"))).end().answer);
  const chat = page.open();
  const sent = chat.send(say("Hello"));
  await rest();
  stream.send(...hello, delta("msg_2", "Good ")).break();
  await sent;
  await chat.recover();
  assert.deepEqual(page.names().slice(2), ["threads.retry_after_item"]);
  assert.deepEqual(shown(chat), ["> Hello", "Good day"]);
});
