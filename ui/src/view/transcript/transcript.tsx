/** The open thread: its turns, what goes on in it, and the way to its newest message. */

import { useEffect, useRef } from "preact/hooks";

import { useDesk, type Desk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { Item } from "../../protocol/items";
import { UserMessageView } from "../message/user";
import { useFollowing } from "./following";
import { Barred, Notices, Progress, Trouble } from "./status";
import { ThreadContext, useTraits } from "./thread-context";
import { TurnView } from "./turn";
import { turnsOf, type Turn } from "./turns";

export { ItemView } from "./turn";

const NONE: ReadonlySet<string> = new Set();
const NOTHING: Readonly<Record<string, number>> = {};

export function Transcript() {
  const desk = useDesk();
  const { chat, settings, words } = desk;
  const { thread, items, unsent, open, drawn } = chat.transcript.value;
  const phase = chat.phase.value;
  const isRunning = phase === "answering" || phase === "stopping" || phase === "reconnecting";
  const turns = useTurns(items);
  const sent = useSent(desk, isRunning);
  useSaying(desk);
  const { scroller, content, isAway, onScroll, older, toEnd } = useFollowing({
    isWanted: settings.value.autoScroll || !isRunning,
    isRunning,
    threadId: chat.threadId.value,
    first: items[0]?.id,
    sent: unsent?.id ?? sent,
    hasOlder: chat.hasOlder.value,
    loadOlder: () => chat.loadOlder(),
  });
  const traits = useTraits(thread);
  return (
    <ThreadContext.Provider value={traits}>
      <div class="transcript" part="transcript">
        <div
          ref={scroller}
          class="transcript-scroll"
          role="log"
          aria-live="off"
          aria-label={words.value.conversation}
          aria-busy={phase === "loading"}
          tabIndex={0}
          onScroll={onScroll}
        >
          <div ref={content} class="transcript-content">
            {chat.hasOlder.value && (
              <button type="button" class="button transcript-older" onFocus={() => older(true)} onClick={() => older(true)}>
                {words.value.olderMessages}
              </button>
            )}
            {turns.map((turn, place) => {
              const isLast = place === turns.length - 1 && !unsent;
              return (
                <TurnView
                  key={turn.key}
                  turn={turn}
                  open={isLast ? open : NONE}
                  drawn={isLast ? drawn : NOTHING}
                  isLast={isLast}
                  isOver={!isLast || !isRunning}
                  isFresh={isLast && turn.items[0]?.id === sent}
                />
              );
            })}
            {unsent && (
              <div key={unsent.id} class="turn is-fresh">
                <UserMessageView item={unsent} isEditable={false} isUnsent />
                <Progress />
                <Notices />
                <Trouble />
              </div>
            )}
            {items.length === 0 && !unsent && (
              <>
                <Progress />
                <Notices />
                <Trouble />
              </>
            )}
            <Barred />
          </div>
        </div>
        {isAway && (
          <button
            type="button"
            class="icon-button transcript-newest"
            aria-label={words.value.toNewest}
            title={words.value.toNewest}
            onClick={() => {
              toEnd(true);
              scroller.current?.focus({ preventScroll: true });
            }}
          >
            <Icon name="arrow-down" />
          </button>
        )}
      </div>
    </ThreadContext.Provider>
  );
}

function useTurns(items: readonly Item[]): readonly Turn[] {
  const turns = useRef<readonly Turn[]>([]);
  turns.current = turnsOf(items, turns.current);
  return turns.current;
}

/** The last message of the user's, once it was answered while the thread is open. */
function useSent({ chat }: Desk, isRunning: boolean): string | undefined {
  const sent = useRef<{ threadId: string | null; id?: string }>({ threadId: null });
  const threadId = chat.threadId.value;
  // A new thread gets its id with its first message.
  if (sent.current.threadId !== threadId) {
    sent.current = { threadId, ...(sent.current.threadId === null && { id: sent.current.id }) };
  }
  if (isRunning) sent.current.id = chat.transcript.value.items.findLast(({ type }) => type === "user_message")?.id;
  return sent.current.id;
}

/** What is to be heard besides the answer itself, which is said as it comes. */
function useSaying({ announcer, chat, words }: Desk): void {
  const { progress, items } = chat.transcript.value;
  const text = progress?.text;
  useEffect(() => {
    if (text) announcer.say(text);
  }, [text]);
  const last = items.at(-1);
  const asks = last?.type === "widget" && last.widget.key === "frontdesk.approval/pending" ? last.id : undefined;
  useEffect(() => {
    if (asks) announcer.say(words.value.approvalAsked);
  }, [asks]);
}
