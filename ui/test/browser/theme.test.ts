/** What an application's theme does to the chat: its colours, corners, room and letters. */
import type { ThemeOption } from "@openai/chatkit";
import type { Locator } from "playwright-core";
import assert from "node:assert/strict";
import { test } from "node:test";

import { contrast, oklch, type Rgb } from "../../src/theme/colour";
import { eventually, mustBeQuiet } from "./browser";
import type { Chat } from "./chat";
import { setOptions, useScene } from "./embedding";

const scene = useScene();

/** A turn to look at. */
async function look(theme?: ThemeOption | "light" | "dark") {
  const { stand } = scene;
  stand.items.push(stand.item("user_message", { content: [{ type: "input_text", text: "What was asked" }], attachments: [], inference_options: {} }));
  stand.items.push(stand.said("What was *said*: `let bread`"));
  const embedded = await scene.embed({ initialThread: "thr_1", theme });
  await embedded.chat.says("What was said");
  const dress = (next?: ThemeOption | "light" | "dark") => setOptions(embedded.page, { theme: next });
  return { ...embedded, dress };
}

const style = (part: Locator, name: string) => part.evaluate((element, wanted) => getComputedStyle(element).getPropertyValue(wanted), name);
const bubble = (chat: Chat) => chat.questions.locator(".message-bubble");

async function colour(part: Locator, name: string): Promise<Rgb> {
  const [red = NaN, green = NaN, blue = NaN] = (await style(part, name)).match(/\d+/g)?.map(Number) ?? [];
  return [red, green, blue];
}

test("the colour scheme is light, or dark where that is asked for, by a word or in a theme", async () => {
  const { chat, dress } = await look();
  const schemes: [unknown, boolean][] = [];
  for (const theme of [undefined, "dark", "light", { colorScheme: "dark" }, { radius: "soft" }] as const) {
    await dress(theme);
    const wanted = theme === "dark" || (typeof theme === "object" && "colorScheme" in theme) ? "dark" : "light";
    await eventually(async () => assert.equal(await style(chat.root, "color-scheme"), wanted));
    const [ground, text] = await Promise.all([colour(chat.root, "background-color"), colour(chat.root, "color")]);
    schemes.push([wanted, oklch(ground).l > oklch(text).l]);
  }
  assert.deepEqual(schemes, [["light", true], ["dark", false], ["light", true], ["dark", false], ["light", true]]);
});

test("surfaces have the colours that were asked for", async () => {
  const { chat, dress } = await look();
  const page: Rgb = [255, 248, 231];
  const ink: Rgb = [58, 45, 26];
  await dress({ color: { surface: { background: "#fff8e7", foreground: "rgb(58, 45, 26)" } } });
  await eventually(async () => assert.deepEqual(await colour(chat.root, "background-color"), page));
  assert.deepEqual(await colour(chat.answers, "color"), ink);
  // Neither a text of this colour nor buttons could be seen on it.
  await dress({ color: { surface: { background: "#fff8e7", foreground: "#fff1cc" }, accent: { primary: "#ffee99", level: 0 } } });
  await eventually(async () => assert.notDeepEqual(await colour(chat.answers, "color"), ink));
  // Colours change over a moment.
  await eventually(async () => {
    const [text, send] = await Promise.all([colour(chat.answers, "color"), fullSend(chat)]);
    assert.ok(contrast(text, page) >= 4.5, `text: ${contrast(text, page)}`);
    assert.ok(contrast(send.ground, page) >= 3, `button: ${contrast(send.ground, page)}`);
    assert.ok(contrast(send.sign, send.ground) >= 4.5, `its sign: ${contrast(send.sign, send.ground)}`);
  });
});

/** The button that sends, when there is something to send. */
async function fullSend(chat: Chat): Promise<{ ground: Rgb; sign: Rgb }> {
  await chat.field.fill("something");
  await eventually(async () => assert.equal(await chat.send.getAttribute("aria-disabled"), "false"));
  const [ground, sign] = await Promise.all([colour(chat.send, "background-color"), colour(chat.send, "color")]);
  return { ground, sign };
}

test("the accent is the colour of what is pressed, and with its level of more", async () => {
  const { chat, dress } = await look();
  const dressed = (level: 0 | 1 | 2 | 3) => dress({ color: { accent: { primary: "hsl(270 80% 45%)", level } } });
  const tint = async () => oklch(await colour(bubble(chat), "background-color")).c;
  await dressed(0);
  await eventually(async () => assert.deepEqual((await fullSend(chat)).ground, [115, 23, 207]));
  let before = await tint();
  assert.ok(before < 0.001, `${before}`);
  for (const level of [1, 2, 3] as const) {
    await dressed(level);
    await eventually(async () => assert.ok((await tint()) > before + 0.002, `level ${level}: ${await tint()} after ${before}`));
    before = await tint();
  }
  assert.deepEqual((await fullSend(chat)).ground, [115, 23, 207]);
});

test("greys have the hue, the tint and the shade that were asked for", async () => {
  const { chat, dress } = await look();
  const ground = async () => oklch(await colour(bubble(chat), "background-color"));
  const plain = await ground();
  assert.ok(plain.c < 0.001, `a colour: ${plain.c}`);
  await dress({ color: { grayscale: { hue: 145, tint: 9 } } });
  await eventually(async () => assert.ok((await ground()).c > 0.005));
  const green = await ground();
  assert.ok(Math.abs(green.h - 145) < 15, `another hue: ${green.h}`);
  await dress({ color: { grayscale: { hue: 145, tint: 9, shade: 4 } } });
  await eventually(async () => assert.ok((await ground()).l < green.l, "it isn't darker"));
  await dress({ color: { grayscale: { hue: 145, tint: 9, shade: -4 } } });
  await eventually(async () => assert.ok((await ground()).l > green.l, "it isn't lighter"));
  await dress({ colorScheme: "dark", color: { grayscale: { hue: 145, tint: 9 } } });
  await eventually(async () => assert.equal(await style(chat.root, "color-scheme"), "dark"));
  await eventually(async () => {
    const night = oklch(await colour(chat.root, "background-color"));
    assert.ok(night.l < 0.3 && night.c > 0.005 && Math.abs(night.h - 145) < 15, JSON.stringify(night));
  });
});

test("corners are as round as was asked for", async () => {
  const { chat, dress } = await look();
  const corners = async () => [await style(bubble(chat), "border-top-left-radius"), await style(chat.button("New chat"), "border-top-left-radius")];
  const wanted = { pill: ["24px", "9999px"], round: ["20px", "12px"], soft: ["12px", "8px"], sharp: ["0px", "0px"] };
  for (const radius of ["sharp", "soft", "round", "pill"] as const) {
    await dress({ radius });
    await eventually(async () => assert.deepEqual(await corners(), wanted[radius]));
  }
  await dress({ radius: "sharp" });
  await eventually(async () => assert.deepEqual(await corners(), wanted.sharp));
  await dress();
  await eventually(async () => assert.deepEqual(await corners(), wanted.pill));
});

test("there is as much room as was asked for", async () => {
  const { chat, dress } = await look();
  const header = chat.root.locator('[part~="header"]');
  for (const [density, wanted] of [["compact", "6.5px"], ["spacious", "9.5px"], ["normal", "8px"], ["compact", "6.5px"], [undefined, "8px"]] as const) {
    await dress({ density });
    await eventually(async () => assert.equal(await style(header, "padding-top"), wanted));
  }
});

test("letters have the size and the family that were asked for", async () => {
  const { chat, dress } = await look();
  const code = chat.answers.locator("code");
  for (const baseSize of [14, 15, 16, 17, 18] as const) {
    await dress({ typography: { baseSize, fontFamily: '"Shop Sans"', fontFamilyMono: "Shop Mono" } });
    await eventually(async () => assert.equal(await style(chat.root, "font-size"), `${baseSize}px`));
  }
  assert.match(await style(chat.answers, "font-family"), /^"Shop Sans", ui-sans-serif/);
  assert.match(await style(code, "font-family"), /^"?Shop Mono"?, ui-monospace/);
  await dress();
  await eventually(async () => assert.equal(await style(chat.root, "font-size"), "16px"));
  assert.match(await style(chat.answers, "font-family"), /^ui-sans-serif/);
});

/** A font of one letter: “A”, ten times as wide as it is high. */
const FONT = [
  "d09GRgABAAAAAAIEAAoAAAAAAhAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAABPUy8yAAAA9AAAADgAAABgKbVMNGNtYXAAAAEsAAAAJgAAACwADA",
  "B0Z2x5ZgAAAVQAAAAiAAAAJAO+JuhoZWFkAAABeAAAACUAAAA2gjtDoWhoZWEAAAGgAAAAHgAAACQmSiZLaG10eAAAAcAAAAAIAAAACCr4AABs",
  "b2NhAAAByAAAAAYAAAAGABIAAG1heHAAAAHQAAAAFwAAACAABAAFbmFtZQAAAegAAAAGAAAABgAGAABwb3N0AAAB8AAAABMAAAAg/58AMnjaY2",
  "BRF2CcwMDKgAmMGH4x4AEKQMDgwODI4Mis8N+CgYFZgeEEUJgRJMf4hWkPSAkDAwAHBwdZeNpjYGBgZGAGYgYGHgYWBgUgzQKEIL7j//8Q8v8B",
  "MJ8BAE2TBn0AAHjaY2BkAAJlDaY9DMwMDIxAAOIxMNy5ARIHigIBADlqA88AAHjaY2BkYGAAYSCI57f5ysDA/IIBC1DWYNoDpDgYmEA8AG3QA6",
  "AAAAB42mNgZGBgVvhvwcCgLsAABMoaDIwMqIAJADQOAeEAAAPoAAAnEAAAAAAAAAASAAB42mNgZGBgYGJgYQDRDFASCQAAAQEACgAAAAAAAAYA",
  "AHjaY2BmAIP/cxiMGLAAACqDAdEA",
].join("");

test("fonts come from the application, are used, and go with their theme", async () => {
  scene.stand.put("/shop.woff", "font/woff", Buffer.from(FONT, "base64"));
  const { chat, page, dress, ...watched } = await look();
  const faces = () =>
    page.evaluate(() =>
      [...document.fonts].map(({ family, weight, style, display, unicodeRange, status }) => ({ family, weight, style, display, unicodeRange, status })),
    );
  const width = () =>
    bubble(chat).evaluate((element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect().width / parseFloat(getComputedStyle(element).fontSize);
    });
  scene.stand.items[0] = { ...scene.stand.items[0], content: [{ type: "input_text", text: "AAA" }] } as (typeof scene.stand.items)[number];
  await page.reload();
  const source = { family: "Shop", src: "/shop.woff", weight: 400, style: "normal", display: "block", unicodeRange: "U+41" } as const;
  const theme: ThemeOption = { typography: { fontFamily: "Shop", fontSources: [source] } };
  await setOptions(page, { initialThread: "thr_1", theme });
  await bubble(chat).waitFor();
  const { src: _, ...face } = source;
  await eventually(async () => assert.deepEqual(await faces(), [{ ...face, weight: "400", status: "loaded" }]));
  await eventually(async () => assert.ok((await width()) > 29, `${await width()}`));
  await dress();
  await eventually(async () => assert.ok((await width()) < 4, `${await width()}`));
  assert.deepEqual(await faces(), []);
  mustBeQuiet({ page, ...watched }, scene.stand.url);
});
