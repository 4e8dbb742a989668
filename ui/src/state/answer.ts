/** One running answer: reads its events to their end, whatever happens to the connection meanwhile. */

import type { ReadonlySignal } from "@preact/signals";

import { ServerError, troubleOf, unanswered } from "../client/failure";
import type { Server, Stream, Told } from "../client/server";
import type { Phase, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { ClientToolCall, Item } from "../protocol/items";
import type { StreamRequest } from "../protocol/requests";
import type { Settings } from "../settings";
import type { Voice } from "./announcer";
import { Batch, type Change } from "./batch";
import { ToldEffects } from "./effects";
import { loadThread } from "./loading";
import { completed, outputOf } from "./tool";
import { LOST } from "./transcript";
import type { World } from "./world";

/** What an answer is shown in. */
export interface Stage {
  readonly server: Server;
  readonly settings: ReadonlySignal<Settings>;
  readonly words: ReadonlySignal<Words>;
  readonly tell: Tell;
  readonly voice: Voice;
  readonly world: World;
  apply(changes: readonly Change[]): void;
  enter(phase: Phase): void;
  /** Loads the thread anew. Tells which turn runs in it. */
  reload(): Promise<string | null>;
  /** Settles as soon as the chat is in the page, or the signal says that it doesn't matter any more. */
  present(signal: AbortSignal): Promise<void>;
}

/** Milliseconds until the first new try, and between two at most. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;
/** How often a request is sent whose fate is unknown. About half a minute. */
const TRIES = 8;
/** Milliseconds that a stop waits for a request to be answered. */
const STOP_WAIT = 5_000;

export class Answer {
  readonly #stage: Stage;
  readonly #batch: Batch;
  readonly #effects: ToldEffects;
  readonly #abort = new AbortController();
  /** The server that it is of. */
  readonly #url: string;
  /** What is being read, where it can be read again. */
  #turn: string | null = null;
  /** The turn that was asked for here. */
  #own: string | null = null;
  /** The last event that came. */
  #last: string | null = null;
  /** What the server waits for at the end of the stream. */
  #call: ClientToolCall | null = null;
  /** Whether every event came from the stream that was asked for here: nobody can have been before us. */
  #isFirstHand = false;
  #isAsking = false;
  #isInTool = false;
  #isLeft = false;
  #isStopping = false;
  #hasBegun = false;
  #over: Promise<void> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#url = stage.settings.peek().api.url;
    this.#effects = new ToldEffects(stage.world);
    this.#batch = new Batch(stage.world, (changes) => this.#isLeft || stage.apply(changes));
  }

  /** Asks for it. Settles when it is over; rejects where it was refused. `changes` are made as soon as it wasn't. */
  async begin(request: StreamRequest, changes: readonly Change[] = []): Promise<void> {
    const stream = await this.#ask(request);
    // What it leads to is read by whoever opens the thread again.
    if (this.#isLeft) return void (await this.#take(stream, () => {}).catch(() => {}));
    this.#batch.push({ type: "local.begun" }, ...changes);
    await (this.#over = this.#run(stream));
  }

  /** Reads a turn that runs already, from its beginning. */
  async follow(turn: string): Promise<void> {
    this.#turn = turn;
    this.#batch.push({ type: "local.begun" });
    await (this.#over = this.#run(null));
  }

  /** Runs a tool that the thread still waits for. */
  async takeUp(call: ClientToolCall): Promise<void> {
    this.#call = call;
    this.#batch.push({ type: "local.begun" });
    await (this.#over = this.#run(null));
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Whether the application was told that it begins. It isn't told here that it is over: it may want to go on at once. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Ends it. What was said until then stays. */
  async stop(): Promise<void> {
    if (this.#isStopping) return this.#over;
    this.#isStopping = true;
    this.#stage.enter("stopping");
    if (this.#turn) await this.#stopTurn(this.#turn);
    // A request that is on its way to a Frontdesk tells its turn any moment, and that is stopped then.
    else if (this.#isAsking && this.#stage.server.mayOutlive) void this.#giveUp();
    else this.#abort.abort();
    await this.#over;
  }

  /** Nobody looks at it any more. Where turns outlive their readers it goes on. */
  leave(): void {
    this.#isLeft = true;
    this.#batch.drop();
    // What became of a request must be known, and what a tool found out be told.
    if (!this.#isAsking && !this.#isInTool) this.#abort.abort();
  }

  async #run(first: Stream | null): Promise<void> {
    const { tell, voice } = this.#stage;
    this.#hasBegun = true;
    tell("chatkit.response.start");
    voice.begin();
    try {
      let stream = first;
      do {
        if (stream || this.#turn) await this.#read(stream);
        stream = await this.#answerCall();
      } while (stream || this.#turn);
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#fail(error);
    } finally {
      this.#batch.push({ type: "local.ended" });
      this.#batch.flush();
      if (!this.#isLeft) voice.end();
    }
  }

  /** Sends a request until its fate is known. */
  async #ask(request: StreamRequest): Promise<Stream> {
    const { server, world } = this.#stage;
    const asked = { signal: this.#abort.signal, key: world.uuid() };
    this.#turn = null;
    this.#isAsking = true;
    try {
      const stream = await this.#persist(() => server.stream(request, asked));
      this.#turn = this.#own = stream.turn;
      this.#last = null;
      this.#isFirstHand = true;
      if (this.#isLeft || (this.#isStopping && !stream.turn)) this.#abort.abort();
      else if (this.#isStopping && stream.turn) void this.#stopTurn(stream.turn);
      return stream;
    } finally {
      this.#isAsking = false;
    }
  }

  /** Asks again while the server is away. */
  async #persist<T>(ask: () => Promise<T>): Promise<T> {
    const { server, settings } = this.#stage;
    for (let tries = 1; ; tries++) {
      // What was meant for one server isn't for another.
      if (settings.peek().api.url !== this.#url) throw unanswered();
      try {
        return await this.#unlessStopped(ask());
      } catch (error) {
        // Only a Frontdesk knows a request again.
        const mayRepeat = server.isFrontdesk.value && isLoss(error) && tries < TRIES && !this.#isStopping;
        if (!mayRepeat || this.#abort.signal.aborted) throw error;
        await this.#wait(tries);
      }
    }
  }

  /** A request that hangs isn't waited for for ever. */
  async #giveUp(): Promise<void> {
    await this.#stage.world.pause(STOP_WAIT, this.#abort.signal);
    if (this.#isAsking) this.#abort.abort(unanswered());
  }

  /** Reads to the end, and where the connection is lost, on from there. */
  async #read(first: Stream | null): Promise<void> {
    const { server } = this.#stage;
    const { signal } = this.#abort;
    let stream = first;
    let tries = 0;
    for (;;) {
      try {
        if (!stream) {
          this.#isFirstHand = false;
          stream = await server.resume(this.#turn ?? "", this.#last, signal);
        }
        this.#stage.enter(this.#isStopping ? "stopping" : "answering");
        const hasReload = await this.#take(stream, () => (tries = 0));
        if (!hasReload) break;
        if (!(await this.#startAnew())) break;
        // A server that says it over and over isn't asked without a pause.
        if (tries++ > 0) await this.#pause(tries);
      } catch (error) {
        if (signal.aborted) break;
        if (!this.#turn) return this.#lose(error);
        if (isLoss(error)) await this.#wait(++tries);
        else if (!(await this.#startAnew(error))) break;
      }
      stream = null;
      if (signal.aborted) break;
    }
    this.#turn = null;
  }

  /** Takes one stream's events. Whether the server said that they are not all there is. */
  async #take(stream: Stream, hasCome: () => void): Promise<boolean> {
    for await (const told of stream.events) {
      if (this.#abort.signal.aborted) return false;
      if (told.event.type === "frontdesk.reload") return true;
      hasCome();
      if (told.id) this.#last = told.id;
      try {
        this.#hear(told);
      } catch (error) {
        this.#stage.tell("chatkit.log", { name: "event.unreadable", data: { error: String(error) } });
      }
    }
    return false;
  }

  #hear({ event, id }: Told): void {
    const { tell, voice } = this.#stage;
    this.#batch.push(event);
    voice.hear(event);
    switch (event.type) {
      case "client_effect":
        if (!this.#effects.isNew(this.#turn, id)) return;
        // The application may look at what is shown.
        this.#batch.flush();
        return tell("chatkit.effect", { name: event.name, ...(event.data && { data: event.data }) });
      case "error":
        this.#batch.flush();
        return tell("chatkit.error", { error: new Error(event.message ?? event.code ?? "the answer failed") });
      case "thread.item.done":
      case "thread.item.replaced":
        if (event.item.type !== "client_tool_call") return;
        if (event.item.status === "pending") this.#call = event.item;
        else if (this.#call?.id === event.item.id) this.#call = null;
        return;
      case "thread.item.removed":
        if (this.#call?.id === event.item_id) this.#call = null;
    }
  }

  /** Runs the page's tool where the server waits for one. The stream that its output leads to, or a turn to read. */
  async #answerCall(): Promise<Stream | null> {
    const call = this.#call;
    this.#call = null;
    if (!call || this.#abort.signal.aborted || this.#isStopping) return null;
    this.#batch.flush();
    const { settings, tell, world } = this.#stage;
    this.#isInTool = true;
    const running = world.alone(`frontdesk.tool.${call.id}`, async () => {
      if (!this.#isFirstHand && !(await this.#isWaitedFor(call))) return null;
      world.remember(TOOL_KEY, call.id);
      try {
        const result = await this.#unlessStopped(outputOf(call, settings.value.onClientTool, tell));
        const { thread_id } = call;
        const next = await this.#ask({ type: "threads.add_client_tool_output", params: { thread_id, result } });
        this.#batch.push({ type: "thread.item.replaced", item: completed(call, result) });
        return next;
      } finally {
        world.remember(TOOL_KEY, "");
      }
    });
    const stream = await this.#unlessStopped(running).finally(() => (this.#isInTool = false));
    // Somebody else did it: what came of it is read.
    if (!stream) await this.#persist(() => this.#startAnew());
    return stream;
  }

  /** Whether nobody has answered the call meanwhile. */
  async #isWaitedFor({ id, thread_id }: ClientToolCall): Promise<boolean> {
    const { items } = await this.#persist(() => loadThread(this.#stage.server, thread_id));
    return items.some((item) => item.id === id && item.type === "client_tool_call" && item.status === "pending");
  }

  #unlessStopped<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#abort;
    const stopped = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return Promise.race([promise, stopped]);
  }

  /** Loads the thread anew. Whether a turn runs in it: that one is read from its beginning then. */
  async #startAnew(cause?: unknown): Promise<boolean> {
    const before = this.#turn;
    this.#batch.drop();
    this.#call = null;
    this.#turn = this.#isLeft ? null : await this.#stage.reload();
    this.#last = null;
    // A turn that runs and that we may not read would be asked for for ever.
    if (cause && this.#turn === before) throw cause;
    return this.#turn !== null;
  }

  /** The connection is lost, and with it the answer. What the server has kept of it is shown. */
  async #lose(error: unknown): Promise<void> {
    const { reload, words } = this.#stage;
    this.#batch.flush();
    await reload().catch(() => {});
    this.#fail(error, words.value.connectionLost);
  }

  #fail(error: unknown, message = troubleOf(error, this.#stage.words.value)): void {
    const { tell } = this.#stage;
    const turn = this.#turn;
    this.#batch.push({ type: "error", code: LOST, message, allow_retry: true, ...(turn && { turn, isOwn: turn === this.#own }) });
    this.#batch.flush();
    tell("chatkit.error", { error: error instanceof Error ? error : new Error(String(error)) });
  }

  async #stopTurn(turn: string): Promise<void> {
    for (let tries = 1; this.#turn === turn; tries++) {
      try {
        return await this.#stage.server.stop(turn);
      } catch (error) {
        // What can't be stopped is over, or not ours.
        if (!isLoss(error)) return this.#abort.abort();
        await this.#pause(tries);
      }
    }
  }

  async #wait(tries: number): Promise<void> {
    this.#batch.flush();
    if (!this.#isStopping) this.#stage.enter("reconnecting");
    this.#stage.tell("chatkit.log", { name: "reconnect", data: { tries } });
    await this.#pause(tries);
  }

  async #pause(tries: number): Promise<void> {
    const { present, world } = this.#stage;
    const { signal } = this.#abort;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));
    // Not all pages at once when a server comes back.
    await world.pause(longest * (0.5 + world.chance() / 2), signal);
    await present(signal);
  }
}

/** The call that this tab has begun to answer: a reload of the page may break that off. */
const TOOL_KEY = "frontdesk.tool";

/** The call that a thread waits for and that was this tab's to answer. What another device has begun is its own. */
export function brokenOff(items: readonly Item[], world: World): ClientToolCall | null {
  const last = items.findLast(({ type }) => type === "client_tool_call" || type === "user_message");
  const isWaiting = last?.type === "client_tool_call" && last.status === "pending";
  return isWaiting && world.recall(TOOL_KEY) === last.id ? last : null;
}

/** Whether it is the way to the server that is at fault, or the server for a moment. */
function isLoss(error: unknown): boolean {
  return error instanceof ServerError && error.isAway && error.code !== "unreadable";
}
