/** Puts a theme on the element, and keeps to the system's colour scheme where the theme says so. */

import type { Theme } from "../settings";
import type { Rgb } from "./colour";
import { fontFaces } from "./fonts";
import { tokens } from "./tokens";

/** Dresses the root; what it returns undresses it. */
export function applyTheme(root: ShadowRoot, theme: Theme): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host{}");
  const [rule] = sheet.cssRules;
  const system = matchMedia("(prefers-color-scheme: dark)");
  // Value by value: no text of the theme's is ever read as a style sheet.
  const draw = () => {
    if (!(rule instanceof CSSStyleRule)) return;
    for (const [name, value] of Object.entries(tokens(theme, system.matches, readColour))) {
      rule.style.setProperty(name, value);
    }
  };
  draw();
  system.addEventListener("change", draw);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  const removeFonts = fontFaces(theme.typography?.fontSources ?? []);
  return () => {
    system.removeEventListener("change", draw);
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    removeFonts();
  };
}

let pencil: CanvasRenderingContext2D | null = null;

/** Any colour the browser knows, on white where it is see-through. */
export function readColour(text: string): Rgb | null {
  if (!CSS.supports("color", text)) return null;
  pencil ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!pencil) return null;
  pencil.fillStyle = "#000";
  pencil.fillStyle = text;
  // Plain colours come back as text, which no privacy setting disturbs.
  const plain = /^#(..)(..)(..)$/.exec(String(pencil.fillStyle));
  if (plain) return channels(plain.slice(1).map((channel) => parseInt(channel, 16)));
  pencil.canvas.width = pencil.canvas.height = 1;
  pencil.fillStyle = "#fff";
  pencil.fillRect(0, 0, 1, 1);
  pencil.fillStyle = text;
  pencil.fillRect(0, 0, 1, 1);
  return channels([...pencil.getImageData(0, 0, 1, 1).data]);
}

function channels([red = 0, green = 0, blue = 0]: number[]): Rgb {
  return [red, green, blue];
}
