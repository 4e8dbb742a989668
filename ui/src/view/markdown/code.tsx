/** A block of code: its language, a button that copies it, and its parts in colour once it is over. */

import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { load } from "../../lazy/load";
import type * as HighlightPart from "../../lazy/parts/highlight";
import { CopyButton } from "../message/copy";

type Part = typeof HighlightPart;

/** Characters of a block that gets colours. */
const MOST = 60_000;

let part: Promise<Part> | undefined;

interface Props {
  text: string;
  language: string;
  /** Whether nothing more is coming. */
  isOver: boolean;
}

export function Code({ text, language, isOver }: Props) {
  const { words } = useDesk();
  const parts = useParts(text, language, isOver);
  return (
    <div class="code" dir="ltr">
      <div class="code-bar">
        <span class="code-language">{language || words.value.code}</span>
        <CopyButton text={() => text} label={words.value.copyCode} />
      </div>
      <pre class="code-text" tabIndex={0} role="group" aria-label={language || words.value.code}>
        <code>{parts ? parts.children.map(drawn) : text}</code>
      </pre>
    </div>
  );
}

/** The code's parts; none until it is over, and none in languages that aren't known. */
function useParts(text: string, language: string, isOver: boolean): HighlightPart.CodePart | null {
  const [found, setFound] = useState<{ of: string; parts: HighlightPart.CodePart | null } | null>(null);
  const isWanted = isOver && language !== "" && text.length <= MOST;
  useEffect(() => {
    if (!isWanted) return;
    let isGone = false;
    part ??= load<Part>("highlight");
    part.then(
      ({ highlighted }) => {
        if (!isGone) setFound({ of: text, parts: highlighted(text, language.toLowerCase()) });
      },
      () => (part = undefined),
    );
    return () => {
      isGone = true;
    };
  }, [text, language, isWanted]);
  return found?.of === text ? found.parts : null;
}

function drawn(part: HighlightPart.CodePart | string): ComponentChild {
  if (typeof part === "string") return part;
  const inner = part.children.map(drawn);
  return part.kind ? <span class={`code-${part.kind.replace(/[^a-z]+/gi, "-")}`}>{inner}</span> : <>{inner}</>;
}
