/** The row above the conversation: its title, and the way to the others. */

import type { HeaderOption } from "@openai/chatkit";
import { useComputed } from "@preact/signals";
import type { Ref } from "preact";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";

export interface HeaderProps {
  /** Gets the button that opens the history, so that the focus can go back to it. */
  historyButton: Ref<HTMLButtonElement>;
}

export function Header({ historyButton }: HeaderProps) {
  const desk = useDesk();
  const title = useComputed(() => desk.chat.transcript.value.thread?.title);
  const isNew = useComputed(() => desk.chat.threadId.value === null && desk.chat.transcript.value.items.length === 0);
  const words = desk.words.value;
  const { header, history, title: name } = desk.settings.value;
  if (!header.enabled) return <h2 class="unseen">{name}</h2>;
  const shown = header.title?.enabled === false ? undefined : (header.title?.text ?? title.value);
  const isOpen = desk.past.isOpen.value;
  return (
    <header class="header" part="header">
      {header.leftAction && <CustomAction action={header.leftAction} />}
      {history.enabled && (
        <button
          ref={historyButton}
          type="button"
          class="icon-button"
          aria-label={words.openChats}
          title={words.openChats}
          aria-expanded={isOpen}
          onClick={() => (isOpen ? desk.past.hide() : void desk.past.show())}
        >
          <Icon name="history" />
        </button>
      )}
      <h2 class={shown ? "header-title" : "unseen"} dir="auto" title={shown}>
        {shown || name}
      </h2>
      <span class="header-space" />
      {/* Without the history there is one thread only, unless that can't be loaded. */}
      {(history.enabled || desk.chat.trouble.value !== null) && (
        <button
          type="button"
          class="icon-button"
          aria-label={words.newChat}
          title={words.newChat}
          disabled={isNew.value}
          onClick={() => {
            void desk.chat.open(null);
            desk.composer.focus();
          }}
        >
          <Icon name="compose" />
        </button>
      )}
      {header.rightAction && <CustomAction action={header.rightAction} />}
    </header>
  );
}

function CustomAction({ action: { icon, onClick } }: { action: NonNullable<HeaderOption["leftAction"]> }) {
  const words = useDesk().words.value;
  // The application gives no name; the icon's says the most.
  const label = `${words.customAction}: ${icon.replaceAll("-", " ")}`;
  return (
    <button type="button" class="icon-button" aria-label={label} onClick={() => onClick()}>
      <Icon name={icon} />
    </button>
  );
}
