/** The whole chat: its rows, and the history beside or over them. */

import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";

import { DeskContext, useDesk, type Desk } from "../desk";
import { Icon } from "../icons/icon";
import type { StructuredInput } from "../protocol/items";
import type { Transcript as Shown } from "../state/transcript";
import { applyTheme } from "../theme/apply";
import { ComposerView } from "./composer/composer";
import { Header } from "./header/header";
import { History } from "./history/history";
import { refocus } from "./refocus";
import { StartScreen } from "./start/start";
import { StructuredForm, type Filling } from "./structured/structured";
import { Transcript } from "./transcript/transcript";

/** Pixels from which on the history has its place beside the conversation. */
const WIDE = 880;

export interface AppProps {
  desk: Desk;
}

export function App({ desk }: AppProps) {
  const root = useRef<HTMLDivElement>(null);
  const historyButton = useRef<HTMLButtonElement>(null);
  const isWide = useWide(root);
  const words = desk.words.value;
  const { history, title } = desk.settings.value;
  const isOpen = desk.past.isOpen.value && history.enabled;
  const isCovered = isOpen && !isWide;
  useTheme(root, desk);
  useReturn(root, isOpen, () => (historyButton.current ?? desk.composer).focus());
  return (
    <DeskContext.Provider value={desk}>
      <div ref={root} class="app" part="app" lang={words.language} dir={words.direction === "rtl" ? "rtl" : "ltr"}>
        {isOpen && <History isOver={!isWide} />}
        <section class="app-chat" aria-label={title} inert={isCovered}>
          <Header historyButton={historyButton} />
          <Conversation />
          <Foot />
        </section>
        <Said />
      </div>
    </DeskContext.Provider>
  );
}

/** What fills the room between the header and the message field. */
function Conversation() {
  const desk = useDesk();
  const { chat, words } = desk;
  const isNew = useComputed(() => chat.threadId.value === null && isEmpty(chat.transcript.value));
  const isBare = useComputed(() => chat.transcript.value.items.length === 0);
  const phase = chat.phase.value;
  if (chat.trouble.value) {
    return (
      <div class="app-middle" role="alert">
        <p>{chat.trouble.value}</p>
        <button type="button" class="button" onClick={() => (refocus(desk), void chat.refresh().catch(() => {}))}>
          {words.value.tryAgain}
        </button>
      </div>
    );
  }
  if (phase === "loading" && isBare.value) {
    return (
      <div class="app-middle" role="status">
        <Icon name="loader-circle" size={24} class="spinner" />
        <span class="unseen">{words.value.loading}</span>
      </div>
    );
  }
  return isNew.value && phase === "ready" ? <StartScreen /> : <Transcript />;
}

function isEmpty({ items, unsent, error, notices }: Shown): boolean {
  return items.length === 0 && !unsent && !error && notices.length === 0;
}

/** The message field, or the questions that the assistant waits for. */
function Foot() {
  const desk = useDesk();
  const { chat } = desk;
  const fillings = useSignal<Readonly<Record<string, Filling>>>({});
  const asked = useComputed(() => pendingQuestions(chat.transcript.value));
  const isReady = useComputed(() => chat.phase.value === "ready");
  const questions = isReady.value ? asked.value : null;
  const foot = useRef<HTMLDivElement>(null);
  useReturn(foot, questions !== null, () => navigator.userActivation?.hasBeenActive && refocus(desk));
  return (
    <div ref={foot} class="app-foot">
      {questions ? <StructuredForm key={questions.id} item={questions} fillings={fillings} /> : <ComposerView />}
    </div>
  );
}

/** The questions at the end of the thread that nobody has answered, and that can be. */
export function pendingQuestions({ thread, items, unsent }: Shown): StructuredInput | null {
  if (unsent || (thread?.status?.type ?? "active") !== "active") return null;
  const last = items.findLast(({ type }) => type !== "end_of_turn" && !type.includes("hidden"));
  const isAsked = last?.type === "structured_input" && last.status === "pending" && last.inputs.length > 0;
  return isAsked ? last : null;
}

/** For those who listen. */
function Said() {
  const { announcer } = useDesk();
  return (
    <div class="unseen" role="status" aria-live="polite">
      {announcer.said.value}
    </div>
  );
}

function useWide(root: RefObject<HTMLElement | null>): boolean {
  const [isWide, setWide] = useState(false);
  useLayoutEffect(() => {
    const app = root.current;
    if (!app) return;
    const measure = () => setWide(app.clientWidth >= WIDE);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(app);
    return () => observer.disconnect();
  }, []);
  return isWide;
}

function useTheme(root: RefObject<HTMLElement | null>, desk: Desk): void {
  const { theme } = desk.settings.value;
  useLayoutEffect(() => {
    const shadow = root.current?.getRootNode();
    if (shadow instanceof ShadowRoot) return applyTheme(shadow, theme);
  }, [JSON.stringify(theme)]);
}

/** Gives the focus back when what had it is closed. */
function useReturn(part: RefObject<HTMLElement | null>, isOpen: boolean, focus: () => unknown): void {
  const wasOpen = useRef(false);
  useLayoutEffect(() => {
    // Unless it has been put somewhere else meanwhile.
    if (wasOpen.current && !isOpen && isAdrift(part.current)) focus();
    wasOpen.current = isOpen;
  }, [isOpen]);
}

/** Whether nothing has the focus, or something that can't be used any more. */
function isAdrift(part: HTMLElement | null): boolean {
  const root = part?.getRootNode();
  const busy = root instanceof ShadowRoot ? root.activeElement : null;
  return document.activeElement === document.body || busy?.matches(":disabled") === true;
}
