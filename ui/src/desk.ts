/** What every part of the page works with. The view reads signals and calls methods; nothing else passes between them. */

import type { ChatKitEvents, Entity, ModelOption, ToolOption } from "@openai/chatkit";
import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Words } from "./locale/en";
import type { Attachment, Item, UserContent } from "./protocol/items";
import type { Feedback, StructuredSubmission } from "./protocol/requests";
import type { Thread } from "./protocol/thread";
import type { Action } from "./protocol/widget";
import type { Settings } from "./settings";
import type { Transcript } from "./state/transcript";

export interface Desk {
  readonly settings: ReadonlySignal<Settings>;
  readonly words: ReadonlySignal<Words>;
  readonly chat: Chat;
  readonly past: Past;
  readonly composer: Composer;
  readonly announcer: Announcer;
  /** Tells the application, as an event of the element. */
  readonly tell: Tell;
}

export type Tell = <K extends keyof ChatKitEvents>(name: K, detail?: ChatKitEvents[K]["detail"]) => void;

/** The thread that is open. What its methods reject with is said in words for the user. */
export interface Chat {
  readonly transcript: ReadonlySignal<Transcript>;
  readonly threadId: ReadonlySignal<string | null>;
  readonly phase: ReadonlySignal<Phase>;
  readonly hasOlder: ReadonlySignal<boolean>;
  /** Why the thread couldn't be loaded, in words for the user. */
  readonly trouble: ReadonlySignal<string | null>;
  /** Whether the server lets a message take the place of an older one. */
  readonly canEdit: ReadonlySignal<boolean>;
  /** Opens a thread, or an empty new one. An answer that runs in it goes on being shown. */
  open(threadId: string | null): Promise<void>;
  loadOlder(): Promise<void>;
  /** Settles when the answer is over. Rejects where the server refused the message. */
  send(message: Outgoing): Promise<void>;
  /** Makes the answer after this message anew. */
  retry(messageId: string): Promise<void>;
  /** Shows what became of an answer that broke off; makes it anew where there is nothing. */
  recover(): Promise<void>;
  /** Stops the running answer; what was said until then stays. */
  stop(): Promise<void>;
  /** Settles when what the action led to is over. */
  act(action: Action, item?: Item): Promise<void>;
  submit(itemId: string, submission: StructuredSubmission): Promise<void>;
  rate(itemIds: string[], kind: Feedback): Promise<void>;
  dismiss(notice: number): void;
  /** Loads the open thread anew. */
  refresh(): Promise<void>;
}

export type Phase =
  | "ready"
  /** The thread is being loaded. */
  | "loading"
  | "answering"
  | "stopping"
  /** An answer runs, but the server can't be reached; the page tries again by itself. */
  | "reconnecting";

export interface Outgoing {
  content: UserContent[];
  attachments?: Attachment[];
  quote?: string;
  toolId?: string;
  modelId?: string;
  newThread?: boolean;
  /** The message that this one takes the place of, with everything after it. */
  instead?: string;
}

/** The user's other threads. */
export interface Past {
  readonly isOpen: ReadonlySignal<boolean>;
  readonly threads: ReadonlySignal<readonly Found[]>;
  readonly hasMore: ReadonlySignal<boolean>;
  readonly isLoading: ReadonlySignal<boolean>;
  readonly trouble: ReadonlySignal<string | null>;
  /** Whether the server can search. */
  readonly canSearch: ReadonlySignal<boolean>;
  readonly query: ReadonlySignal<string>;
  show(): Promise<void>;
  hide(): void;
  search(query: string): void;
  loadMore(): Promise<void>;
  /** Does once more what has failed. */
  retry(): Promise<void>;
  rename(threadId: string, title: string): Promise<void>;
  remove(threadId: string): Promise<void>;
}

export interface Found {
  thread: Thread;
  /** Where the words were found, when they were. */
  excerpt?: string;
}

/** The message that is being written. */
export interface Composer {
  readonly content: ReadonlySignal<readonly UserContent[]>;
  readonly quote: ReadonlySignal<string | null>;
  readonly attachments: ReadonlySignal<readonly Draft[]>;
  readonly tool: ReadonlySignal<ToolOption | null>;
  readonly model: ReadonlySignal<ModelOption | null>;
  /** The message that is being written anew. */
  readonly editing: ReadonlySignal<string | null>;
  /** Something to say under the field: a file that is too large, a message that was refused. */
  readonly complaint: ReadonlySignal<string | null>;
  readonly canSend: ReadonlySignal<boolean>;
  readonly dictation: Dictation;
  write(content: UserContent[]): void;
  setQuote(text: string | null): void;
  attach(files: readonly File[]): void;
  detach(key: string): void;
  /** Uploads a file once more that failed. */
  retryUpload(key: string): void;
  pickTool(id: string | null): void;
  pickModel(id: string): void;
  /** Puts a message that was sent into the field, to be sent anew. */
  edit(messageId: string): void;
  cancelEdit(): void;
  /** Sends it, or a prompt in its place. Where the server refuses it, it is in the field again. */
  submit(prompt?: UserContent[]): Promise<void>;
  /** Replaces everything that is named. */
  set(value: ComposerValue): void;
  /** Whoever has the field says how it takes the focus. */
  focus(): void;
  onFocus(take: () => void): void;
  clickTag(entity: Entity): void;
}

export interface ComposerValue {
  content?: UserContent[];
  quote?: string | null;
  attachments?: Attachment[];
  files?: readonly File[];
  toolId?: string | null;
  modelId?: string;
}

/** A file on its way. */
export interface Draft {
  key: string;
  name: string;
  mime: string;
  /** A picture of it, where there is one. */
  preview?: string;
  /** 0 to 1. */
  progress: number;
  state: "uploading" | "ready" | "failed";
  /** Why it failed, in words for the user. */
  trouble?: string;
  attachment?: Attachment;
}

/** Writes what is spoken. */
export interface Dictation {
  readonly state: ReadonlySignal<"off" | "starting" | "recording" | "transcribing">;
  /** How loud it is, 0 to 1. */
  readonly level: ReadonlySignal<number>;
  readonly seconds: ReadonlySignal<number>;
  /** Whether it is wanted and the browser can. */
  readonly isPossible: ReadonlySignal<boolean>;
  start(): Promise<void>;
  /** Ends the recording and has it written down. */
  finish(): void;
  /** Throws the recording away. */
  cancel(): void;
}

/** Says things to those who listen instead of look. */
export interface Announcer {
  readonly said: ReadonlySignal<string>;
  say(text: string): void;
}

export const DeskContext = createContext<Desk | null>(null);

/** What the part works with. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("a part of the chat was drawn outside of it");
  return desk;
}
