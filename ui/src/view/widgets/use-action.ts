/** Runs a part's action, and tells how that goes. */

import type { RefObject } from "preact";
import { useContext, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import type { Action } from "../../protocol/widget";
import { useThread } from "../transcript/thread-context";
import type { Entry } from "./payload";
import { FormContext, useScope } from "./scope";
import { readForm } from "./values";

/** What shows that an action runs. */
export type Loading = "none" | "self" | "container";

export interface Running {
  /** Whether this part shows that it runs. */
  isBusy: boolean;
  /** Whether it has to wait: an answer or another action runs, or the thread is closed. */
  isBlocked: boolean;
  /** Whether it has begun. `values` are the part's where it stands outside of a form. */
  run(values?: readonly Entry[]): boolean;
}

/** `usual` is what "auto" means for the part; `own` is the form that it is, where it is one. */
export function useAction(action: Action | undefined, usual: Loading, own?: RefObject<HTMLFormElement | null>): Running {
  const scope = useScope();
  const around = useContext(FormContext)?.element;
  const { chat } = useDesk();
  const { isActive } = useThread();
  const [isRunning, setRunning] = useState(false);
  const asked = action?.loadingBehavior ?? "auto";
  const loading = asked === "auto" ? usual : asked;
  const isRemote = action !== undefined && action.handler !== "client";
  const waits = isRemote && action.streaming !== false;
  const isAnswering = chat.phase.value !== "ready";
  const isBlocked = isRunning || scope.isBusy || (isRemote && !isActive) || (waits && isAnswering);
  return {
    isBusy: isRunning && loading === "self",
    isBlocked,
    run(values = []) {
      // Another part may have begun since this one was drawn.
      if (!action || isBlocked || (waits && chat.phase.peek() !== "ready")) return false;
      const form = (own ?? around)?.current;
      setRunning(true);
      void scope
        .act(action, form ? readForm(form) : values, loading === "container")
        .finally(() => setRunning(false));
      return true;
    },
  };
}
