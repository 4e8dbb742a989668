/** A message of the assistant's, with what it rests on. */

import { useDesk } from "../../desk";
import type { Annotation, AssistantMessage, Source } from "../../protocol/items";
import { Markdown } from "../markdown/markdown";
import { SourceView } from "./source";

interface Props {
  item: AssistantMessage;
  isOpen: boolean;
}

export function AssistantMessageView({ item, isOpen }: Props) {
  const { words } = useDesk();
  const sources = distinct(item.content.flatMap((part) => part.annotations));
  return (
    <div class={`message message-assistant${isOpen ? " is-open" : ""}`} part="message message-assistant">
      <span class="unseen">{words.value.assistantSaid}</span>
      {item.content.map((part, place) => (
        <Markdown
          key={place}
          text={part.text}
          annotations={part.annotations}
          streaming={isOpen && place === item.content.length - 1}
        />
      ))}
      {sources.length > 0 && !isOpen && (
        <details class="sources">
          <summary>
            {words.value.sources} <span class="sources-count">{sources.length}</span>
          </summary>
          <ul role="list">
            {sources.map((source, place) => (
              <li key={place}>
                <SourceView source={source} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Each source once, in the order of the text. */
function distinct(annotations: readonly Annotation[]): Source[] {
  const found = new Map<string, Source>();
  const inOrder = annotations.toSorted((one, other) => (one.index ?? Infinity) - (other.index ?? Infinity) || 0);
  for (const { source } of inOrder) {
    const key = source.type === "url" ? source.url : source.type === "file" ? source.filename : source.id;
    if (!found.has(`${source.type} ${key}`)) found.set(`${source.type} ${key}`, source);
  }
  return [...found.values()];
}
