/** Threads are put under the day they began. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { byDay } from "./days";
import { en } from "./en";

const NOW = new Date(2026, 10, 21, 0, 30);

function headings(dates: string[], locale = "en"): string[] {
  return byDay(dates, (date) => date, NOW, en, locale).map(({ heading, items }) => `${heading} ${items.length}`);
}

test("days are counted by the calendar, not by hours", () => {
  const dates = [
    "2026-11-21T00:10:00",
    "2026-11-20T23:59:00",
    "2026-11-19T12:00:00",
    "2026-11-14T00:00:00",
    "2026-11-13T23:00:00",
    "2026-10-22T09:00:00",
    "2026-10-02T09:00:00",
    "2025-10-02T09:00:00",
  ];
  assert.deepEqual(headings(dates), [
    "Today 1",
    "Yesterday 1",
    "Previous 7 days 2",
    "Previous 30 days 2",
    "October 1",
    "October 2025 1",
  ]);
});

test("months are named in the language of the words", () => {
  assert.deepEqual(headings(["2026-03-02T09:00:00"], "de"), ["März 1"]);
});

test("what has no date stays with its neighbour, and the future is today", () => {
  assert.deepEqual(headings(["2027-01-01T00:00:00Z", "never"]), ["Today 2"]);
  assert.deepEqual(headings([]), []);
});
