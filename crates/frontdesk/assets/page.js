// A plain ChatKit client that resumes. Whatever comes from the server goes in as text, never as markup.
const $ = (id) => document.getElementById(id);
const user = new URLSearchParams(location.search).get("user");
const at = (path) => new URL(path + (user ? `?user=${encodeURIComponent(user)}` : ""), document.baseURI);
const resuming = { "Frontdesk-Resume": "1" };
const items = new Map(), nodes = new Map(); let thread = null, turn = null, last = null, round = 0;
const make = (tag, text = "", className = "") => Object.assign(document.createElement(tag), { textContent: text, className });
const button = (text, onclick) => Object.assign(make("button", text), { type: "button", onclick });
const message = async (answer) => (await answer.json().catch(() => null))?.error?.message ?? answer.statusText;
const checked = async (answer) => { if (answer.ok) return answer; throw new Error(await message(answer)); };
const post = async (path, body) => checked(await fetch(at(path), {
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...resuming } }));
const call = (type, params) => post("chatkit", { type, params });
function draw(item, { type, style, label, value, children = [], onClickAction: { type: kind, payload } = {} }) {
  const action = { type: kind, payload }, press = () => $("send").hidden ||
    stream("threads.custom_action", { thread_id: thread, item_id: item.id, action });
  const node = type === "Button" ? Object.assign(button(label, press), { className: style }) : make("div", value, type);
  node.append(...[children].flat().map((child) => draw(item, child))); return node;
}
function show(item) {
  if (!nodes.has(item.id)) nodes.set(item.id, $("log").appendChild(make("article")));
  items.set(item.id, item);
  const node = nodes.get(item.id), tasks = item.workflow?.tasks ?? (item.task && [item.task]);
  Object.assign(node, { className: tasks ? "workflow" : item.type, hidden: item.type === "end_of_turn" });
  if (tasks) node.replaceChildren(...tasks.map((task) =>
    make("div", [task.title, task.content].filter(Boolean).join(": "), task.status_indicator)));
  else if (item.widget) node.replaceChildren(draw(item, item.widget));
  else node.textContent = item.content?.map((part) => part?.text).join("") ?? `(${item.type})`;
  node.scrollIntoView({ block: "end" });
}
function update(item, { type, content_index: part, task_index: task, ...change }) {
  if (type.endsWith("content_part.added") || type.endsWith("content_part.done")) item.content[part] = change.content;
  if (type.endsWith("text_delta")) (item.content[part] ??= { text: "" }).text += change.delta;
  if (type.startsWith("workflow.task.")) item.workflow.tasks[task] = change.task;
  show(item);
}
function notice(text, again) {
  const node = $("log").appendChild(make("article", `${text} `, "error"));
  if (again) node.append(button("Try again", () => { node.remove(); again(); }));
  node.scrollIntoView({ block: "end" });
}
const asked = () => [...items.values()].findLast((item) => item.type === "user_message")?.id;
const retry = () => stream("threads.retry_after_item", { thread_id: thread, item_id: asked() });
function handle({ type, item, ...event }) {
  if (type === "thread.created") {
    thread = event.thread.id;
    history.replaceState(null, "", Object.assign(new URL(location.href), { hash: thread }));
  }
  if (/^thread\.item\.(added|done|replaced)$/.test(type)) show(item);
  if (type === "thread.item.updated" && items.has(event.item_id)) update(items.get(event.item_id), event.update);
  if (type === "thread.item.removed") { nodes.get(event.item_id)?.remove(); nodes.delete(event.item_id); items.delete(event.item_id); }
  if (type === "progress_update") $("status").textContent = event.text;
  if (type === "notice") notice(event.message); else if (type === "frontdesk.reload") open();
  if (type === "error") notice(event.message ?? "Something went wrong.", event.allow_retry && retry);
}
async function read(answer, mine) {
  const chunks = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await chunks.read();
    if (done || mine !== round) return chunks.cancel();
    const events = (rest + value).split("\n\n"); rest = events.pop();
    for (const line of events.flatMap((event) => event.split("\n"))) {
      if (line.startsWith("id: ")) last = line.slice(4);
      if (line.startsWith("data: ")) handle(JSON.parse(line.slice(6)));
    }
  }
}
function busy(yes) { $("stop").hidden = !yes; $("send").hidden = yes; $("status").textContent = yes ? "…" : ""; }
async function follow(ask) {
  const mine = ++round, headers = () => ({ ...resuming, ...(last && { "Last-Event-ID": last }) });
  busy(true);
  for (let tries = 0; mine === round; tries++) try {
    const answer = await (turn ? fetch(at(`chatkit/turns/${turn}/events`), { headers: headers() }).then(checked) : ask());
    turn = answer.headers.get("Frontdesk-Turn") ?? turn;
    await read(answer, mine); break;
  } catch (error) {
    if (mine === round && (!turn || tries > 4)) { notice(error.message, () => follow(ask)); break; }
    await new Promise((wake) => setTimeout(wake, 400 * 2 ** tries));
  }
  if (mine === round) { busy(false); await list(); }
}
function stream(type, params) { turn = last = null; return follow(() => call(type, params)); }
function send(text) {
  const input = { content: [{ type: "input_text", text }], attachments: [], inference_options: {} };
  return thread ? stream("threads.add_user_message", { thread_id: thread, input }) : stream("threads.create", { input });
}
async function list() {
  const { data } = await (await call("threads.list", { limit: 20, order: "desc" })).json();
  $("threads").replaceChildren(...data.map(({ id, title }) => Object.assign(
    button(title ?? "New chat", () => { location.hash = id; }), { ariaCurrent: id === thread ? "true" : null })));
}
async function open() {
  const mine = ++round;
  thread = location.hash.slice(1) || null; turn = last = null; items.clear(); nodes.clear(); $("log").replaceChildren(); busy(false);
  try {
    if (thread) {
      const answer = await call("threads.get_by_id", { thread_id: thread });
      const page = await (await call("items.list", { thread_id: thread, limit: 100, order: "desc" })).json();
      if (mine !== round) return;
      page.data.reverse().forEach(show);
      turn = answer.headers.get("Frontdesk-Turn");
    }
    await (turn ? follow() : list());
  } catch (error) { thread = null; notice(error.message); }
}
$("who").textContent = `signed in as ${user ?? "dev"}`;
function submit(text) { if (text && !$("send").hidden) { $("text").value = ""; send(text); } }
$("form").onsubmit = (event) => { event.preventDefault(); submit($("text").value.trim()); };
$("stop").onclick = () => turn && post(`chatkit/turns/${turn}/stop`, {}).catch((error) => notice(error.message));
$("new").onclick = () => { location.hash = ""; $("text").focus(); };
$("suggestions").append(...["Add a task: buy milk", "What are my tasks?", "Complete the first one"]
  .map((text) => button(text, () => submit(text))));
addEventListener("hashchange", open);
open();
