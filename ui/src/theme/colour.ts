/** Colours: sRGB and OKLCH, and how well one can be read on another. */

/** Red, green, blue: whole numbers from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Lightness 0 to 1, chroma from 0, hue in degrees. */
export interface Oklch {
  l: number;
  c: number;
  h: number;
}

export const BLACK: Rgb = [0, 0, 0];
export const WHITE: Rgb = [255, 255, 255];

export function hex(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** The nearest colour that a screen shows: where there is none, the chroma gives way. */
export function rgb({ l, c, h }: Oklch): Rgb {
  const lightness = clamp(l, 0, 1);
  let low = 0;
  let high = c;
  if (fits(linear(lightness, c, h))) low = c;
  else for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (fits(linear(lightness, middle, h))) low = middle;
    else high = middle;
  }
  const [red, green, blue] = linear(lightness, low, h).map((channel) => Math.round(255 * gamma(clamp(channel, 0, 1))));
  return [red ?? 0, green ?? 0, blue ?? 0];
}

// The matrices are those of the OKLab definition: https://bottosson.github.io/posts/oklab/
export function oklch(colour: Rgb): Oklch {
  const [r, g, b] = [lit(colour[0]), lit(colour[1]), lit(colour[2])];
  const long = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const medium = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const short = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const across = 1.9779984951 * long - 2.428592205 * medium + 0.4505937099 * short;
  const down = 0.0259040371 * long + 0.7827717662 * medium - 0.808675766 * short;
  return {
    l: 0.2104542553 * long + 0.793617785 * medium - 0.0040720468 * short,
    c: Math.hypot(across, down),
    h: ((Math.atan2(down, across) * 180) / Math.PI + 360) % 360,
  };
}

function linear(l: number, c: number, h: number): number[] {
  const across = c * Math.cos((h * Math.PI) / 180);
  const down = c * Math.sin((h * Math.PI) / 180);
  const long = (l + 0.3963377774 * across + 0.2158037573 * down) ** 3;
  const medium = (l - 0.1055613458 * across - 0.0638541728 * down) ** 3;
  const short = (l - 0.0894841775 * across - 1.291485548 * down) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
  ];
}

function fits(channels: number[]): boolean {
  return channels.every((channel) => channel >= -0.0005 && channel <= 1.0005);
}

function gamma(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

function lit(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/** WCAG's contrast ratio, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * lit(r) + 0.7152 * lit(g) + 0.0722 * lit(b);
}

/** The least contrast with any of them. */
export function leastContrast(colour: Rgb, grounds: readonly Rgb[]): number {
  return Math.min(...grounds.map((ground) => contrast(colour, ground)));
}

/** The colour, made lighter or darker just as far as it can be told from every ground. */
export function readable(colour: Rgb, grounds: readonly Rgb[], ratio: number): Rgb {
  if (leastContrast(colour, grounds) >= ratio) return colour;
  const pole = leastContrast(BLACK, grounds) >= leastContrast(WHITE, grounds) ? BLACK : WHITE;
  const { l, c, h } = oklch(colour);
  let best = pole;
  let [near, far] = [l, pole === WHITE ? 1 : 0];
  for (let step = 0; step < 10; step++) {
    const middle = (near + far) / 2;
    const tried = rgb({ l: middle, c, h });
    if (leastContrast(tried, grounds) >= ratio) [best, far] = [tried, middle];
    else near = middle;
  }
  return best;
}

/** A part of one colour in another, 0 to 1. */
export function mix(ground: Rgb, colour: Rgb, part: number): Rgb {
  const channel = (place: 0 | 1 | 2) => Math.round(ground[place] + (colour[place] - ground[place]) * part);
  return [channel(0), channel(1), channel(2)];
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
