import assert from "node:assert/strict";
import { test } from "node:test";

import { valueOf } from "./values";

class Control {}
Object.assign(globalThis, { HTMLSelectElement: Control, HTMLInputElement: Control });
const date = (value: string, whole?: string) => valueOf({ type: "date", value, dataset: { whole } } as unknown as HTMLInputElement);

test("a date that nobody changed is what the author wrote, with its time", () => {
  assert.equal(date("2030-05-06", "2030-05-06T10:30:00Z"), "2030-05-06T10:30:00Z");
  assert.equal(date("2030-05-07", "2030-05-06T10:30:00Z"), "2030-05-07");
  assert.equal(date("", "2030-05-06T10:30:00Z"), null);
  assert.equal(date("2030-05-06"), "2030-05-06");
});
