/** What may be attached where the application says little of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { ChatKitOptions } from "@openai/chatkit";

import { settingsOf } from "./settings";

type Attachments = NonNullable<NonNullable<ChatKitOptions["composer"]>["attachments"]>;

const attachments = (more?: Partial<Attachments>) =>
  settingsOf({ api: { url: "/chatkit", domainKey: "local" }, composer: { attachments: { enabled: true, ...more } } }).composer.attachments;

const ALL = 104_857_600;

test("without bounds there are ChatKit's own: ten files of 100 MB, of any type", () => {
  const usual = { maxSize: { "*": ALL }, maxCount: 10, accept: null };
  for (const given of [{}, { maxSize: undefined, maxCount: undefined, accept: undefined }, { maxSize: {}, accept: {} }]) {
    assert.deepEqual(attachments(given as Partial<Attachments>), usual);
  }
});

test("the bound of all other types goes by two names, and stands beside those of some", () => {
  const cases: [given: Attachments["maxSize"], wanted: Record<string, number>][] = [
    [5, { "*": 5 }],
    [{ "*": 5 }, { "*": 5 }],
    [{ "": 5 }, { "*": 5 }],
    [{ "": 5, "*": 6 }, { "*": 6 }],
    [{ "image/*": 7 }, { "image/*": 7, "*": ALL }],
    [{ "image/*": 7, "": 5 }, { "image/*": 7, "*": 5 }],
    [{ "": 0 }, { "*": 0 }],
  ];
  for (const [maxSize, wanted] of cases) assert.deepEqual(attachments({ maxSize })?.maxSize, wanted, JSON.stringify(maxSize));
});

test("other bounds are the application's", () => {
  const accept = { "image/*": [".png"] };
  assert.deepEqual(attachments({ maxSize: 1, maxCount: 2, accept }), { maxSize: { "*": 1 }, maxCount: 2, accept });
});

test("nothing may be attached unless the application says so", () => {
  assert.equal(attachments({ enabled: false, maxCount: 2 }), null);
  assert.equal(settingsOf({ api: { url: "/chatkit", domainKey: "local" } }).composer.attachments, null);
});
