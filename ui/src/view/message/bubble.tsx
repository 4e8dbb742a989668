/** What opens beside a button or a word, and closes by itself. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { place } from "../menu/place";

interface Props {
  label: string;
  anchor: { current: HTMLElement | null };
  /** Whether it takes part in the page's keyboard order; else it is only looked at. */
  isDialog?: boolean;
  children: ComponentChildren;
  onClose(): void;
  onPointerEnter?(): void;
  onPointerLeave?(): void;
}

/** It is open as long as it is drawn. */
export function Bubble({ label, anchor, isDialog = false, children, onClose, ...pointer }: Props) {
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [element, owner] = [popup.current, anchor.current];
    if (!element || !owner) return;
    element.showPopover();
    const rect = owner.getBoundingClientRect();
    place(element, rect, { side: "above" });
    if (isDialog) (element.querySelector<HTMLElement>("a, button") ?? element).focus();
    const moved = ({ target }: Event) => {
      if (target instanceof Node && element.contains(target)) return;
      // What was scrolled before it opened is told with the next frame.
      if (!isSamePlace(rect, owner.getBoundingClientRect())) onClose();
    };
    window.addEventListener("resize", onClose);
    element.getRootNode().addEventListener("scroll", moved, true);
    return () => {
      window.removeEventListener("resize", onClose);
      element.getRootNode().removeEventListener("scroll", moved, true);
    };
  }, []);
  return (
    <div
      ref={popup}
      class="bubble"
      popover={isDialog ? "auto" : "manual"}
      role={isDialog ? "dialog" : "group"}
      aria-label={label}
      tabIndex={-1}
      onToggle={(event) => event.newState === "closed" && onClose()}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        onClose();
        anchor.current?.focus();
      }}
      {...pointer}
    >
      {children}
    </div>
  );
}

/** Whether what was put beside the one is still beside the other. */
export function isSamePlace(one: DOMRect, other: DOMRect | undefined): boolean {
  return one.x === other?.x && one.y === other.y && one.width === other.width && one.height === other.height;
}
