/** What the parts of one widget share. */

import { createContext, type ComponentType, type RefObject } from "preact";
import { useContext } from "preact/hooks";

import type { Action, WidgetNode } from "../../protocol/widget";
import type { Entry } from "./payload";

export interface PartProps {
  node: WidgetNode;
}

export interface Scope {
  /** What the ids of its fields begin with. */
  readonly id: string;
  /** Names of fields that a label stands beside. */
  readonly labelled: ReadonlySet<string>;
  /** Whether an action of the whole widget runs. */
  readonly isBusy: boolean;
  /** Draws a node, whatever its type. */
  readonly Part: ComponentType<PartProps>;
  /** Settles when what the action led to is over, or has failed; a failure is shown. */
  act(action: Action, entries: readonly Entry[], isWhole: boolean): Promise<void>;
}

export const ScopeContext = createContext<Scope | null>(null);

export function useScope(): Scope {
  const scope = useContext(ScopeContext);
  if (!scope) throw new Error("a part of a widget was drawn outside of it");
  return scope;
}

/** The id of a field's element, as it may stand in a list of ids, which spaces divide. */
export function fieldId(scope: Scope, name: string): string {
  return `${scope.id}-${name.replace(/\s/g, "%")}`;
}

/** The form that a part is in. */
export interface FormScope {
  readonly element: RefObject<HTMLFormElement | null>;
  /** Whether what it was submitted for runs. */
  readonly isBusy: boolean;
  /** Whether it has to wait. */
  readonly isBlocked: boolean;
  /** Whether submitting it does something. */
  readonly hasAction: boolean;
}

export const FormContext = createContext<FormScope | null>(null);
