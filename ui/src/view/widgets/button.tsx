/** A button with an action, or one that submits the form it is in. */

import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";

import { Icon } from "../../icons/icon";
import { FormContext, type PartProps } from "./scope";
import { actionOf, among, spoken, text } from "./tree";
import { useAction } from "./use-action";
import { isValid } from "./values";

const SIZES = { sm: 14, md: 16, lg: 18, xl: 22, "2xl": 26 };

export function Button({ node }: PartProps) {
  const action = actionOf(node["onClickAction"]);
  const form = useContext(FormContext);
  const { isBusy, isBlocked, run } = useAction(action, "self");
  const label = text(node["label"]);
  const [start, end] = [text(node["iconStart"]), text(node["iconEnd"])];
  const size = SIZES[among(node["iconSize"], ["md", "sm", "lg", "xl", "2xl"])];
  const submits = node["submit"] === true && form !== null;
  const press = () => {
    if (!action || (submits && form.hasAction)) return;
    if (!submits || (form.element.current && isValid(form.element.current))) run();
  };
  return (
    <PressButton
      type={submits && form.hasAction ? "submit" : "button"}
      class={buttonClass(node)}
      label={label ? undefined : spoken(action?.type ?? (start || end))}
      isBusy={isBusy || (submits && form.isBusy)}
      isBlocked={isBlocked || (submits && form.hasAction && form.isBlocked)}
      isDisabled={node["disabled"] === true}
      onPress={press}
    >
      {start && <Icon name={start} size={size} />}
      {label && <span class="widget-button-text">{label}</span>}
      {end && <Icon name={end} size={size} />}
    </PressButton>
  );
}

interface PressProps {
  type?: "button" | "submit";
  class: string;
  /** Where what is on it is no name. */
  label?: string | undefined;
  isBusy: boolean;
  isBlocked: boolean;
  isDisabled?: boolean;
  onPress(): void;
  children: ComponentChildren;
}

export function PressButton({ type = "button", class: name, label, isBusy, isBlocked, isDisabled, onPress, children }: PressProps) {
  return (
    <button
      type={type}
      class={name}
      aria-label={label}
      aria-busy={isBusy || undefined}
      // Not `disabled`: whoever has pressed it keeps the focus.
      aria-disabled={isBlocked || undefined}
      disabled={isDisabled}
      onClick={(event) => {
        if (!isBlocked) onPress();
        else event.preventDefault();
      }}
    >
      {children}
      {isBusy && <Icon name="loader-circle" size={16} class="spinner widget-button-spinner" />}
    </button>
  );
}

type Style = { colour: string; variant: string };

const PRESETS: Record<string, Style> = {
  primary: { colour: "primary", variant: "solid" },
  secondary: { colour: "secondary", variant: "soft" },
};

function buttonClass(node: PartProps["node"]): string {
  const preset = PRESETS[text(node["style"])] ?? { colour: "secondary", variant: "soft" };
  const tone = among(node["color"], [
    preset.colour,
    "primary",
    "secondary",
    "info",
    "discovery",
    "success",
    "caution",
    "warning",
    "danger",
  ]);
  const variant = among(node["variant"], [preset.variant, "solid", "soft", "outline", "ghost"]);
  const size = among(node["size"], ["md", "3xs", "2xs", "xs", "sm", "lg", "xl", "2xl", "3xl"]);
  const flags = [
    node["pill"] === true && "is-pill",
    node["pill"] === false && "is-square",
    node["uniform"] === true && "is-uniform",
    node["block"] === true && "is-block",
  ];
  return ["widget-button", `widget-tone-${tone}`, `is-${variant}`, `size-${size}`, ...flags.filter(Boolean)].join(" ");
}
