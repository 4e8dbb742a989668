/** A form: it collects its fields, says what is wrong with them, and sends them with its action. */

import type { ComponentChildren, TargetedKeyboardEvent } from "preact";
import { useRef } from "preact/hooks";

import type { Action } from "../../protocol/widget";
import { isComposing } from "../composing";
import { Children } from "./children";
import { FormContext, type PartProps } from "./scope";
import { box, type Style } from "./style";
import { actionOf } from "./tree";
import { useAction, type Loading } from "./use-action";
import { isValid } from "./values";

export function Form({ node }: PartProps) {
  const isRow = node["direction"] === "row";
  return (
    <FormFrame class={`widget-box ${isRow ? "is-row" : "is-column"}`} style={box(node)} action={actionOf(node["onSubmitAction"])} usual="self">
      <Children node={node} />
    </FormFrame>
  );
}

interface FrameProps {
  class: string;
  style: Style;
  action: Action | undefined;
  usual: Loading;
  label?: string;
  children: ComponentChildren;
}

export function FormFrame({ class: name, style, action, usual, label, children }: FrameProps) {
  const element = useRef<HTMLFormElement>(null);
  const { isBusy, isBlocked, run } = useAction(action, usual, element);
  const submit = () => {
    if (element.current && isValid(element.current)) run();
  };
  return (
    <FormContext.Provider value={{ element, isBusy, isBlocked, hasAction: action !== undefined }}>
      <form
        ref={element}
        class={name}
        style={style}
        noValidate
        aria-label={label}
        aria-busy={isBusy}
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          submit();
        }}
        onKeyDown={(event) => {
          if (!isSending(event)) return;
          event.preventDefault();
          event.stopPropagation();
          submit();
        }}
      >
        {children}
      </form>
    </FormContext.Provider>
  );
}

/** Enter in a line of text sends the form, whatever buttons it has. */
function isSending(event: TargetedKeyboardEvent<HTMLFormElement>): boolean {
  if (event.key !== "Enter" || isComposing(event) || event.defaultPrevented) return false;
  return event.target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(event.target.type);
}
