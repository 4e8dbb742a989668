/** Nothing is recorded where nobody sees it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";
import { options, render, type ContainerNode } from "preact";

import { DeskContext, type Desk } from "../../desk";
import { en } from "../../locale/en";
import { testDocument, TestNode } from "../widgets/test-document";
import { Recorder } from "./recorder";

Object.assign(globalThis, { document: testDocument });
options.requestAnimationFrame = (run) => void setTimeout(run);

/** Effects run after what was drawn is seen. */
const painted = () => new Promise((resolve) => setTimeout(resolve, 50));

test("the microphone goes off with the bar that shows it", async () => {
  const done: string[] = [];
  const dictation = {
    state: signal("recording"), seconds: signal(1), level: signal(0), isPossible: signal(true),
    cancel: () => done.push("cancel"), finish: () => {}, start: async () => {},
  };
  const desk = { composer: { dictation }, words: signal(en) } as unknown as Desk;
  const place = new TestNode("div");
  const view = <DeskContext.Provider value={desk}><Recorder /></DeskContext.Provider>;
  render(view, place as unknown as ContainerNode);
  await painted();
  render(null, place as unknown as ContainerNode);
  await painted();
  assert.deepEqual(done, ["cancel"]);
});
