/** A button beside words of the assistant's that are selected: it quotes them. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { place } from "../menu/place";
import { isSamePlace } from "../message/bubble";

interface Selected {
  text: string;
  rect: DOMRect;
}

/** Characters of a quote. */
const LONGEST = 2_000;
/** Milliseconds without a change until the selection counts as made. */
const REST = 250;

/** `part` is any part of the chat. */
export function QuoteButton({ part }: { part: RefObject<HTMLElement | null> }) {
  const { composer, words } = useDesk();
  const [selected, setSelected] = useState<Selected | null>(null);
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const root = part.current?.getRootNode();
    if (!(root instanceof ShadowRoot)) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      clearTimeout(timer);
      timer = setTimeout(() => setSelected(selectedIn(root)), REST);
    };
    const hide = () => setSelected(null);
    // What was scrolled before is told with the next frame.
    const moved = () => setSelected((now) => (now && isSamePlace(now.rect, selectedIn(root)?.rect) ? now : null));
    document.addEventListener("selectionchange", look);
    root.addEventListener("scroll", moved, true);
    window.addEventListener("resize", hide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("selectionchange", look);
      root.removeEventListener("scroll", moved, true);
      window.removeEventListener("resize", hide);
    };
  }, []);
  useLayoutEffect(() => {
    if (!popup.current || !selected) return;
    popup.current.showPopover();
    // Phones show their own menu above.
    const side = matchMedia("(pointer: coarse)").matches ? "below" : "above";
    place(popup.current, selected.rect, { side, gap: 8 });
  }, [selected]);
  if (!selected) return null;
  return (
    <div ref={popup} class="quoting" popover="manual">
      <button
        type="button"
        class="quoting-button"
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => {
          composer.setQuote(selected.text.slice(0, LONGEST));
          setSelected(null);
          composer.focus();
        }}
      >
        <Icon name="quote" size={16} />
        {words.value.quote}
      </button>
    </div>
  );
}

/** Browsers differ in how they tell what is selected in a shadow tree. */
type Composed = Selection & { getComposedRanges?: (options: { shadowRoots: ShadowRoot[] }) => StaticRange[] };

/** What is selected of one message of the assistant's. */
function selectedIn(root: ShadowRoot): Selected | null {
  const selection: Composed | null = document.getSelection();
  if (!selection || selection.rangeCount === 0) return null;
  const range = selection.getComposedRanges?.({ shadowRoots: [root] })[0] ?? selection.getRangeAt(0);
  if (range.collapsed) return null;
  const message = messageOf(range.startContainer);
  if (!message || message !== messageOf(range.endContainer) || message.getRootNode() !== root) return null;
  const live = document.createRange();
  live.setStart(range.startContainer, range.startOffset);
  live.setEnd(range.endContainer, range.endOffset);
  const text = (selection.toString() || live.toString()).trim();
  return text ? { text, rect: live.getBoundingClientRect() } : null;
}

function messageOf(node: Node): Element | null {
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest(".message-assistant") ?? null;
}
