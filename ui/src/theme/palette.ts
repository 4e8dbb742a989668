/** A theme's colours ▸ one colour for each use, all of them legible whatever was asked for. Pure. */

import type { ThemeOption } from "@openai/chatkit";

import { BLACK, WHITE, clamp, contrast, hex, mix, oklch, readable, rgb, type Rgb } from "./colour";

/** Text on everything it stands on. */
export const TEXT_CONTRAST = 4.5;
/** What can be pressed, and its edges. */
export const CONTROL_CONTRAST = 3;
/** How far a ground stays from the text at its end of the scale, so that greys between them are left. */
const ROOM = 7;

/** Reads a CSS colour; none where it isn't one. */
export type ReadColour = (text: string) => Rgb | null;

export interface Palette {
  isDark: boolean;
  /** By use: custom properties without their `--fd-`. */
  colours: Record<string, string>;
}

type Colours = ThemeOption["color"];

/** Hues of what a colour can mean. */
const MEANINGS = { danger: 27, success: 152, warning: 68, info: 250, discovery: 300 };

export function palette(asked: Colours, wantsDark: boolean, read: ReadColour): Palette {
  const surface = surfaceOf(asked, wantsDark, read);
  const isDark = pole(surface.bg) === WHITE;
  const grey = greys(asked, surface.bg, isDark);
  const accent = asked?.accent ? read(String(asked.accent.primary)) : null;
  const tint = accent ? within(asked?.accent?.level, 0, 3) * 0.022 : 0;
  const tinted = (ground: Rgb) => (accent && tint ? roomy(mix(ground, accent, tint), ground, isDark) : ground);

  const grounds = {
    bg: surface.bg,
    "bg-soft": tinted(grey(isDark ? 0.06 : 0.035)),
    "bg-hover": tinted(grey(isDark ? 0.09 : 0.055)),
    raised: surface.raised ?? (isDark ? grey(0.045) : surface.bg),
  };
  const under = Object.values(grounds);
  const colours = {
    ...grounds,
    text: readable(surface.text ?? grey(isDark ? 0.74 : 0.79), under, ROOM),
    "text-soft": readable(grey(0.54), under, TEXT_CONTRAST),
    "text-faint": readable(grey(0.45), under, TEXT_CONTRAST),
    line: grey(isDark ? 0.11 : 0.085),
    "line-strong": readable(grey(0.3), under, CONTROL_CONTRAST),
    ...accents(accent, under, isDark),
    ...meanings(under, isDark),
  };
  return { isDark, colours: Object.fromEntries(Object.entries(colours).map(([use, colour]) => [use, hex(colour)])) };
}

/** Without an accent buttons are as dark as the text, and links are blue. */
function accents(given: Rgb | null, under: Rgb[], isDark: boolean): Record<string, Rgb> {
  const accent = readable(given ?? (isDark ? [238, 238, 238] : [26, 26, 26]), under, CONTROL_CONTRAST);
  const blue = rgb({ l: isDark ? 0.76 : 0.5, c: 0.15, h: 255 });
  return {
    accent,
    "on-accent": contrast(WHITE, accent) >= TEXT_CONTRAST ? WHITE : pole(accent),
    link: readable(given && oklch(given).c > 0.04 ? given : blue, under, TEXT_CONTRAST),
    ring: given ? accent : readable(blue, under, CONTROL_CONTRAST),
  };
}

function meanings(under: Rgb[], isDark: boolean): Record<string, Rgb> {
  const [bg = WHITE] = under;
  const colours: Record<string, Rgb> = {};
  for (const [meaning, h] of Object.entries(MEANINGS)) {
    const full = readable(rgb({ l: isDark ? 0.74 : 0.53, c: 0.17, h }), under, TEXT_CONTRAST);
    const soft = roomy(mix(bg, full, isDark ? 0.16 : 0.1), bg, isDark);
    colours[meaning] = full;
    colours[`${meaning}-soft`] = soft;
    colours[`${meaning}-text`] = readable(full, [...under, soft], TEXT_CONTRAST);
  }
  return colours;
}

/** What was asked for. A foreground that can't be read on the background can only have been meant for what lies on it. */
function surfaceOf(asked: Colours, wantsDark: boolean, read: ReadColour): { bg: Rgb; text?: Rgb; raised?: Rgb } {
  const bg = (asked?.surface && read(String(asked.surface.background))) || plain(asked, wantsDark);
  const foreground = asked?.surface ? read(String(asked.surface.foreground)) : null;
  if (!foreground) return { bg };
  if (contrast(foreground, bg) >= CONTROL_CONTRAST) return { bg, text: foreground };
  return contrast(foreground, pole(bg)) >= ROOM ? { bg, raised: foreground } : { bg };
}

/** The ground of a page for which nobody named one. */
function plain(asked: Colours, wantsDark: boolean): Rgb {
  const { hue, tint, shade } = scaleOf(asked);
  if (wantsDark) return rgb({ l: 0.21 - 0.018 * shade, c: 0.75 * chroma(tint), h: hue });
  return rgb({ l: 1 - 0.011 * Math.max(0, shade) - 0.0015 * tint, c: 0.4 * chroma(tint), h: hue });
}

function scaleOf(asked: Colours) {
  const { hue, tint, shade } = asked?.grayscale ?? {};
  return { hue: within(hue, 0, 360), tint: within(tint, 0, 9), shade: within(shade, -4, 4) };
}

function chroma(tint: number): number {
  return tint * 0.0032;
}

/** Greys by how far they are from the ground towards the text. */
function greys(asked: Colours, bg: Rgb, isDark: boolean): (distance: number) => Rgb {
  const ground = oklch(bg);
  const { hue, tint, shade } = scaleOf(asked);
  const own = asked?.grayscale ? { c: chroma(tint), h: hue } : { c: Math.min(ground.c, 0.03), h: ground.h };
  const strength = isDark ? 1 : 1 + 0.06 * shade;
  return (distance) => {
    const isGround = distance < 0.2;
    const step = distance * (isGround ? strength : 1);
    const colour = rgb({ l: ground.l + (isDark ? step : -step), ...own });
    return isGround ? roomy(colour, bg, isDark, distance) : colour;
  };
}

/** A ground near the page's own, or on the other side of it where text could no longer be read. */
function roomy(wanted: Rgb, bg: Rgb, isDark: boolean, distance = 0): Rgb {
  if (contrast(wanted, isDark ? WHITE : BLACK) >= ROOM) return wanted;
  const { l, c, h } = oklch(bg);
  const step = Math.max(distance, 0.03);
  return rgb({ l: l + (isDark ? -step : step), c, h });
}

/** Black or white, whichever is read better on it. */
function pole(ground: Rgb): Rgb {
  return contrast(BLACK, ground) >= contrast(WHITE, ground) ? BLACK : WHITE;
}

function within(value: number | undefined, least: number, most: number): number {
  return clamp(Number(value) || 0, least, most);
}
