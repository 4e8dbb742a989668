/** What all fields have in common: a name, and what is wrong with it. */

import type { JSX, TargetedEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import type { Action, WidgetNode } from "../../protocol/widget";
import type { Entry } from "./payload";
import { fieldId, useScope } from "./scope";
import { actionOf, among, spoken, text } from "./tree";
import { useAction } from "./use-action";
import { valueOf } from "./values";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export interface Field {
  id: string;
  /** Of the element that is used. */
  props: {
    id: string;
    disabled: boolean;
    required: boolean;
    "aria-label": string | undefined;
    "aria-invalid": boolean | undefined;
    "aria-describedby": string | undefined;
    onInvalid: (event: TargetedEvent<Control>) => void;
    onInput: () => void;
  };
  /** What is wrong with it, to be drawn beside it. */
  trouble: JSX.Element | null;
  /** Tells the application of a new value. */
  changed(control: Control): void;
}

export function useField(node: WidgetNode): Field {
  const scope = useScope();
  const [trouble, setTrouble] = useState("");
  const name = text(node["name"]);
  const tell = useTelling(name, actionOf(node["onChangeAction"]));
  const id = fieldId(scope, name);
  const label = text(node["label"]) || text(node["ariaLabel"]) || text(node["placeholder"]) || spoken(name);
  return {
    id,
    props: {
      id,
      disabled: node["disabled"] === true,
      required: node["required"] === true,
      "aria-label": scope.labelled.has(name) ? undefined : label,
      "aria-invalid": trouble ? true : undefined,
      "aria-describedby": trouble ? `${id}-trouble` : undefined,
      onInvalid(event) {
        event.preventDefault();
        setTrouble(event.currentTarget.validationMessage);
      },
      onInput: () => setTrouble(""),
    },
    trouble: trouble ? (
      <p id={`${id}-trouble`} class="widget-trouble">
        {trouble}
      </p>
    ) : null,
    changed: (control) => tell([name, valueOf(control)]),
  };
}

/** Runs the action with a new value. While it has to wait, the newest value waits with it. */
function useTelling(name: string, action: Action | undefined): (entry: Entry) => void {
  const { run } = useAction(action, "none");
  const waiting = useRef<Entry | null>(null);
  // A field that has become another has nothing to tell of this one.
  useLayoutEffect(() => () => void (waiting.current = null), [name, action?.type]);
  // With every drawing: it is drawn when what it waits for is over.
  useLayoutEffect(() => {
    if (waiting.current && run([waiting.current])) waiting.current = null;
  });
  return (entry) => void (waiting.current = run([entry]) ? null : entry);
}

/** The look of a control, as class names. */
export function controlClass(node: WidgetNode, kind: string): string {
  const size = among(node["size"], ["md", "3xs", "2xs", "xs", "sm", "lg", "xl", "2xl", "3xl"]);
  const variant = among(node["variant"], ["outline", "soft", "solid", "ghost"]);
  const shape = node["pill"] === true ? " is-pill" : node["pill"] === false ? " is-square" : "";
  return `widget-control ${kind} size-${size} is-${variant}${shape}${node["block"] === true ? " is-block" : ""}`;
}

/** Takes the focus where the author wants that, as long as the user isn't somewhere else. */
export function useAutoFocus<Element extends HTMLInputElement | HTMLTextAreaElement>(props: Record<string, unknown>) {
  const field = useRef<Element>(null);
  const { chat } = useDesk();
  useLayoutEffect(() => {
    const root = field.current?.getRootNode();
    // What is only loaded again doesn't ask for anything.
    const isNew = chat.phase.peek() === "answering";
    if (props["autoFocus"] !== true || !isNew || !(root instanceof ShadowRoot)) return;
    const busy = root.activeElement;
    if (busy?.matches("input, textarea, select, [contenteditable]")) {
      if (busy instanceof HTMLInputElement || busy instanceof HTMLTextAreaElement ? busy.value : busy.textContent) return;
    }
    if (!busy && document.activeElement && document.activeElement !== document.body) return;
    field.current?.focus({ preventScroll: true });
  }, []);
  return field;
}

/** Extensions that fill in passwords stay away unless they are wanted. */
export function withoutExtensions(props: Record<string, unknown>) {
  return props["allowAutofillExtensions"] === true ? {} : { "data-1p-ignore": "", "data-lpignore": "true", "data-bwignore": "" };
}
