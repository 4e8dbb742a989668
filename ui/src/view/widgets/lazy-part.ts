/** A part that is loaded when it is first needed, with styles of its own. */

import { useEffect, useState } from "preact/hooks";

import { load } from "../../lazy/load";

interface Styled {
  sheet(): CSSStyleSheet;
}

export interface LazyPart<Part> {
  part: Part | null;
  hasFailed: boolean;
  /** For the `ref` of what the part is drawn in. */
  dress(element: Element | null): void;
}

export function useLazyPart<Part extends Styled>(name: string): LazyPart<Part> {
  const [part, setPart] = useState<Part | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    load<Part>(name).then(
      (found) => setPart(() => found),
      () => setFailed(true),
    );
  }, []);
  const dress = (element: Element | null) => {
    const root = element?.getRootNode();
    const sheet = part?.sheet();
    if (sheet && root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  };
  return { part, hasFailed, dress };
}
