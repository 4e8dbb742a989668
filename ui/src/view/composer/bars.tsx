/** What the message is about: a quote, or an older message that it takes the place of. */

import type { ComponentChildren } from "preact";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";

export function Bars() {
  const { composer, words } = useDesk();
  const quote = composer.quote.value;
  return (
    <>
      {composer.editing.value !== null && (
        <Bar icon="pencil" label={words.value.cancelEdit} onClose={composer.cancelEdit}>
          {words.value.editing}
        </Bar>
      )}
      {quote !== null && (
        <Bar icon="quote" label={words.value.quoteRemove} onClose={() => composer.setQuote(null)}>
          <span class="unseen">{words.value.quoted}</span>
          <q dir="auto">{quote}</q>
        </Bar>
      )}
    </>
  );
}

interface BarProps {
  icon: string;
  /** What its button does. */
  label: string;
  children: ComponentChildren;
  onClose(): void;
}

function Bar({ icon, label, children, onClose }: BarProps) {
  const { composer } = useDesk();
  return (
    <div class="composer-bar">
      <Icon name={icon} size={16} />
      <div class="composer-bar-text">{children}</div>
      <button
        type="button"
        class="icon-button is-small"
        aria-label={label}
        title={label}
        onClick={() => {
          onClose();
          composer.focus();
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}
