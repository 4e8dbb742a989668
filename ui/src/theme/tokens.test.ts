/** Every theme can be read, over the whole range of its options. */

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

import type { ThemeOption } from "@openai/chatkit";

import { BLACK, contrast, oklch, rgb, WHITE, type Rgb } from "./colour";
import { CONTROL_CONTRAST, palette, TEXT_CONTRAST } from "./palette";
import { tokens } from "./tokens";

type Colours = NonNullable<ThemeOption["color"]>;

function read(text: string): Rgb | null {
  const [, r, g, b] = /^#(..)(..)(..)$/.exec(text) ?? [];
  return r && g && b ? [parseInt(r, 16), parseInt(g, 16), parseInt(b, 16)] : null;
}

const MEANINGS = ["danger", "success", "warning", "info", "discovery"];

function faults(colour: Colours | undefined, wantsDark: boolean): string[] {
  const { colours } = palette(colour, wantsDark, read);
  const of = (name: string) => read(colours[name] ?? "") ?? assert.fail(`no ${name}`);
  const grounds = ["bg", "bg-soft", "bg-hover", "raised"];
  const pairs: [string, string, number][] = [["on-accent", "accent", TEXT_CONTRAST]];
  for (const ground of grounds) {
    for (const name of ["text", "text-soft", "text-faint", "link", ...MEANINGS]) pairs.push([name, ground, TEXT_CONTRAST]);
    for (const name of ["accent", "line-strong", "ring"]) pairs.push([name, ground, CONTROL_CONTRAST]);
  }
  for (const meaning of MEANINGS) pairs.push([`${meaning}-text`, `${meaning}-soft`, TEXT_CONTRAST]);
  for (const meaning of MEANINGS) pairs.push(["text", `${meaning}-soft`, TEXT_CONTRAST]);
  return pairs
    .filter(([one, other, ratio]) => contrast(of(one), of(other)) < ratio)
    .map(([one, other]) => `${one} on ${other}: ${colours[one]} on ${colours[other]}, ${contrast(of(one), of(other)).toFixed(2)}`);
}

function* themes(): Generator<Colours | undefined> {
  yield undefined;
  const accents = ["#000000", "#ffffff", "#777777", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#2d8cff", "#0f172a"];
  const surfaces = ["#000000", "#ffffff", "#767676", "#808080", "#5a5a5a", "#ff0000", "#ffff00", "#1f2937", "#f8f4e3", "#0000ff"];
  for (let hue = 0; hue <= 360; hue += 60)
    for (const tint of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const)
      for (const shade of [-4, -3, -2, -1, 0, 1, 2, 3, 4] as const) {
        const primary = accents[(hue / 60 + tint + shade + 4) % accents.length] ?? "#000000";
        for (const level of [1, 3] as const) yield { grayscale: { hue, tint, shade }, accent: { primary, level } };
      }
  for (const background of surfaces)
    for (const foreground of surfaces)
      for (const primary of accents)
        for (const level of [0, 3] as const) yield { surface: { background, foreground }, accent: { primary, level } };
  for (const background of surfaces)
    for (const shade of [-4, 0, 4] as const)
      yield { surface: { background, foreground: "#123456" }, grayscale: { hue: 200, tint: 9, shade } };
}

test("every text and control can be told from what it stands on", () => {
  const found = new Map<string, string[]>();
  let count = 0;
  for (const colour of themes())
    for (const wantsDark of [false, true]) {
      count += 1;
      const wrong = faults(colour, wantsDark);
      if (wrong.length > 0) found.set(JSON.stringify([colour, wantsDark]), wrong);
    }
  assert.ok(count > 5_000, `only ${count} themes`);
  assert.deepEqual([...found].slice(0, 3), [], `${found.size} of ${count}`);
});

test("what was asked for is kept where it can be read", () => {
  const { colours } = palette(
    { accent: { primary: "#d7263d", level: 2 }, surface: { background: "#1f2937", foreground: "#f3f4f6" } },
    true,
    read,
  );
  assert.equal(colours["bg"], "#1f2937");
  assert.equal(colours["text"], "#f3f4f6");
});

test("a foreground that can't be read is what lies on the background", () => {
  const { colours } = palette({ surface: { background: "#fafafa", foreground: "#ffffff" } }, false, read);
  assert.equal(colours["raised"], "#ffffff");
});

test("OKLCH there and back is the same colour", () => {
  for (const colour of [BLACK, WHITE, [255, 0, 0], [1, 2, 3], [45, 140, 255], [128, 128, 128]] as Rgb[]) {
    assert.deepEqual(rgb(oklch(colour)), colour);
  }
});

test("the scheme is light, and follows the system only where the theme says so", () => {
  assert.equal(tokens({}, true, read)["color-scheme"], "light");
  assert.equal(tokens({ colorScheme: undefined }, true, read)["color-scheme"], "light");
  assert.equal(tokens({ colorScheme: "system" }, true, read)["color-scheme"], "dark");
  assert.equal(tokens({ colorScheme: "system" }, false, read)["color-scheme"], "light");
  assert.equal(tokens({ colorScheme: "dark" }, false, read)["color-scheme"], "dark");
  assert.equal(tokens({ colorScheme: "light" }, true, read)["color-scheme"], "light");
});

test("values no option allows do no harm", () => {
  const wild = { radius: "wild", density: 7, typography: { baseSize: 900 }, color: { grayscale: { hue: "x", tint: 99 } } };
  const made = tokens(wild as unknown as ThemeOption, false, read);
  assert.equal(made["--fd-size"], "24px");
  assert.equal(made["--fd-radius-control"], "9999px");
  assert.match(made["--fd-bg"] ?? "", /^#[0-9a-f]{6}$/);
});

test("every property that the page is drawn with is a theme's", async () => {
  const made = new Set(Object.keys(tokens({}, false, read)));
  const root = path.join(process.env["UI_ROOT"] ?? "", "src");
  const unknown: string[] = [];
  for (const file of await readdir(root, { recursive: true })) {
    if (!/\.(css|tsx?)$/.test(file) || file.includes(".test.")) continue;
    const text = await readFile(path.join(root, file), "utf8");
    for (const [, name = ""] of text.matchAll(/var\((--fd-[\w-]+)\)/g)) if (!made.has(name)) unknown.push(`${file}: ${name}`);
  }
  assert.deepEqual(unknown, []);
});
