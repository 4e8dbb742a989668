/** A formula in a text. Until it can be set, and where it can't be, its source is shown. */

import { h, type ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";

import { load } from "../../lazy/load";
import type * as MathPart from "../../lazy/parts/math";

type Part = typeof MathPart;

let part: Promise<Part> | undefined;
let loaded: Part | undefined;

export function FormulaView({ tex, display }: { tex: string; display: boolean }) {
  const [math, setMath] = useState(() => loaded);
  useEffect(() => {
    if (math) return;
    part ??= load<Part>("math");
    part.then((found) => {
      loaded = found;
      setMath(() => found);
    }, () => (part = undefined));
  }, [math]);
  const tree = math?.formula(tex, display);
  if (!math || !tree) {
    return (
      <code class="formula-source" dir="ltr">
        {tex}
      </code>
    );
  }
  const dressed = (element: Element | null) => dress(element, math.sheet());
  return display ? (
    <span ref={dressed} class="formula" tabIndex={0}>
      {drawn(tree)}
    </span>
  ) : (
    <span ref={dressed}>{drawn(tree)}</span>
  );
}

/** The chat's styles take in those of formulas with the first one. */
function dress(element: Element | null, sheet: CSSStyleSheet): void {
  const root = element?.getRootNode();
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
}

function drawn(node: MathPart.MathTree | string): ComponentChild {
  return typeof node === "string" ? node : h(node.name, node.props, node.children.map(drawn));
}
