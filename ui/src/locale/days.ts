/** When something was: for a list that is read by days. */

import type { Words } from "./en";

const DAY = 24 * 60 * 60 * 1000;

/** Puts neighbours under one heading. The order stays, and so do those without a date. */
export function byDay<T>(
  all: readonly T[],
  dateOf: (one: T) => string,
  now: Date,
  words: Words,
  locale: string,
): { heading: string; items: T[] }[] {
  const groups: { heading: string; items: T[] }[] = [];
  for (const one of all) {
    const heading = headingOf(new Date(dateOf(one)), now, words, locale);
    const last = groups.at(-1);
    if (last && (last.heading === heading || heading === "")) last.items.push(one);
    else groups.push({ heading, items: [one] });
  }
  return groups;
}

function headingOf(date: Date, now: Date, words: Words, locale: string): string {
  if (Number.isNaN(date.getTime())) return "";
  // Whole days between the two midnights: a day with a clock change is an hour longer or shorter.
  const days = Math.round((midnight(now) - midnight(date)) / DAY);
  if (days <= 0) return words.historyToday;
  if (days === 1) return words.historyYesterday;
  if (days <= 7) return words.historyWeek;
  if (days <= 30) return words.historyMonth;
  const sameYear = date.getFullYear() === now.getFullYear();
  const month = new Intl.DateTimeFormat(locale, { month: "long", ...(!sameYear && { year: "numeric" }) });
  return month.format(date);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
