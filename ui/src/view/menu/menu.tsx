/** A button that opens a menu, as the ARIA patterns describe it. */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { Icon } from "../../icons/icon";
import { place, type Placing } from "./place";

export interface MenuItem {
  label: string;
  icon?: string;
  description?: string;
  /** Makes it a choice among the others that have it. */
  isChecked?: boolean;
  isDisabled?: boolean;
  isDanger?: boolean;
  onSelect(): void;
}

export interface MenuButtonProps extends Pick<Placing, "align" | "side"> {
  /** The button's name. */
  label: string;
  items: readonly MenuItem[];
  /** What is on the button; three dots without it. */
  children?: ComponentChildren;
  class?: string;
  isDisabled?: boolean;
}

export function MenuButton({ label, items, children, class: className, isDisabled, align, side }: MenuButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const wasOpen = useRef(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button}
        type="button"
        class={className ?? "icon-button is-small"}
        aria-label={children ? undefined : label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        disabled={isDisabled}
        // A press outside of the menu closes it first; the click that follows must not open it again.
        onPointerDown={() => (wasOpen.current = isOpen)}
        onClick={() => {
          setOpen(!isOpen && !wasOpen.current);
          wasOpen.current = false;
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children ?? <Icon name="dots-horizontal" />}
      </button>
      {isOpen && (
        <Menu
          label={label}
          items={items}
          anchor={button}
          align={align}
          side={side}
          onClose={(backToButton) => {
            setOpen(false);
            if (backToButton) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

interface MenuProps extends Pick<Placing, "align" | "side"> {
  label: string;
  items: readonly MenuItem[];
  anchor: { current: HTMLElement | null };
  onClose(backToButton: boolean): void;
}

function Menu({ label, items, anchor, align, side, onClose }: MenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [popup, rect] = [menu.current, anchor.current?.getBoundingClientRect()];
    if (!popup || !rect) return;
    popup.showPopover();
    place(popup, rect, { align, side });
    (popup.querySelector<HTMLElement>('[aria-checked="true"]') ?? choices(popup)[0])?.focus();
    const close = () => onClose(false);
    window.addEventListener("resize", close);
    return () => window.removeEventListener("resize", close);
  }, []);
  return (
    <div
      ref={menu}
      class="menu"
      role="menu"
      aria-label={label}
      popover="auto"
      onToggle={(event) => {
        if (event.newState === "closed") onClose(false);
      }}
      onKeyDown={(event) => {
        if (event.key === "Tab") onClose(true);
        else if (event.key === "Escape") onClose(true);
        else if (!walk(event)) return;
        if (event.key !== "Tab") event.preventDefault();
        event.stopPropagation();
      }}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          class={item.isDanger ? "menu-item is-danger" : "menu-item"}
          role={item.isChecked === undefined ? "menuitem" : "menuitemradio"}
          aria-checked={item.isChecked}
          aria-disabled={item.isDisabled}
          tabIndex={-1}
          onPointerEnter={(event) => event.currentTarget.focus({ preventScroll: true })}
          onClick={() => {
            if (item.isDisabled) return;
            onClose(true);
            item.onSelect();
          }}
        >
          {item.icon && <Icon name={item.icon} />}
          <span class="menu-text">
            <span>{item.label}</span>
            {item.description && <span class="menu-description">{item.description}</span>}
          </span>
          {item.isChecked && <Icon name="check" class="menu-check" />}
        </button>
      ))}
    </div>
  );
}

function choices(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>(".menu-item")];
}

/** Moves the focus by arrow, Home, End or first letter. Whether it was one of those. */
function walk(event: KeyboardEvent & { currentTarget: HTMLElement }): boolean {
  const all = choices(event.currentTarget);
  const here = all.findIndex((choice) => choice === event.target);
  const next = { ArrowDown: here + 1, ArrowUp: here < 0 ? -1 : here - 1, Home: 0, End: -1 }[event.key];
  if (next !== undefined) {
    all.at(next % all.length)?.focus();
    return true;
  }
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) return false;
  const letter = event.key.toLocaleLowerCase();
  const turned = [...all.slice(here + 1), ...all.slice(0, here + 1)];
  turned.find((choice) => choice.textContent?.trim().toLocaleLowerCase().startsWith(letter))?.focus();
  return true;
}
