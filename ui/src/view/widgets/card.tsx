/** A card: what belongs together, with a line on how it stands above and its two buttons below. */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type { Action } from "../../protocol/widget";
import { ICONS, standingOf, type Standing } from "./approval";
import { PressButton } from "./button";
import { Children } from "./children";
import { ground } from "./colour";
import { FormFrame } from "./form";
import type { PartProps } from "./scope";
import { Status } from "./status";
import { border, space, spacing } from "./style";
import { useTheme } from "./theme";
import { actionOf, among, firstText, text } from "./tree";
import { useAction } from "./use-action";

export function Card({ node }: PartProps) {
  const standing = standingOf(node);
  const isCollapsed = node["collapsed"] === true;
  const confirm = buttonOf(node["confirm"]);
  const cancel = buttonOf(node["cancel"]);
  const name = `widget-card size-${among(node["size"], ["md", "sm", "lg", "full"])}${standing ? ` is-approval is-${standing}` : ""}`;
  const padding = space(node["padding"]);
  const style = {
    ...useTheme(node),
    ...ground(node["background"]),
    ...border(node["border"]),
    ...(padding ? { "--card-padding": padding } : spacing("padding", node["padding"])),
  };
  const isForm = node["asForm"] === true;
  const inner = (
    <Collapsible node={node} isCollapsed={isCollapsed}>
      <div class="widget-body">
        <Children node={node} />
      </div>
      {(confirm || cancel) && (
        <div class="widget-footer">
          {cancel && <FooterButton {...cancel} class="is-soft widget-tone-secondary" />}
          {confirm && <FooterButton {...confirm} submits={isForm} class="is-solid widget-tone-primary" />}
        </div>
      )}
    </Collapsible>
  );
  if (isForm) {
    return (
      <FormFrame class={name} style={style} action={confirm?.action} usual="container" label={firstText(node) || undefined}>
        {inner}
      </FormFrame>
    );
  }
  return (
    <div class={name} style={style} role={standing && "group"} aria-label={standing && firstText(node)}>
      {standing && <Mark standing={standing} />}
      {inner}
    </div>
  );
}

function Mark({ standing }: { standing: Standing }) {
  return (
    <span class="widget-mark">
      <Icon name={ICONS[standing]} size={20} />
    </span>
  );
}

/** A card that is done with is one line, and opens when it is asked to. */
function Collapsible({ node, isCollapsed, children }: PartProps & { isCollapsed: boolean; children: ComponentChildren }) {
  const words = useDesk().words.value;
  const id = useId();
  const [isOpen, setOpen] = useState<boolean>();
  if (!isCollapsed) {
    return (
      <>
        <Status status={node["status"]} />
        {children}
      </>
    );
  }
  return (
    <>
      <button type="button" class="widget-summary" aria-expanded={isOpen === true} aria-controls={id} onClick={() => setOpen(!isOpen)}>
        {node["status"] ? <Status status={node["status"]} /> : <span dir="auto">{firstText(node) || words.widgetDetails}</span>}
        <Icon name={isOpen ? "chevron-up" : "chevron-down"} size={16} />
      </button>
      <div id={id} class="widget-collapsed" hidden={!isOpen}>
        {/* Once it was open it stays, with what was written in it. */}
        {isOpen !== undefined && children}
      </div>
    </>
  );
}

interface FooterProps {
  label: string;
  action: Action;
  submits?: boolean;
  class: string;
}

function FooterButton({ label, action, submits = false, class: tone }: FooterProps) {
  const { isBusy, isBlocked, run } = useAction(action, "container");
  return (
    <PressButton
      type={submits ? "submit" : "button"}
      class={`widget-button size-md ${tone}`}
      isBusy={isBusy}
      isBlocked={isBlocked}
      onPress={() => submits || run()}
    >
      <span class="widget-button-text">{label}</span>
    </PressButton>
  );
}

function buttonOf(value: unknown): { label: string; action: Action } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { label, action } = value as { label?: unknown; action?: unknown };
  const found = actionOf(action);
  return found && { label: text(label), action: found };
}
