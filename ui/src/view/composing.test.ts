import assert from "node:assert/strict";
import { test } from "node:test";

import { isComposing } from "./composing";

test("a key belongs to the method that composes characters, as every browser says it", () => {
  const key = (more: object) => ({ isComposing: false, keyCode: 13, ...more }) as KeyboardEvent;
  assert.equal(isComposing(key({})), false);
  assert.equal(isComposing(key({ isComposing: true })), true);
  assert.equal(isComposing(key({ keyCode: 229 })), true);
});
