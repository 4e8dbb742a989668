/** Every language says everything that English says, and a locale finds its language. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { words as ar } from "../lazy/parts/locale-ar";
import { words as de } from "../lazy/parts/locale-de";
import { words as es } from "../lazy/parts/locale-es";
import { words as fr } from "../lazy/parts/locale-fr";
import { words as ja } from "../lazy/parts/locale-ja";
import { words as pt } from "../lazy/parts/locale-pt";
import { words as zh } from "../lazy/parts/locale-zh";
import { en, type Words } from "./en";
import { fill } from "./fill";
import { formatLocale, LANGUAGES, languageOf, wordsFor } from "./language";

const PARTS: Record<(typeof LANGUAGES)[number], Partial<Words>> = { ar, de, es, fr, ja, pt, zh };

function gaps(text: string): string[] {
  return (text.match(/\{\w+\}/g) ?? []).sort();
}

for (const [language, words] of Object.entries(PARTS)) {
  test(`${language} has every word, with the same gaps`, () => {
    assert.deepEqual(Object.keys(en).filter((key) => !(key in words)), [], "missing");
    assert.deepEqual(Object.keys(words).filter((key) => !(key in en)), [], "no longer used");
    for (const [key, text] of Object.entries(words)) {
      assert.notEqual(text.trim(), "", key);
      assert.deepEqual(gaps(text), gaps(en[key as keyof Words]), key);
    }
  });
}

test("only Arabic is read from the right", () => {
  const directions = Object.entries({ en, ...PARTS }).map(([language, words]) => `${language} ${words.direction}`);
  assert.deepEqual(directions.filter((one) => !one.endsWith(" ltr")), ["ar rtl"]);
  for (const [language, words] of Object.entries({ en, ...PARTS })) assert.equal(words.language, language);
});

test("French signs stay with their words", () => {
  const broken = Object.entries(fr).filter(([, text]) => / [:;?!»]|« |[^\u00a0\u202f][:;?!»]|«[^\u00a0]/.test(text));
  assert.deepEqual(broken, []);
});

test("a locale finds its language whatever its region", () => {
  const cases = { "de-AT": "de", DE: "de", pt_BR: "pt", "zh-Hant-TW": "zh", "es-419": "es", "fi-FI": "en", "": "en", x: "en" };
  for (const [locale, language] of Object.entries(cases)) assert.equal(languageOf(locale), language, locale);
});

test("where a language can't be loaded it is English", async (t) => {
  t.mock.method(console, "warn", () => {});
  assert.equal(await wordsFor("de-DE"), en);
  assert.equal(await wordsFor("en-GB"), en);
});

test("dates keep the region where the words are of the same language", () => {
  const german: Words = { ...en, language: "de" };
  assert.equal(formatLocale(german, "de-AT"), "de-AT");
  assert.equal(formatLocale(en, "fi-FI"), "en");
  assert.equal(formatLocale(en, "en-not a locale"), "en");
});

test("gaps are filled, and those that nobody fills stay", () => {
  assert.equal(fill("{number} of {count}", { number: 1 }), "1 of {count}");
  assert.equal(fill("{toString}", {}), "{toString}");
});
