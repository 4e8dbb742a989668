/** A message of the user's: what was written, quoted, named and attached. */

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { UserMessage } from "../../protocol/items";
import { AttachmentView } from "./attachment";
import { EntityChip, entityOf } from "./entity";

interface Props {
  item: UserMessage;
  /** Whether it can be written anew. */
  isEditable: boolean;
  /** Whether the server hasn't told it back yet. */
  isUnsent?: boolean;
}

export function UserMessageView({ item, isEditable, isUnsent = false }: Props) {
  const { composer, words } = useDesk();
  const hasText = item.content.some((part) => part.text.trim());
  return (
    <div class={`message message-user${isUnsent ? " is-unsent" : ""}`} part="message message-user">
      <span class="unseen">{words.value.youSaid}</span>
      {item.attachments.length > 0 && (
        <div class="message-attachments">
          {item.attachments.map((attachment) => (
            <AttachmentView key={attachment.id} attachment={attachment} />
          ))}
        </div>
      )}
      {item.quoted_text && (
        <blockquote class="message-quote" dir="auto">
          <span class="unseen">{words.value.quoted}</span>
          {item.quoted_text}
        </blockquote>
      )}
      <div class="message-row">
        {isEditable && (
          <button
            type="button"
            class="icon-button is-small message-edit"
            aria-label={words.value.editMessage}
            title={words.value.editMessage}
            onClick={() => {
              composer.edit(item.id);
              composer.focus();
            }}
          >
            <Icon name="pencil" size={16} />
          </button>
        )}
        {hasText && (
          <div class="message-bubble" dir="auto">
            {item.content.map((part, place) =>
              part.type === "input_tag" ? <EntityChip key={place} entity={entityOf(part)} label={part.text} /> : part.text,
            )}
          </div>
        )}
      </div>
    </div>
  );
}
