/** The element: what an application sets, calls and hears. */

import type { ChatKitEvents, ChatKitOptions, OpenAIChatKit } from "@openai/chatkit";
import { signal } from "@preact/signals";
import { h, render } from "preact";

import type { Tell } from "./desk";
import { en } from "./locale/en";
import { wordsFor } from "./locale/language";
import { settingsOf } from "./settings";
import { createDesk, type LiveDesk } from "./state/assemble";
import { App } from "./view/app";
import { sheet } from "./view/sheet";

type Sent = Parameters<OpenAIChatKit["sendUserMessage"]>[0];
type Set = Parameters<OpenAIChatKit["setComposerValue"]>[0];

/** Milliseconds that the first drawing waits for the words of another language. */
const WORDS_WAIT = 500;

/** A browser's element, which for the compiler also knows the chat's events. */
const EventfulElement = HTMLElement as new () => HTMLElement &
  Pick<OpenAIChatKit, "addEventListener" | "removeEventListener">;

export class ChatKitElement extends EventfulElement implements OpenAIChatKit {
  readonly #root = this.attachShadow({ mode: "open" });
  #desk: LiveDesk | null = null;
  #isDrawn = false;
  #isReady = false;
  /** What happened before the application was told that the chat is there. */
  readonly #untold: (() => void)[] = [];
  /** Settles when the words of the language that was asked for last are there. */
  #spoken: Promise<void> = Promise.resolve();
  #becomeReady = () => {};
  readonly #ready = new Promise<void>((resolve) => (this.#becomeReady = resolve));

  /** Replaces all options that were set before. */
  setOptions(options: ChatKitOptions): void {
    const settings = settingsOf(options);
    noteUnknown(options);
    const before = this.#desk?.settings.peek();
    if (this.#desk) this.#desk.settings.value = settings;
    else this.#desk = createDesk(signal(settings), signal(en), this.#tell);
    if (before?.locale !== settings.locale) this.#spoken = this.#speak(settings.locale);
    if (before && before.api.url !== settings.api.url) void this.#desk.chat.open(settings.initialThread);
    if (!settings.history.enabled) this.#desk.past.hide();
    void this.#draw();
  }

  /** For those who set them before the script was there, as a property. */
  set options(options: ChatKitOptions) {
    this.setOptions(options);
  }

  async focusComposer(): Promise<void> {
    (await this.#opened()).composer.focus();
  }

  async setThreadId(threadId: string | null): Promise<void> {
    const { chat } = await this.#opened();
    chat.mustBeReady();
    await chat.open(threadId);
    if (chat.trouble.value !== null) throw new Error(chat.trouble.value);
  }

  async sendCustomAction(action: { type: string; payload?: Record<string, unknown> }, itemId?: string): Promise<void> {
    const { chat } = await this.#opened();
    const { type, payload } = action;
    await chat.actOn({ type, ...(payload !== undefined && { payload }) }, itemId);
  }

  async sendUserMessage({ reply, attachments, newThread, toolChoice, model, ...said }: Sent): Promise<void> {
    const { chat } = await this.#opened();
    await chat.send({
      content: contentOf(said) ?? [],
      ...(attachments && { attachments }),
      ...(reply && { quote: reply }),
      ...(toolChoice && { toolId: toolChoice.id }),
      ...(model && { modelId: model }),
      ...(newThread && { newThread }),
    });
  }

  async setComposerValue({ reply, attachments, files, selectedToolId, selectedModelId, ...said }: Set): Promise<void> {
    const { composer, settings } = await this.#opened();
    if (files?.length && !settings.value.composer.attachments) {
      throw new Error("files can't be attached: composer.attachments.enabled is not true");
    }
    const content = contentOf(said);
    composer.set({
      ...(content && { content }),
      ...(reply !== undefined && { quote: reply }),
      ...(attachments && { attachments }),
      ...(files && { files }),
      ...(selectedToolId !== undefined && { toolId: selectedToolId }),
      ...(selectedModelId !== undefined && { modelId: selectedModelId }),
    });
  }

  async showHistory(): Promise<void> {
    const { past, settings } = await this.#opened();
    if (!settings.value.history.enabled) throw new Error("the history is turned off: history.enabled is false");
    await past.show();
  }

  async hideHistory(): Promise<void> {
    (await this.#opened()).past.hide();
  }

  async fetchUpdates(): Promise<void> {
    await (await this.#opened()).chat.refresh();
  }

  connectedCallback(): void {
    if (this.#desk) this.#desk.chat.isPresent.value = true;
    this.#takeEarlyOptions();
    document.addEventListener("visibilitychange", this.#look);
    window.addEventListener("online", this.#look);
    void this.#draw();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#look);
    window.removeEventListener("online", this.#look);
    // An element that is only moved is back at once. What is shown goes; the thread and its answer stay.
    queueMicrotask(() => {
      if (this.isConnected) return;
      if (this.#desk) this.#desk.chat.isPresent.value = false;
      if (!this.#isDrawn) return;
      render(null, this.#root);
      this.#isDrawn = false;
    });
  }

  /** A property of an element that wasn't ours yet hides the setter. */
  #takeEarlyOptions(): void {
    if (!Object.hasOwn(this, "options")) return;
    const early: unknown = Reflect.get(this, "options");
    Reflect.deleteProperty(this, "options");
    this.setOptions(early as ChatKitOptions);
  }

  readonly #look = () => {
    if (!document.hidden) void this.#desk?.chat.look();
  };

  async #draw(): Promise<void> {
    await Promise.race([this.#spoken, new Promise((late) => setTimeout(late, WORDS_WAIT))]);
    const desk = this.#desk;
    if (!desk || this.#isDrawn || !this.isConnected) return;
    this.#isDrawn = true;
    if (!this.#root.adoptedStyleSheets.includes(sheet())) this.#root.adoptedStyleSheets.push(sheet());
    render(h(App, { desk }), this.#root);
    if (this.#isReady) return;
    const { initialThread } = desk.settings.value;
    if (initialThread !== null && desk.chat.threadId.value === null) void desk.chat.open(initialThread);
    // Frameworks put their listeners on an element after they have drawn it, and the browser has.
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(this.#begin)));
    setTimeout(this.#begin, WORDS_WAIT);
  }

  readonly #begin = () => {
    if (this.#isReady) return;
    this.#isReady = true;
    this.#dispatch("chatkit.ready");
    for (const tell of this.#untold.splice(0)) tell();
    this.#becomeReady();
  };

  async #speak(locale: string | null): Promise<void> {
    const words = await wordsFor(locale);
    const desk = this.#desk;
    if (desk && desk.settings.value.locale === locale) desk.words.value = words;
  }

  async #opened(): Promise<LiveDesk> {
    if (!this.#desk) throw new Error("the chat has no options yet: call setOptions first");
    await this.#ready;
    return this.#desk;
  }

  readonly #tell: Tell = (name, detail) => {
    if (this.#isReady) this.#dispatch(name, detail);
    else this.#untold.push(() => this.#dispatch(name, detail));
  };

  #dispatch<K extends keyof ChatKitEvents>(name: K, detail?: ChatKitEvents[K]["detail"]): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function contentOf({ text, content }: Pick<Sent, "text" | "content">): Sent["content"] {
  return content ?? (text === undefined ? undefined : [{ type: "input_text", text }]);
}

const KNOWN = new Set<string>([
  "api", "locale", "theme", "frameTitle", "initialThread", "onClientTool", "header", "history", "startScreen",
  "threadItemActions", "composer", "disclaimer", "entities", "commands", "widgets", "thread",
] satisfies (keyof ChatKitOptions)[]);

/** Says once what of the options does nothing. */
function noteUnknown(options: ChatKitOptions): void {
  for (const key of Object.keys(options)) {
    if (KNOWN.has(key)) continue;
    KNOWN.add(key);
    console.info(`chat: the option ${key} is not known and does nothing`);
  }
}
