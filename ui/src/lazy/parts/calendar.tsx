/** A month of days to choose one from, as the ARIA patterns describe a grid of dates. Loaded when it is first opened. */

import type { ComponentChild, TargetedKeyboardEvent } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import styles from "../../view/widgets/calendar.css";

let made: CSSStyleSheet | undefined;

export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(styles);
  }
  return made;
}

interface Props {
  /** Days are written as in `2030-12-31`; an empty text is none. */
  value: string;
  min: string;
  max: string;
  locale: string;
  /** Whether the page is read from the right. */
  isMirrored: boolean;
  words: { next: string; previous: string };
  icon(name: string): ComponentChild;
  onTake(day: string): void;
}

const DAY = 86_400_000;
const LAST_YEAR = 9999;

export function Calendar({ value, min, max, locale, isMirrored, words, icon, onTake }: Props) {
  const title = useId();
  const grid = useRef<HTMLTableElement>(null);
  const [today] = useState(now);
  const [day, setDay] = useState(() => within(value || today, min, max));
  const wantsFocus = useRef(false);
  useLayoutEffect(() => {
    if (wantsFocus.current) grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    wantsFocus.current = false;
  }, [day]);
  const write = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC", calendar: "gregory" });
  const first = weekStart(locale);
  const weeks = weeksOf(day, first);
  const isAllowed = (one: string) => (!min || one >= min) && (!max || one <= max);
  const go = (to: string) => {
    wantsFocus.current = true;
    setDay(within(to, min, max));
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTableElement>) => {
    const on = isMirrored ? -1 : 1;
    const column = (7 + dateOf(day).getUTCDay() - first) % 7;
    const steps: Record<string, () => string> = {
      ArrowLeft: () => plusDays(day, -on),
      ArrowRight: () => plusDays(day, on),
      ArrowUp: () => plusDays(day, -7),
      ArrowDown: () => plusDays(day, 7),
      Home: () => plusDays(day, -column),
      End: () => plusDays(day, 6 - column),
      PageUp: () => plusMonths(day, event.shiftKey ? -12 : -1),
      PageDown: () => plusMonths(day, event.shiftKey ? 12 : 1),
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    go(step());
  };
  const [dayName, short, full] = [write({ weekday: "long" }), write({ weekday: "narrow" }), write({ dateStyle: "full" })];
  const number = new Intl.NumberFormat(locale, { useGrouping: false });
  const turn = (months: number, label: string, name: string) => (
    <button type="button" class="icon-button is-small" aria-label={label} title={label} onClick={() => setDay(within(plusMonths(day, months), min, max))}>
      {icon(name)}
    </button>
  );
  return (
    <>
      <div class="calendar-head">
        <h3 id={title} aria-live="polite">
          {write({ month: "long", year: "numeric" }).format(dateOf(day))}
        </h3>
        {turn(-1, words.previous, "chevron-left")}
        {turn(1, words.next, "chevron-right")}
      </div>
      <table ref={grid} class="calendar-grid" role="grid" aria-labelledby={title} onKeyDown={onKeyDown}>
        <thead>
          <tr>
            {(weeks[0] ?? []).map((one) => (
              <th key={one} scope="col" abbr={dayName.format(dateOf(one))}>
                {short.format(dateOf(one))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((one) => (
                <td key={one} role="gridcell" aria-selected={one === value}>
                  <button
                    type="button"
                    class={one.slice(0, 7) === day.slice(0, 7) ? "calendar-day" : "calendar-day is-outside"}
                    tabIndex={one === day ? 0 : -1}
                    aria-label={full.format(dateOf(one))}
                    aria-current={one === today ? "date" : undefined}
                    aria-disabled={!isAllowed(one) || undefined}
                    onClick={() => isAllowed(one) && onTake(one)}
                  >
                    {number.format(dateOf(one).getUTCDate())}
                  </button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** The user's own today. */
function now(): string {
  const date = new Date();
  return written(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
}

/** The weeks that a day's month is in, whole. */
function weeksOf(day: string, first: number): string[][] {
  const start = `${day.slice(0, 8)}01`;
  const lead = (7 + dateOf(start).getUTCDay() - first) % 7;
  const next = plusMonths(start, 1);
  const weeks: string[][] = [];
  for (let from = plusDays(start, -lead); from < next && weeks.length < 6; from = plusDays(from, 7)) {
    weeks.push([0, 1, 2, 3, 4, 5, 6].map((place) => plusDays(from, place)));
  }
  return weeks;
}

function plusDays(day: string, days: number): string {
  return written(dateOf(day).getTime() + days * DAY);
}

/** The same day of another month, or its last. */
function plusMonths(day: string, months: number): string {
  const date = dateOf(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return written(Date.UTC(year, month, Math.min(date.getUTCDate(), last)));
}

function within(day: string, min: string, max: string): string {
  if (min && day < min) return min;
  return max && day > max ? max : day;
}

function dateOf(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function written(time: number): string {
  const bounded = Math.min(Date.UTC(LAST_YEAR, 11, 31), Math.max(Date.UTC(1000, 0, 1), time));
  return new Date(bounded).toISOString().slice(0, 10);
}

/** 0 is Sunday. */
function weekStart(locale: string): number {
  const asked = new Intl.Locale(locale) as Intl.Locale & { getWeekInfo?(): { firstDay: number }; weekInfo?: { firstDay: number } };
  return ((asked.getWeekInfo?.() ?? asked.weekInfo)?.firstDay ?? 1) % 7;
}
