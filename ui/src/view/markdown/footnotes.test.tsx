/** What a text rests on may change after its places are known. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";
import { render, type ContainerNode } from "preact";

import { DeskContext, type Desk } from "../../desk";
import { en } from "../../locale/en";
import type { Annotation } from "../../protocol/items";
import { settingsOf } from "../../settings";
import { testDocument, TestNode } from "../widgets/test-document";
import { Markdown } from "./markdown";

Object.assign(globalThis, { document: testDocument, location: { origin: "https://page.example" } });

const settings = signal(settingsOf({ api: { url: "/chatkit", domainKey: "local" } }));
const desk = { settings, words: signal(en) } as unknown as Desk;
const source = (title: string): Annotation => ({
  type: "annotation",
  index: 4,
  source: { type: "url", url: `https://${title}.example/`, title },
});

function names(place: TestNode, ...annotations: Annotation[]): (string | undefined)[] {
  const view = <DeskContext.Provider value={desk}><Markdown text="Text" annotations={annotations} /></DeskContext.Provider>;
  render(view, place as unknown as ContainerNode);
  return place.all().map(({ attributes }) => attributes["aria-label"]).filter(Boolean);
}

test("a footnote names the sources that it has now", () => {
  const place = new TestNode("div");
  assert.deepEqual(names(place, source("draft")), ["Footnote 1: draft"]);
  assert.deepEqual(names(place, source("final")), ["Footnote 1: final"]);
});

test("footnotes are counted without what is shown by its name, and a source without a title has another name", () => {
  const thing: Annotation = { type: "annotation", index: 1, source: { type: "entity", id: "e1", title: "A thing" } };
  const file: Annotation = { type: "annotation", index: 2, source: { type: "file", title: "", filename: "prices.pdf" } };
  assert.deepEqual(names(new TestNode("div"), thing, file, source("page")), ["Footnote 1: prices.pdf", "Footnote 2: page"]);
});
