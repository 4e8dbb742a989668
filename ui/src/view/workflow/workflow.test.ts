import assert from "node:assert/strict";
import { test } from "node:test";

import { duration } from "./duration";

test("durations are told in words of the language", () => {
  assert.equal(duration(0.2, "en"), "1 second");
  assert.equal(duration(8, "en"), "8 seconds");
  assert.equal(duration(120, "en"), "2 minutes");
  assert.equal(duration(125, "en"), "2 min 5 sec");
  assert.equal(duration(3_720, "en"), "1 hr 2 min");
  assert.equal(duration(8, "de"), "8 Sekunden");
});
