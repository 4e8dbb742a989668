/** A footnote at its place in a text: a number that opens its sources, or the name of a thing of the application's. */

import { useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { fill } from "../../locale/fill";
import type { Annotation, EntitySource, Source } from "../../protocol/items";
import { Bubble } from "./bubble";
import { EntityChip, entityOf } from "./entity";
import { SourceView, titleOf } from "./source";

interface Props {
  /** Counted from 1. */
  number: number;
  sources: readonly Annotation[];
}

export function Footnote({ number, sources }: Props) {
  const { words } = useDesk();
  const [isOpen, setOpen] = useState(false);
  const wasOpen = useRef(false);
  const button = useRef<HTMLButtonElement>(null);
  if (hasNames(sources)) {
    return (
      <>
        {sources.map(({ source }) => source).filter(isEntity).map((source) => (
          <EntityChip key={source.id} entity={entityOf(source)} label={source.inline_label ?? source.title} />
        ))}
      </>
    );
  }
  const label = `${fill(words.value.footnote, { number })}: ${sources.map(({ source }) => titleOf(source)).join(", ")}`;
  return (
    <span class="footnote">
      <button
        ref={button}
        type="button"
        class="footnote-button"
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onPointerDown={() => (wasOpen.current = isOpen)}
        onClick={() => {
          setOpen(!isOpen && !wasOpen.current);
          wasOpen.current = false;
        }}
      >
        {number}
      </button>
      {isOpen && (
        <Bubble label={label} anchor={button} isDialog onClose={() => setOpen(false)}>
          {sources.map(({ source }, place) => (
            <SourceView key={place} source={source} />
          ))}
        </Bubble>
      )}
    </span>
  );
}

/** Whether it is shown as the names of things, without a number. */
export function hasNames(sources: readonly Annotation[]): boolean {
  return sources.length > 0 && sources.every(({ source }) => isEntity(source));
}

function isEntity(source: Source): source is EntitySource {
  return source.type === "entity";
}
