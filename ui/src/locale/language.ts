/** Which of our languages is spoken, and its words. */

import { load } from "../lazy/load";
import { en, type Words } from "./en";

/** Those that are loaded when they are asked for. English is there from the beginning. */
export const LANGUAGES = ["ar", "de", "es", "fr", "ja", "pt", "zh"] as const;

export type Language = "en" | (typeof LANGUAGES)[number];

/** A lazy part's. What it lacks is said in English. */
export interface LocalePart {
  words: Partial<Words>;
}

/** The language for a locale such as `de-AT`: itself without its region, else English. */
export function languageOf(locale: string | null): Language {
  const wanted = (locale ?? preferred()).toLowerCase().split(/[-_]/)[0];
  return LANGUAGES.find((language) => language === wanted) ?? "en";
}

/** The words for a locale; `null` is the browser's. Never fails: where a language can't be loaded it is English. */
export async function wordsFor(locale: string | null): Promise<Words> {
  const language = languageOf(locale);
  if (language === "en") return en;
  try {
    const { words } = await load<LocalePart>(`locale-${language}`);
    return { ...en, ...words };
  } catch (error) {
    console.warn("chat: the words can't be loaded:", language, error);
    return en;
  }
}

/** The locale that dates and numbers are written in: with its region where the words are of the same language. */
export function formatLocale(words: Words, locale: string | null): string {
  const wanted = (locale ?? preferred()).replaceAll("_", "-");
  if (wanted.toLowerCase().split("-")[0] !== words.language) return words.language;
  try {
    return Intl.getCanonicalLocales(wanted)[0] ?? words.language;
  } catch {
    return words.language;
  }
}

function preferred(): string {
  return globalThis.navigator?.language ?? "en";
}
