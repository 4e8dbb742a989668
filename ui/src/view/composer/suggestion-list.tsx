/** The list of suggestions at the caret. The focus stays in the field. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { fill } from "../../locale/fill";
import { place } from "../menu/place";
import { placeOf } from "./insertion";
import type { Suggestion, Suggestions } from "./suggestions";

interface Props {
  id: string;
  source: Suggestions;
  mirror: RefObject<HTMLElement | null>;
}

export function SuggestionList({ id, source, mirror }: Props) {
  const { announcer, words } = useDesk();
  const offer = source.offer.value;
  const popup = useRef<HTMLDivElement>(null);
  const count = offer && !offer.isLoading ? offer.suggestions.length : null;
  useLayoutEffect(() => {
    const [list, text] = [popup.current, mirror.current];
    if (!list || !text || !offer) return;
    list.showPopover();
    place(list, placeOf(text, offer.asked.start), { side: "above", gap: 6 });
  }, [offer?.asked.start, offer?.suggestions]);
  useLayoutEffect(() => {
    popup.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [offer?.active]);
  useEffect(() => {
    if (count !== null) announcer.say(fill(words.value.suggestionsFound, { count }));
  }, [count]);
  if (!offer) return null;
  const option = (suggestion: Suggestion) => {
    const number = offer.suggestions.indexOf(suggestion);
    return (
      <div
        key={suggestion.key}
        id={`${id}-${number}`}
        class="menu-item"
        role="option"
        aria-selected={number === offer.active}
        onPointerMove={() => source.point(number)}
        onClick={() => void source.choose(number)}
      >
        {suggestion.icon && <Icon name={suggestion.icon} />}
        <span class="menu-text">
          <span dir="auto">{suggestion.label}</span>
          {suggestion.description && <span class="menu-description" dir="auto">{suggestion.description}</span>}
        </span>
      </div>
    );
  };
  return (
    <div
      ref={popup}
      id={id}
      class="menu suggestions"
      role="listbox"
      aria-label={words.value.suggestions}
      aria-busy={offer.isLoading}
      popover="manual"
      onPointerDown={(event) => event.preventDefault()}
    >
      {groupsOf(offer.suggestions).map(([name, members], number) =>
        name ? (
          <div key={name} role="group" aria-labelledby={`${id}-group-${number}`}>
            <div id={`${id}-group-${number}`} class="suggestions-group" role="presentation" dir="auto">
              {name}
            </div>
            {members.map(option)}
          </div>
        ) : (
          members.map(option)
        ),
      )}
      {offer.suggestions.length === 0 && <div class="suggestions-group">{words.value.loading}</div>}
    </div>
  );
}

function groupsOf(suggestions: readonly Suggestion[]): [string, Suggestion[]][] {
  const groups: [string, Suggestion[]][] = [];
  for (const one of suggestions) {
    const last = groups.at(-1);
    if (last && last[0] === (one.group ?? "")) last[1].push(one);
    else groups.push([one.group ?? "", [one]]);
  }
  return groups;
}
