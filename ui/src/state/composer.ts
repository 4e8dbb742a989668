/** The message that is being written, and the way it goes when it is sent. */

import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";

import { isStop } from "../client/failure";
import type { Server } from "../client/server";
import type { Chat, Composer, ComposerValue, Draft, Outgoing, Tell } from "../desk";
import type { Words } from "../locale/en";
import type { UserContent, UserMessage } from "../protocol/items";
import type { Settings } from "../settings";
import { createDictation } from "./dictation";
import { Drafts } from "./drafts";
import { Uploads } from "./uploads";
import { BLANK, hasWords, joined, tidy, trimmed, type Writing } from "./writing";

export interface ComposerParts {
  settings: ReadonlySignal<Settings>;
  words: ReadonlySignal<Words>;
  chat: Chat;
  server: Pick<Server, "call">;
  tell: Tell;
}

/** A message that was sent and may come back. */
interface Sent {
  writing: Writing;
  editing: string | null;
  toolId: string | null;
  threadId: string | null;
}

export function createComposer({ settings, words, chat, server, tell }: ComposerParts): Composer {
  const writing = signal<Writing>(BLANK);
  const editing = signal<string | null>(null);
  const complaint = signal<string | null>(null);
  const toolId = signal<string | null>(null);
  const modelId = signal<string | null>(null);
  const drafts = new Drafts();
  const uploads = new Uploads({ settings, words, server, tell });
  const underway = new Set<Sent>();
  /** What was being written before a message was taken up again. */
  let before: Writing = BLANK;
  let takeFocus = () => {};

  const content = computed(() => writing.value.content);
  const quote = computed(() => writing.value.quote);
  const attachments = computed(() => filesOf(writing.value));
  const tool = computed(() => settings.value.composer.tools.find(({ id }) => id === toolId.value) ?? null);
  const model = computed(() => {
    const { models } = settings.value.composer;
    const usable = models.filter((one) => !one.disabled);
    const picked = usable.find(({ id }) => id === modelId.value);
    return picked ?? usable.find((one) => one.default) ?? usable[0] ?? null;
  });
  const isOpen = computed(() => (chat.transcript.value.thread?.status?.type ?? "active") === "active");
  const isFree = computed(() => chat.phase.value === "ready" && chat.trouble.value === null && isOpen.value);
  const canSend = computed(() => {
    const isReady = attachments.value.every(({ state }) => state === "ready");
    return isFree.value && isReady && (hasWords(content.value) || attachments.value.length > 0);
  });
  const dictation = createDictation({
    settings, words, server, tell,
    onText: (text) => change({ content: tidy([...content.value, { type: "input_text", text: spaced(text) }]) }),
    onTrouble: (trouble) => (complaint.value = trouble),
  });

  let told: string | null = null;
  effect(() => {
    const now = tool.value?.id ?? null;
    if (now === told) return;
    told = now;
    untracked(() => tell("chatkit.tool.change", { toolId: now }));
  });

  let shown = chat.threadId.peek();
  effect(() => {
    const next = chat.threadId.value;
    untracked(() => {
      if (next === shown) return;
      // A new thread gets its id with its first message; what is being written meanwhile is the second.
      const isSame = shown === null && chat.phase.value !== "ready" && chat.phase.value !== "loading";
      if (isSame) for (const sent of underway) sent.threadId ??= next;
      else move(shown, next);
      shown = next;
    });
  });

  function move(from: string | null, to: string | null): void {
    batch(() => {
      dictation.cancel();
      cancelEdit();
      drafts.keep(from, writing.value);
      writing.value = drafts.take(to);
      complaint.value = null;
    });
  }

  function filesOf({ files }: Writing): Draft[] {
    const all = uploads.drafts.value;
    return files.flatMap((key) => all.get(key) ?? []);
  }

  function change(changed: Partial<Writing>): void {
    batch(() => {
      writing.value = { ...writing.value, ...changed };
      complaint.value = null;
    });
  }

  /** A space, where the text would stick to what is there. */
  function spaced(text: string): string {
    const last = content.value.at(-1);
    return last && !/\s$/.test(last.text) ? ` ${text}` : text;
  }

  function attach(files: readonly File[]): void {
    if (files.length === 0) return;
    const { keys, complaints } = uploads.add(files, writing.value.files.length);
    change({ files: [...writing.value.files, ...keys] });
    if (complaints.length > 0) complaint.value = complaints.join(" ");
  }

  function detach(key: string): void {
    change({ files: writing.value.files.filter((one) => one !== key) });
    uploads.discard(key);
  }

  function set(value: ComposerValue): void {
    batch(() => {
      if (value.content) change({ content: tidy(value.content) });
      if (value.quote !== undefined) change({ quote: value.quote || null });
      if (value.attachments) {
        writing.value.files.forEach((key) => uploads.discard(key));
        change({ files: uploads.adopt(value.attachments) });
      }
      if (value.files) attach(value.files);
      if (value.toolId !== undefined) toolId.value = value.toolId;
      if (value.modelId !== undefined) modelId.value = value.modelId;
    });
  }

  function edit(messageId: string): void {
    const isIt = (message: { type: string; id: string }): message is UserMessage =>
      message.id === messageId && message.type === "user_message";
    const message = chat.transcript.value.items.find(isIt);
    if (!message) return;
    batch(() => {
      cancelEdit();
      before = writing.value;
      editing.value = messageId;
      change({
        content: tidy(message.content),
        quote: message.quoted_text ?? null,
        files: uploads.adopt(message.attachments),
      });
    });
  }

  function cancelEdit(): void {
    if (editing.value === null) return;
    batch(() => {
      const { files } = writing.value;
      editing.value = null;
      change(before);
      before = BLANK;
      files.forEach((key) => uploads.discard(key));
    });
  }

  async function submit(prompt?: UserContent[]): Promise<void> {
    if (prompt ? !isFree.value : !canSend.value) return explain();
    const sent: Sent = {
      writing: prompt ? { ...BLANK, content: prompt } : writing.value,
      editing: prompt ? null : editing.value,
      toolId: toolId.value,
      threadId: chat.threadId.value,
    };
    const message = outgoing(sent);
    batch(() => {
      if (!prompt) {
        editing.value = null;
        change(before);
        before = BLANK;
      }
      if (!tool.value?.persistent) toolId.value = null;
    });
    underway.add(sent);
    try {
      await chat.send(message);
      uploads.forget(sent.writing.files);
    } catch (error) {
      giveBack(sent, error);
    } finally {
      underway.delete(sent);
    }
  }

  function outgoing({ writing: { quote: quoted, ...said }, editing: instead }: Sent): Outgoing {
    const files = filesOf({ quote: quoted, ...said });
    const sent = files.flatMap(({ attachment }) => attachment ?? []);
    return {
      content: trimmed(said.content),
      ...(sent.length > 0 && { attachments: sent }),
      ...(quoted !== null && { quote: quoted }),
      ...(tool.value && { toolId: tool.value.id }),
      ...(model.value && { modelId: model.value.id }),
      ...(instead !== null && { instead }),
    };
  }

  /** Says why it can't be sent, where that isn't plain to see. */
  function explain(): void {
    const states = attachments.value.map(({ state }) => state);
    if (states.includes("failed")) complaint.value = words.value.fileFailedYet;
    else if (states.includes("uploading")) complaint.value = words.value.filesComing;
  }

  /** The server didn't take it: it is where it was written. */
  function giveBack({ writing: returned, editing: instead, toolId: choice, threadId }: Sent, cause: unknown): void {
    if (threadId !== chat.threadId.value) return drafts.keep(threadId, returned);
    batch(() => {
      if (instead !== null) {
        cancelEdit();
        before = writing.value;
        editing.value = instead;
        change(returned);
      } else if (editing.value !== null) {
        before = joined(returned, before);
      } else {
        change(joined(returned, writing.value));
      }
      toolId.value ??= choice;
      // Whoever stopped it knows why it is here again.
      complaint.value = isStop(cause) ? null : cause instanceof Error ? cause.message : words.value.failed;
    });
  }

  return {
    content, quote, attachments, tool, model, editing, complaint, canSend, dictation,
    write: (written: UserContent[]) => change({ content: tidy(written) }),
    setQuote: (text) => change({ quote: text }),
    attach, detach, set, edit, cancelEdit, submit,
    retryUpload: (key) => uploads.retry(key),
    pickTool: (id) => void (toolId.value = id),
    pickModel: (id) => void (modelId.value = id),
    focus: () => takeFocus(),
    onFocus: (take) => void (takeFocus = take),
    clickTag: (entity) => settings.value.entities.click?.(entity),
  };
}
