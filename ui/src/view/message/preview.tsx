/** What the application shows of a thing as long as the pointer or the focus is on its word. */

import type { Entity, Widgets } from "@openai/chatkit";
import type { ComponentChild, RefObject, TargetedFocusEvent, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { errorOf } from "../../client/failure";
import { useDesk } from "../../desk";
import type { WidgetNode } from "../../protocol/widget";
import { WidgetTree } from "../widgets/widget";
import { Bubble } from "./bubble";

/** Milliseconds that a pointer rests before it opens, and that it may be away before it closes. */
const REST = 300;

export interface Preview {
  /** For the word. */
  triggers: {
    onPointerEnter(event: TargetedPointerEvent<HTMLElement>): void;
    onPointerLeave(): void;
    onFocus(event: TargetedFocusEvent<HTMLElement>): void;
    onBlur(): void;
    onKeyDown(event: TargetedKeyboardEvent<HTMLElement>): void;
  };
  /** To be drawn beside the word. */
  bubble: ComponentChild;
}

/** It is asked for when it is first wanted. */
export function usePreview(entity: Entity, word: RefObject<HTMLElement | null>): Preview {
  const { settings, tell } = useDesk();
  const { preview } = settings.value.entities;
  const [isShown, setShown] = useState(false);
  const [found, setFound] = useState<Widgets.BasicRoot | null>(null);
  const asked = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const ask = async () => {
    if (asked.current || !preview) return;
    asked.current = true;
    try {
      setFound((await preview(entity)).preview ?? null);
    } catch (cause) {
      asked.current = false;
      tell("chatkit.error", { error: errorOf(cause) });
    }
  };
  const show = (isWanted: boolean, after = 0) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setShown(isWanted);
      if (isWanted) void ask();
    }, after);
  };
  const isOpen = isShown && found !== null;
  const leave = () => show(false, REST);
  return {
    triggers: {
      onPointerEnter: (event) => event.pointerType === "mouse" && show(true, REST),
      onPointerLeave: leave,
      onFocus: (event) => event.currentTarget.matches(":focus-visible") && show(true),
      onBlur: leave,
      onKeyDown: (event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        show(false);
      },
    },
    bubble: isOpen && (
      <Bubble label={entity.title} anchor={word} onClose={() => show(false)} onPointerEnter={() => show(true)} onPointerLeave={leave}>
        <WidgetTree node={found as unknown as WidgetNode} />
      </Bubble>
    ),
  };
}
