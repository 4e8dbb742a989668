/** The thread that is open, and everything that can be done in it. */

import { batch, signal, type ReadonlySignal } from "@preact/signals";

import { isStop, ServerError, troubleOf } from "../client/failure";
import type { Server } from "../client/server";
import type { Chat, Outgoing, Phase, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { ClientToolCall, Item } from "../protocol/items";
import type { CustomAction, Feedback, StreamRequest, StructuredSubmission } from "../protocol/requests";
import type { Action } from "../protocol/widget";
import type { Settings } from "../settings";
import { askPage } from "./action";
import type { Voice } from "./announcer";
import { Answer, brokenOff, type Stage } from "./answer";
import type { Change } from "./batch";
import { joined, loadItems, loadThread, type Loaded } from "./loading";
import { requestOf, unsentOf } from "./outgoing";
import { reduce } from "./reduce";
import { EMPTY, loaded, LOST, type Failure, type Transcript } from "./transcript";
import type { World } from "./world";

export interface ChatParts {
  server: Server;
  settings: ReadonlySignal<Settings>;
  words: ReadonlySignal<Words>;
  tell: Tell;
  voice: Voice;
  world: World;
}

/** Milliseconds between two looks whether something happened in another tab. */
const LOOK_EVERY = 10_000;

export class OpenChat implements Chat {
  readonly transcript = signal<Transcript>(EMPTY);
  readonly threadId = signal<string | null>(null);
  readonly phase = signal<Phase>("ready");
  readonly hasOlder = signal(false);
  readonly trouble = signal<string | null>(null);
  /** Whether the chat is in the page. While it isn't, a server that is away isn't asked again. */
  readonly isPresent = signal(true);
  readonly canEdit: ReadonlySignal<boolean>;
  readonly #parts: ChatParts;
  #older: string | null = null;
  #answer: Answer | null = null;
  /** Counts threads that were opened: what was asked for before is of no use after. */
  #visit = 0;
  /** What the application believes to be open. */
  #told: string | null = null;
  #looked = 0;
  /** The visit that older items are being loaded for. */
  #loadsOlder: number | null = null;
  /** Counts what was changed without an answer: what was asked for before is older. */
  #changes = 0;

  constructor(parts: ChatParts) {
    this.#parts = parts;
    this.canEdit = parts.server.isFrontdesk;
  }

  async open(threadId: string | null): Promise<void> {
    if (threadId !== null && threadId === this.threadId.value && this.trouble.value === null) {
      if (this.phase.value === "ready") await this.refresh();
      return;
    }
    const visit = ++this.#visit;
    const { tell } = this.#parts;
    this.#answer?.leave();
    this.#answer = null;
    batch(() => {
      this.#older = null;
      this.hasOlder.value = false;
      this.trouble.value = null;
      this.transcript.value = EMPTY;
      this.threadId.value = threadId;
      this.phase.value = threadId === null ? "ready" : "loading";
    });
    if (threadId === null) return this.#changed();
    tell("chatkit.thread.load.start", { threadId });
    const found = await this.#load(threadId, visit);
    tell("chatkit.thread.load.end", { threadId });
    if (found && visit === this.#visit) this.#goOn(found);
  }

  async loadOlder(): Promise<void> {
    const { threadId, visit, older } = { threadId: this.threadId.value, visit: this.#visit, older: this.#older };
    if (threadId === null || older === null || this.#loadsOlder === visit) return;
    this.#loadsOlder = visit;
    try {
      const page = await loadItems(this.#parts.server, threadId, older);
      if (visit !== this.#visit) return;
      this.#older = page.older;
      this.hasOlder.value = page.older !== null;
      this.#apply([{ type: "local.older", items: page.items }]);
    } catch (error) {
      throw this.#complain(error);
    } finally {
      if (this.#loadsOlder === visit) this.#loadsOlder = null;
    }
  }

  async send(message: Outgoing): Promise<void> {
    this.mustBeReady();
    if (message.newThread && this.threadId.value !== null) await this.open(null);
    // Nobody would see what is said into a thread that isn't shown.
    else if (this.trouble.value !== null) await this.open(this.threadId.value);
    this.#mustBeShown();
    // Somebody else may have been as quick.
    this.mustBeReady();
    const { server, world } = this.#parts;
    const threadId = this.threadId.value;
    this.#apply([{ type: "local.sent", message: unsentOf(message, threadId, world) }]);
    await this.#ask(requestOf(message, threadId, server.isFrontdesk.value));
  }

  async retry(messageId: string): Promise<void> {
    const thread_id = this.#mustBeOpen();
    const request: StreamRequest = { type: "threads.retry_after_item", params: { thread_id, item_id: messageId } };
    await this.#ask(request, [{ type: "local.cut", item_id: messageId }]).catch((refused: Error) => this.#refuse(refused, thread_id));
  }

  async recover(): Promise<void> {
    this.mustBeReady();
    const { threadId: { value: threadId }, transcript: { value: { error } } } = this;
    // A Frontdesk goes on without its readers.
    if (this.#isLost(error)) {
      await this.refresh().catch((refused: Error) => this.#refuse(refused, threadId, error?.again));
      if (this.phase.value !== "ready" || this.transcript.value.error !== error) return;
      const call = error?.turn ? pending(this.transcript.value.items.at(-1)) : null;
      if (call && error?.isOwn) return this.#answering((answer) => answer.takeUp(call), error.again);
      // Another device does what the thread waits for.
      if (call) return;
    }
    const again = error?.again;
    if (again) return this.#ask(again).catch((refused: Error) => this.#refuse(refused, threadId, again));
    const last = this.transcript.value.items.findLast(({ type }) => type === "user_message");
    if (last) await this.retry(last.id);
  }

  async stop(): Promise<void> {
    await this.#answer?.stop();
  }

  async act(action: Action, item?: Item): Promise<void> {
    if (action.handler === "client") {
      await askPage(action, item, this.#parts.settings.value.onWidgetAction).catch((error: unknown) => {
        throw this.#complain(error);
      });
      return;
    }
    const { type, payload } = action;
    const asked = { type, ...(payload !== undefined && { payload }) };
    await (action.streaming === false ? this.#actAtOnce(asked, item?.id) : this.actOn(asked, item?.id));
  }

  /** An action of a widget, or of the application. */
  async actOn(action: CustomAction, itemId?: string): Promise<void> {
    const thread_id = this.#mustBeOpen();
    const params = { thread_id, ...(itemId && { item_id: itemId }), action };
    await this.#ask({ type: "threads.custom_action", params });
  }

  async submit(itemId: string, submission: StructuredSubmission): Promise<void> {
    const thread_id = this.#mustBeOpen();
    await this.#ask({ type: "threads.add_structured_input", params: { thread_id, item_id: itemId, input: submission } });
  }

  async rate(itemIds: string[], kind: Feedback): Promise<void> {
    const thread_id = this.threadId.value;
    if (thread_id === null) return;
    await this.#call("items.feedback", { thread_id, item_ids: itemIds, kind });
  }

  dismiss(notice: number): void {
    this.#apply([{ type: "local.dismissed", key: notice }]);
  }

  async refresh(): Promise<void> {
    this.mustBeReady();
    const threadId = this.threadId.value;
    if (threadId === null) return;
    if (this.trouble.value !== null) return this.open(threadId);
    try {
      await this.#refresh(threadId);
    } catch (error) {
      throw this.#complain(error);
    }
  }

  /** The user is here again: another tab may have gone on. */
  async look(): Promise<void> {
    const { server, world } = this.#parts;
    const threadId = this.threadId.value;
    const isIdle = this.phase.value === "ready" && threadId !== null && this.trouble.value === null;
    if (!isIdle || !server.isFrontdesk.value || world.now() - this.#looked < LOOK_EVERY) return;
    this.#looked = world.now();
    // Whoever comes back while the server is away has asked for nothing.
    await this.#refresh(threadId).catch(() => {});
  }

  /** Throws while a thread is being loaded or an answer runs. */
  mustBeReady(): void {
    if (this.phase.value === "ready") return;
    const why = this.phase.value === "loading" ? "a thread is being loaded" : "an answer is running";
    throw new Error(`the chat is busy: ${why}`);
  }

  /** What the history knows of the open thread. */
  apply(change: Change): void {
    this.#changes++;
    this.#apply([change]);
  }

  /** Shows the thread, or why not. */
  async #load(threadId: string, visit: number): Promise<Loaded | null> {
    try {
      const found = await loadThread(this.#parts.server, threadId);
      if (visit !== this.#visit) return null;
      this.phase.value = "ready";
      this.#show(found);
      this.#changed();
      return found;
    } catch (error) {
      if (visit !== this.#visit) return null;
      this.phase.value = "ready";
      this.trouble.value = this.#complain(error).message;
      return null;
    }
  }

  async #refresh(threadId: string): Promise<void> {
    const [visit, changes] = [this.#visit, this.#changes];
    const found = await loadThread(this.#parts.server, threadId);
    const failure = found.turn === null ? await this.#failureOf(found) : null;
    // What happened here meanwhile is newer.
    if (visit !== this.#visit || this.phase.value !== "ready") return;
    if (changes !== this.#changes) return this.#refresh(threadId);
    const { notices, error, items } = this.transcript.value;
    const last = found.items.at(-1);
    const isMended = this.#isLost(error) ? isAnswered(last) : items.at(-1)?.id !== last?.id;
    // A turn that runs tells its own again.
    this.#show(found, found.turn === null ? { notices, error: failure ?? (isMended ? null : error) } : {});
    this.#goOn(found, error?.turn === found.turn ? error?.again : undefined);
  }

  /** Whether it is only here that the answer was lost. */
  #isLost(error: Transcript["error"]): boolean {
    return error?.code === LOST && this.#parts.server.isFrontdesk.value;
  }

  /** How the turn failed that is over and couldn't be read to its end: what is left of its answer doesn't tell. */
  async #failureOf(found: Loaded): Promise<Failure | null> {
    const { error, items } = this.transcript.value;
    if (!error?.turn || !this.#isLost(error) || hasNewQuestion(items, found)) return null;
    let failure: Failure | null = null;
    try {
      const { events } = await this.#parts.server.resume(error.turn, null, new AbortController().signal);
      for await (const { event } of events) if (event.type === "error") failure = failureOf(event, error.again);
    } catch (refused) {
      // What may not be read any more tells nothing.
      if (!(refused instanceof ServerError) || refused.isAway) throw refused;
    }
    return failure;
  }

  async #actAtOnce(action: CustomAction, itemId: string | undefined): Promise<void> {
    const { threadId: { value: thread_id }, transcript } = this;
    if (thread_id === null) throw new Error("no thread is open to act in");
    const { updated_item: item } = await this.#call("threads.sync_custom_action", {
      thread_id,
      ...(itemId && { item_id: itemId }),
      action,
    });
    const isShown = transcript.value.items.some(({ id }) => id === item?.id);
    if (item && isShown) this.apply({ type: "thread.item.replaced", item });
  }

  readonly #call: Server["call"] = async (...asked) => {
    try {
      return await this.#parts.server.call(...asked);
    } catch (error) {
      throw this.#complain(error);
    }
  };

  async #ask(request: StreamRequest, changes: readonly Change[] = []): Promise<void> {
    const last = this.transcript.value.items.at(-1)?.id;
    await this.#answering(async (answer) => {
      try {
        await answer.begin(request, changes);
      } catch (error) {
        if (this.#answer === answer) this.#apply([{ type: "local.refused" }]);
        throw this.#complain(error);
      }
      if (this.#answer === answer) this.#mustBeTaken(answer, last);
    }, repeatable(request, this.transcript.value.items));
  }

  /** A stream may break, or end, before the server has taken the message. `last` was the last item before it. */
  #mustBeTaken({ isStopping }: Answer, last: string | undefined): void {
    const { unsent, error, items } = this.transcript.value;
    if (!unsent || items.at(-1)?.id !== last) return;
    this.#apply([{ type: "local.refused" }]);
    if (isStopping) throw new DOMException("stopped", "AbortError");
    const lost = new Error(error?.message ?? this.#parts.words.value.connectionLost);
    if (!error) this.#parts.tell("chatkit.error", { error: lost });
    throw lost;
  }

  /** Shows the turn that runs, or does what the thread waits for. */
  #goOn({ turn, items }: Loaded, again?: StreamRequest): void {
    const call = brokenOff(items, this.#parts.world);
    if (turn !== null) void this.#answering((answer) => answer.follow(turn), again);
    else if (call) void this.#answering((answer) => answer.takeUp(call));
  }

  /** `again` is what to ask for once more should it fail, where that isn't the answer to a message. */
  async #answering(run: (answer: Answer) => Promise<void>, again?: StreamRequest): Promise<void> {
    const answer = new Answer(this.#stage(() => this.#answer === answer, again));
    const threadId = this.threadId.value;
    this.#answer = answer;
    this.#visit++;
    this.phase.value = "answering";
    try {
      await run(answer);
    } finally {
      const isHere = this.#answer === answer;
      if (isHere) {
        this.#answer = null;
        this.phase.value = "ready";
      }
      // Only now: whoever hears it may ask for something else at once.
      if (answer.hasBegun) this.#parts.tell("chatkit.response.end");
      // The user came back before it was over.
      const isBack = !isHere && threadId !== null && threadId === this.threadId.value;
      if (isBack && this.phase.peek() === "ready") void this.#refresh(threadId).catch(() => {});
    }
  }

  #stage(isCurrent: () => boolean, again?: StreamRequest): Stage {
    return {
      ...this.#parts,
      apply: (changes) => {
        if (isCurrent()) this.#apply(changes.map((change) => (change.type === "error" ? failureOf(change, again) : change)));
      },
      enter: (phase) => {
        if (isCurrent()) this.phase.value = phase;
      },
      reload: async () => {
        const threadId = this.threadId.value;
        if (threadId === null) return null;
        const found = await loadThread(this.#parts.server, threadId);
        if (!isCurrent()) return null;
        this.#show(found);
        return found.turn;
      },
      present: (signal) => becomes(this.isPresent, signal),
    };
  }

  #show(found: Loaded, kept: Partial<Transcript> = {}): void {
    batch(() => {
      const { items: before, unsent } = this.transcript.value;
      const hasCome = hasNewQuestion(before, found);
      const items = joined(before, found);
      // Where older ones stay, their beginning does, too.
      if (items === found.items) this.#older = found.older;
      this.hasOlder.value = this.#older !== null;
      this.transcript.value = { ...loaded(found.thread, items), unsent: hasCome ? null : unsent, ...kept };
    });
  }

  #apply(changes: readonly Change[]): void {
    batch(() => {
      this.transcript.value = changes.reduce<Transcript>(this.#reduce, this.transcript.value);
      const id = this.transcript.value.thread?.id;
      if (id !== undefined) this.threadId.value = id;
    });
    if (this.transcript.value.thread) this.#changed();
  }

  /** What can't be understood changes nothing, and takes nothing else with it. */
  readonly #reduce = (state: Transcript, change: Change): Transcript => {
    try {
      return reduce(state, change);
    } catch (error) {
      this.#parts.tell("chatkit.log", { name: "event.unreadable", data: { error: String(error) } });
      return state;
    }
  };

  #changed(): void {
    const threadId = this.threadId.value;
    if (threadId === this.#told) return;
    this.#told = threadId;
    this.#parts.tell("chatkit.thread.change", { threadId });
  }

  #mustBeOpen(): string {
    this.mustBeReady();
    if (this.threadId.value === null) throw new Error("no thread is open to act in");
    this.#mustBeShown();
    return this.threadId.value;
  }

  #mustBeShown(): void {
    if (this.trouble.value !== null) throw new Error(this.trouble.value);
  }

  /** Says in the transcript why nothing is made anew, or done again. */
  #refuse(refused: Error, threadId: string | null, again?: StreamRequest): never {
    const { again: _, ...error } = this.transcript.value.error ?? {};
    if (!isStop(refused) && threadId === this.threadId.value) {
      this.#apply([failureOf({ ...error, type: "error", message: refused.message, allow_retry: true }, again)]);
    }
    throw refused;
  }

  /** Tells the application, and gives the error in words for the user. */
  #complain(cause: unknown): Error {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    // Whoever stopped it knows.
    if (error.name !== "AbortError") this.#parts.tell("chatkit.error", { error });
    return new Error(troubleOf(error, this.#parts.words.value), { cause });
  }
}

/** The request, where it is what to ask for once more should it fail. An approval counts once, whatever comes of it. */
function repeatable(request: StreamRequest, items: readonly Item[]): StreamRequest | undefined {
  if (request.type !== "threads.custom_action") return undefined;
  const item = items.find(({ id }) => id === request.params.item_id);
  const isApproval = item?.type === "widget" && String(item.widget.key).startsWith("frontdesk.approval/");
  return isApproval ? undefined : request;
}

function failureOf(error: Failure, again: StreamRequest | undefined): Failure {
  return again ? { ...error, again } : error;
}

/** Whether a thread that ends with it waits for nothing. */
function isAnswered(last: Item | undefined): boolean {
  return last !== undefined && last.type !== "user_message" && !pending(last);
}

/** The call that a thread waits for that ends with it. */
function pending(last: Item | undefined): ClientToolCall | null {
  return last?.type === "client_tool_call" && last.status === "pending" ? last : null;
}

function hasNewQuestion(before: readonly Item[], { items }: Loaded): boolean {
  const known = new Set(before.map(({ id }) => id));
  return items.some(({ type, id }) => type === "user_message" && !known.has(id));
}

/** Settles when it is so, or when nobody waits any longer. */
function becomes(condition: ReadonlySignal<boolean>, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (condition.peek() || over.aborted) return resolve();
    const done = () => {
      end();
      over.removeEventListener("abort", done);
      resolve();
    };
    const end = condition.subscribe((is) => is && done());
    over.addEventListener("abort", done);
  });
}
