/** A date: written into the browser's own field, or taken from a calendar. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { useDesk } from "../../desk";
import { Icon } from "../../icons/icon";
import type * as CalendarPart from "../../lazy/parts/calendar";
import { formatLocale } from "../../locale/language";
import { place } from "../menu/place";
import { controlClass, useField } from "./field";
import { useLazyPart } from "./lazy-part";
import type { PartProps } from "./scope";
import { among, text } from "./tree";

const SIDES = { bottom: "below", top: "above", left: "left", right: "right" } as const;

export function DatePicker({ node }: PartProps) {
  const words = useDesk().words.value;
  const field = useField(node);
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const [isOpen, setOpen] = useState(false);
  const [isEmpty, setEmpty] = useState(!dayOf(node["defaultValue"]));
  const hint = text(node["placeholder"]);
  const [min, max] = [dayOf(node["min"]), dayOf(node["max"])];
  const take = (day: string) => {
    if (!input.current || input.current.value === day) return;
    input.current.value = day;
    changed(input.current);
  };
  const changed = (element: HTMLInputElement) => {
    field.props.onInput();
    setEmpty(element.value === "");
    field.changed(element);
  };
  return (
    <div class="widget-field">
      <div class={`${controlClass(node, "is-date")} widget-with-icon`}>
        <input
          {...field.props}
          ref={input}
          type="date"
          class={isEmpty ? (hint ? "is-empty is-hinted" : "is-empty") : undefined}
          data-name={text(node["name"])}
          data-whole={text(node["defaultValue"])}
          defaultValue={dayOf(node["defaultValue"])}
          min={min || undefined}
          max={max || undefined}
          onChange={(event) => changed(event.currentTarget)}
        />
        {isEmpty && hint && (
          // It is the field's name, too.
          <span class="widget-date-hint" aria-hidden="true">
            <bdi>{hint}</bdi>
          </span>
        )}
        {node["clearable"] === true && !isEmpty && !field.props.disabled && (
          <button type="button" class="widget-inner-button" aria-label={words.widgetClear} onClick={() => (take(""), input.current?.focus())}>
            <Icon name="close" size={14} />
          </button>
        )}
        <button
          ref={button}
          type="button"
          class="widget-inner-button is-calendar"
          aria-label={words.widgetDate}
          aria-haspopup="dialog"
          aria-expanded={isOpen}
          disabled={field.props.disabled}
          // A press outside closes the calendar first; the click that follows must not open it again.
          onPointerDown={() => (wasOpen.current = isOpen)}
          onClick={() => {
            setOpen(!isOpen && !wasOpen.current);
            wasOpen.current = false;
          }}
          // It may not have come yet.
          onKeyDown={(event) => {
            if (event.key !== "Escape" || !isOpen) return;
            event.preventDefault();
            event.stopPropagation();
            setOpen(false);
          }}
        >
          <Icon name="calendar" size={16} />
        </button>
      </div>
      {isOpen && (
        <CalendarPopup
          node={node}
          anchor={button}
          value={input.current?.value ?? ""}
          min={min}
          max={max}
          onTake={take}
          onClose={(goesBack) => {
            setOpen(false);
            if (goesBack) button.current?.focus();
          }}
        />
      )}
      {field.trouble}
    </div>
  );
}

interface PopupProps extends PartProps {
  anchor: { current: HTMLElement | null };
  value: string;
  min: string;
  max: string;
  onTake(day: string): void;
  onClose(goesBack: boolean): void;
}

function CalendarPopup({ node, anchor, value, min, max, onTake, onClose }: PopupProps) {
  const desk = useDesk();
  const words = desk.words.value;
  const { part, hasFailed, dress } = useLazyPart<typeof CalendarPart>("calendar");
  const popup = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (hasFailed) onClose(false);
  }, [hasFailed]);
  useLayoutEffect(() => {
    const rect = anchor.current?.getBoundingClientRect();
    if (!part || !popup.current || !rect) return;
    // Whoever has gone on while it was loaded isn't called back.
    if (!isStillAt(anchor.current)) return onClose(false);
    dress(popup.current);
    popup.current.showPopover();
    place(popup.current, rect, {
      align: among(node["align"], ["end", "start", "center"]),
      side: SIDES[among(node["side"], ["bottom", "top", "left", "right"])],
    });
    popup.current.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [part]);
  if (!part) return null;
  return (
    <div
      ref={popup}
      class="menu widget-calendar"
      popover="auto"
      role="dialog"
      aria-label={words.widgetDate}
      onToggle={(event) => event.newState === "closed" && onClose(false)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onClose(true);
      }}
    >
      <part.Calendar
        value={value}
        min={min}
        max={max}
        locale={formatLocale(words, desk.settings.value.locale)}
        isMirrored={words.direction === "rtl"}
        words={{ next: words.widgetNextMonth, previous: words.widgetPreviousMonth }}
        icon={(name) => <Icon name={name} size={16} />}
        onTake={(day) => {
          onTake(day);
          onClose(true);
        }}
      />
    </div>
  );
}

/** Whether the focus is on it, or nowhere. Not every browser gives it to the button itself that is pressed. */
function isStillAt(button: HTMLElement | null): boolean {
  const root = button?.getRootNode();
  const active = root instanceof ShadowRoot ? root.activeElement : null;
  return document.activeElement === document.body || active?.contains(button) === true;
}

/** The day of an ISO date and time, as its author wrote it. */
function dayOf(value: unknown): string {
  return /^\d{4}-\d{2}-\d{2}(?=$|[T ])/.exec(text(value))?.[0] ?? "";
}
