/** What can be done with an answer: copy it, say what one thinks of it, have it made anew. */

import { useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { Item } from "../../protocol/items";
import type { Feedback } from "../../protocol/requests";
import { refocus } from "../refocus";
import { CopyButton } from "./copy";

interface Props {
  /** The answer's. */
  items: readonly Item[];
  /** The message that can be answered anew. */
  retryId: string | null;
}

export function Actions({ items, retryId }: Props) {
  const desk = useDesk();
  const { chat, settings, words } = desk;
  const text = textOf(items);
  const { feedback, retry } = settings.value.actions;
  if (!text && !feedback && !(retry && retryId)) return null;
  return (
    <div class="message-actions">
      {text && <CopyButton label={words.value.copyAnswer} text={() => text} />}
      {feedback && <FeedbackButtons ids={items.map(({ id }) => id)} />}
      {retry && retryId && (
        <button
          type="button"
          class="icon-button is-small"
          aria-label={words.value.regenerate}
          title={words.value.regenerate}
          onClick={() => {
            refocus(desk);
            void chat.retry(retryId).catch(() => {});
          }}
        >
          <Icon name="reload" size={16} />
        </button>
      )}
    </div>
  );
}

function FeedbackButtons({ ids }: { ids: string[] }) {
  const { announcer, chat, words } = useDesk();
  const [given, setGiven] = useState<Feedback | null>(null);
  const rate = async (kind: Feedback) => {
    if (kind === given) return;
    setGiven(kind);
    try {
      await chat.rate(ids, kind);
      announcer.say(words.value.feedbackSaved);
    } catch {
      // Another may have been given meanwhile.
      setGiven((now) => (now === kind ? given : now));
      announcer.say(words.value.failed);
    }
  };
  const button = (kind: Feedback, label: string, icon: string) => (
    <button
      type="button"
      class="icon-button is-small"
      aria-label={label}
      aria-pressed={given === kind}
      title={label}
      onClick={() => void rate(kind)}
    >
      <Icon name={icon} size={16} />
    </button>
  );
  return (
    <>
      {button("positive", words.value.goodAnswer, "thumbs-up")}
      {button("negative", words.value.badAnswer, "thumbs-down")}
    </>
  );
}

/** The answer as text, as it was written. */
function textOf(items: readonly Item[]): string {
  return items
    .map((item) => {
      if (item.type === "assistant_message") return item.content.map(({ text }) => text).join("\n\n");
      return item.type === "widget" ? (item.copy_text ?? "") : "";
    })
    .filter((text) => text.trim())
    .join("\n\n");
}
