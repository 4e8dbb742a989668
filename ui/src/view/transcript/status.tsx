/** Lines about the conversation itself: what goes on, what went wrong, and what isn't possible. */

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { Markdown } from "../markdown/markdown";
import { refocus } from "../refocus";
import { useThread } from "./thread-context";

const NOTICE_ICONS: Record<string, string> = { warning: "warning", danger: "circle-alert" };

export function Progress() {
  const { chat, words } = useDesk();
  const { progress, items, open } = chat.transcript.value;
  const phase = chat.phase.value;
  if (phase === "reconnecting") {
    return (
      <div class="status" role="status">
        <Icon name="loader-circle" size={16} class="spinner" />
        <span>{words.value.reconnecting}</span>
      </div>
    );
  }
  if (progress && phase === "answering") {
    return (
      <div class="status">
        {progress.icon && <Icon name={progress.icon} size={16} />}
        <span class="shimmer" dir="auto">{progress.text}</span>
      </div>
    );
  }
  const isWaiting = phase === "answering" && !items.some(({ id }) => open.has(id));
  return isWaiting ? <div class="status waiting" aria-hidden="true"><i /><i /><i /></div> : null;
}

/** They move with the last turn, so they are said when they come and not where they stand. */
export function Notices() {
  const desk = useDesk();
  const { chat, words } = desk;
  return (
    <>
      {chat.transcript.value.notices.map(({ key, level, message, title }) => (
        <div key={key} class={`notice is-${level}`} role="note">
          <Icon name={NOTICE_ICONS[level] ?? "info"} size={18} />
          <div class="notice-text">
            {title && <strong dir="auto">{title}</strong>}
            <Markdown text={message} />
          </div>
          <button
            type="button"
            class="icon-button is-small"
            aria-label={words.value.dismiss}
            title={words.value.dismiss}
            onClick={() => (refocus(desk), chat.dismiss(key))}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </>
  );
}

interface TroubleProps {
  /** Whether a new answer would take nothing along that waits for the user. */
  canRetry?: boolean;
}

/** Why the last answer broke off. */
export function Trouble({ canRetry = true }: TroubleProps) {
  const desk = useDesk();
  const { chat, words } = desk;
  const { error, items } = chat.transcript.value;
  const { isActive } = useThread();
  if (!error) return null;
  const isAsked = items.some(({ type }) => type === "user_message");
  // What tells of it may go on for a while.
  const isOver = chat.phase.value === "ready";
  const mayTry = error.again ? isActive || error.turn : isAsked && (canRetry || error.turn);
  return (
    // Who tries again and is refused again is told again.
    <div key={error} class="notice is-danger" role="alert">
      <Icon name="circle-alert" size={18} />
      <p class="notice-text" dir="auto">{error.message ?? words.value.failed}</p>
      {error.allow_retry && mayTry && (
        <button
          type="button"
          class="button"
          aria-disabled={!isOver}
          onClick={() => isOver && (refocus(desk), void chat.recover().catch(() => {}))}
        >
          {words.value.tryAgain}
        </button>
      )}
    </div>
  );
}

/** A thread that can't be written to. */
export function Barred() {
  const { chat, words } = useDesk();
  const status = chat.transcript.value.thread?.status;
  if (!status || status.type === "active") return null;
  const plain = status.type === "locked" ? words.value.threadLocked : words.value.threadClosed;
  return (
    <div class="status barred" role="status">
      <Icon name="lock" size={16} />
      <span dir="auto">{status.reason || plain}</span>
    </div>
  );
}
