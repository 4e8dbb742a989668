/** Markdown that a model wrote, drawn from tokens. It may still be growing. */

import type { Token } from "marked";
import { useMemo } from "preact/hooks";

import { useDesk } from "../../desk";
import type { Annotation } from "../../protocol/items";
import { Footnote, hasNames } from "../message/footnote";
import { useThread } from "../transcript/thread-context";
import { Block } from "./blocks";
import type { Rendering } from "./inline";
import { marked } from "./marks";
import { Reader } from "./reader";

interface Props {
  text: string;
  /** Whether more of it is coming. */
  streaming?: boolean;
  annotations?: readonly Annotation[];
  /** Hosts that its pictures may come from; without them, those of the open thread. */
  domains?: readonly string[];
}

const NONE: readonly never[] = [];

export function Markdown({ text, streaming = false, annotations = NONE, domains }: Props) {
  const reader = useMemo(() => new Reader(), []);
  const { text: whole, notes } = useMemo(() => marked(text, annotations), [text, annotations]);
  const tokens = useMemo(() => reader.read(whole, !streaming), [whole, streaming]);
  const levels = levelsOf(tokens);
  const rendering = useRendering(levels.join(), notes, domains, reader.generation);
  return (
    <div class="markdown">
      {tokens.map((token, place) => (
        <Block key={place} token={token} rendering={rendering} />
      ))}
    </div>
  );
}

function useRendering(
  levels: string,
  notes: readonly Annotation[][],
  domains: readonly string[] | undefined,
  generation: number,
): Rendering {
  const desk = useDesk();
  const thread = useThread();
  const hosts = domains ?? thread.hosts;
  const { url } = desk.settings.value.api;
  // They come with the text, item by item the same ones as other objects.
  const sources = JSON.stringify(notes);
  return useMemo(() => {
    const page = document.baseURI;
    const origins = [location.origin, new URL(url, page).origin];
    const note = (place: number) => <Footnote number={numberOf(place, notes)} sources={notes[place] ?? []} />;
    return {
      page,
      gallery: { origins, hosts },
      levels: levels.split(",").map(Number),
      ...(notes.length > 0 && { note }),
    };
  }, [levels, sources, hosts, url, generation]);
}

/** Counted from 1, without what needs no number. */
function numberOf(place: number, notes: readonly Annotation[][]): number {
  return notes.slice(0, place + 1).filter((sources) => !hasNames(sources)).length;
}

/** Levels that leave none out: the highest heading of a text is an `h3`. */
function levelsOf(tokens: readonly Token[]): number[] {
  const depths = new Set(tokens.map((token) => (token.type === "heading" ? Number(token["depth"]) : 0)));
  const higher = (depth: number) => [1, 2, 3, 4, 5].filter((other) => other < depth && depths.has(other)).length;
  return [0, 1, 2, 3, 4, 5, 6].map((depth) => Math.min(6, 3 + higher(depth)));
}
