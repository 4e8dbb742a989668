/** A list to choose from that is searched by writing, as the ARIA patterns describe a combobox. */

import type { TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import { isComposing } from "../composing";
import { place } from "../menu/place";
import { controlClass, useField } from "./field";
import type { PartProps } from "./scope";
import { optionsOf, text, type Option } from "./tree";

/** Options that are drawn at once; whoever wants others writes more. */
const MOST_SHOWN = 200;

export function Combobox({ node }: PartProps) {
  const words = useDesk().words.value;
  const field = useField(node);
  const options = optionsOf(node["options"]);
  const [value, setValue] = useState(text(node["defaultValue"]));
  /** What is being written; none while nobody searches. */
  const [query, setQuery] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const hidden = useRef<HTMLInputElement>(null);
  const chosen = options.find((option) => option.value === value && value !== "");
  const found = isOpen ? matching(options, query ?? "") : [];
  const list = `${field.id}-list`;

  const open = () => {
    if (isOpen || field.props.disabled) return;
    setOpen(true);
    setActive(options.findIndex((option) => option === chosen));
  };
  const close = () => {
    setOpen(false);
    setQuery(null);
    setActive(-1);
  };
  const choose = (option: Option | null) => {
    if (option?.disabled) return;
    setValue(option?.value ?? "");
    close();
    field.props.onInput();
    if (!hidden.current || (option?.value ?? "") === value) return;
    hidden.current.value = option?.value ?? "";
    field.changed(hidden.current);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (isComposing(event)) return;
    const step = ({ ArrowDown: 1, ArrowUp: -1 } as Record<string, number>)[event.key];
    if (step !== undefined) {
      if (isOpen) setActive(next(found, active, step));
      else open();
    } else if (event.key === "Enter" && isOpen) {
      const option = found[active];
      if (option) choose(option);
      else close();
    } else if (event.key === "Escape" && isOpen) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="widget-field">
      <div ref={box} class={`${controlClass(node, "is-select")} widget-with-icon`}>
        <input
          {...field.props}
          ref={input}
          role="combobox"
          aria-expanded={isOpen}
          aria-controls={isOpen ? list : undefined}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && found[active] ? `${list}-${active}` : undefined}
          autoComplete="off"
          placeholder={text(node["placeholder"]) || words.widgetChoose}
          value={query ?? chosen?.label ?? ""}
          onClick={open}
          onInput={(event) => {
            field.props.onInput();
            setQuery(event.currentTarget.value);
            setOpen(true);
            setActive(event.currentTarget.value ? 0 : -1);
          }}
          onKeyDown={onKeyDown}
          onBlur={close}
        />
        <input ref={hidden} type="hidden" data-name={text(node["name"])} value={value} />
        {node["clearable"] === true && chosen && !field.props.disabled && (
          <button type="button" class="widget-inner-button" aria-label={words.widgetClear} onClick={() => (choose(null), input.current?.focus())}>
            <Icon name="close" size={14} />
          </button>
        )}
        <Icon name="chevron-down" size={16} />
      </div>
      {isOpen && <Options id={list} label={text(node["placeholder"]) || words.widgetChoose} anchor={box} options={found} chosen={value} active={active} onChoose={choose} />}
      {field.trouble}
    </div>
  );
}

interface OptionsProps {
  id: string;
  label: string;
  anchor: { current: HTMLElement | null };
  options: readonly Option[];
  chosen: string;
  active: number;
  onChoose(option: Option): void;
}

function Options({ id, label, anchor, options, chosen, active, onChoose }: OptionsProps) {
  const words = useDesk().words.value;
  const popup = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => popup.current?.showPopover(), []);
  useLayoutEffect(() => {
    const rect = anchor.current?.getBoundingClientRect();
    if (!popup.current || !rect) return;
    popup.current.style.minWidth = `${rect.width}px`;
    place(popup.current, rect);
  }, [options.length]);
  useLayoutEffect(() => popup.current?.querySelector(".is-active")?.scrollIntoView({ block: "nearest" }), [active]);
  return (
    // The focus stays in the field.
    <div ref={popup} class="menu widget-options" popover="manual" onMouseDown={(event) => event.preventDefault()}>
      <div id={id} role="listbox" aria-label={label}>
        {options.map((option, index) => (
          <div
            key={option.value}
            id={`${id}-${index}`}
            role="option"
            class={index === active ? "menu-item is-active" : "menu-item"}
            aria-selected={option.value === chosen}
            aria-disabled={option.disabled || undefined}
            onClick={() => onChoose(option)}
          >
            <span class="menu-text">
              <span dir="auto">{option.label}</span>
              {option.description && <span class="menu-description">{option.description}</span>}
            </span>
            {option.value === chosen && <Icon name="check" class="menu-check" />}
          </div>
        ))}
      </div>
      {options.length === 0 && (
        <p class="widget-options-none" role="status">
          {words.widgetNothing}
        </p>
      )}
    </div>
  );
}

function matching(options: readonly Option[], query: string): Option[] {
  const wanted = query.trim().toLocaleLowerCase();
  return options
    .filter(({ label, description }) => !wanted || `${label} ${description}`.toLocaleLowerCase().includes(wanted))
    .slice(0, MOST_SHOWN);
}

/** The next one that may be chosen, around the end. */
function next(options: readonly Option[], from: number, step: number): number {
  const count = options.length;
  for (let tried = 1, place = from < 0 && step < 0 ? 0 : from; tried <= count; tried++) {
    place = (place + step + count) % count;
    if (!options[place]?.disabled) return place;
  }
  return -1;
}
