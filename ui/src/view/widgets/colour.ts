/** A colour as widgets name it ▸ as style sheets do: a token, a primitive such as `red-500`, any CSS colour, or one for each scheme. */

/** What is coloured decides which tokens there are. */
export type Use = "text" | "surface" | "border" | "chart";

const TEXT = {
  prose: "var(--fd-text)",
  primary: "var(--fd-text)",
  emphasis: "var(--fd-text)",
  secondary: "var(--fd-text-soft)",
  tertiary: "var(--fd-text-faint)",
  success: "var(--fd-success)",
  warning: "var(--fd-warning)",
  caution: "var(--fd-warning)",
  danger: "var(--fd-danger)",
  info: "var(--fd-info)",
  discovery: "var(--fd-discovery)",
};

const TOKENS: Record<Use, Record<string, string>> = {
  text: TEXT,
  surface: {
    surface: "var(--fd-bg)",
    "surface-secondary": "var(--fd-bg-soft)",
    "surface-tertiary": "var(--fd-bg-hover)",
    "surface-elevated": "var(--fd-raised)",
    "surface-elevated-secondary": "var(--fd-bg-soft)",
  },
  border: {
    default: "var(--fd-line)",
    subtle: "color-mix(in srgb, var(--fd-line) 60%, transparent)",
    strong: "var(--fd-line-strong)",
  },
  // Lightness by scheme, so that each stands out from its ground.
  chart: Object.fromEntries(
    Object.entries({ blue: 255, purple: 300, orange: 55, green: 155, red: 25, yellow: 85, pink: 350 }).map(([name, hue]) => [
      name,
      `light-dark(oklch(0.58 0.16 ${hue}), oklch(0.72 0.15 ${hue}))`,
    ]),
  ),
};

const SERIES = Object.values(TOKENS.chart);

/** A series' colour; those that were given none have theirs by their place. */
export function paint(value: unknown, place: number): string {
  return colour(value, "chart") ?? SERIES[place % SERIES.length] ?? "currentColor";
}

/** Chroma and hue of the primitives. */
const PRIMITIVES: Record<string, readonly [number, number]> = {
  gray: [0.006, 260],
  red: [0.22, 25],
  pink: [0.21, 355],
  orange: [0.19, 50],
  yellow: [0.17, 90],
  green: [0.18, 150],
  blue: [0.2, 255],
  purple: [0.22, 300],
};

/** Names, hex and functions of numbers; nothing that could load something. */
const WRITTEN = /^(?:#[\da-f]{3,8}|[a-z]+|(?:rgb|hsl)a?\([\d\s.,%/a-z+-]*\)|(?:hwb|lab|lch|oklab|oklch|color)\([\d\s.,%/a-z+-]*\))$/i;
const GRADIENT = /^(?:repeating-)?(?:linear|radial|conic)-gradient\((?:[\s\w.,%#/+-]|(?:rgb|hsl|oklch|oklab)a?\([\d\s.,%/+-]*\))*\)$/i;
const MOST_CHARACTERS = 300;

export function colour(value: unknown, use: Use): string | undefined {
  if (typeof value === "string") return named(value.trim(), use);
  if (typeof value !== "object" || value === null) return undefined;
  const { light, dark } = value as { light?: unknown; dark?: unknown };
  const [day, night] = [light, dark].map((one) => (typeof one === "string" ? named(one.trim(), use) : undefined));
  return day && night ? `light-dark(${day}, ${night})` : (day ?? night);
}

/** What lies under a box: a colour, or a gradient. */
export function ground(value: unknown): Record<string, string> {
  const plain = colour(value, "surface");
  if (plain) return { backgroundColor: plain };
  const isGradient = typeof value === "string" && value.length <= MOST_CHARACTERS && GRADIENT.test(value.trim());
  return isGradient ? { backgroundImage: value.trim() } : {};
}

function named(name: string, use: Use): string | undefined {
  const tokens = TOKENS[use];
  if (Object.hasOwn(tokens, name)) return tokens[name];
  if (use !== "text" && Object.hasOwn(TEXT, name)) return TEXT[name as keyof typeof TEXT];
  return primitive(name) ?? written(name);
}

function primitive(name: string): string | undefined {
  const [, family = "", digits = ""] = /^([a-z]+)-(\d{1,4})$/.exec(name) ?? [];
  const step = Number(digits);
  if (family === "alpha" && digits) return `color-mix(in srgb, var(--fd-text) ${Math.min(step, 100)}%, transparent)`;
  const base = Object.hasOwn(PRIMITIVES, family) ? PRIMITIVES[family] : undefined;
  if (!base || step > 1000) return undefined;
  const [chroma, hue] = base;
  const part = step / 1000;
  const strength = 1 - 1.3 * Math.abs(part - 0.55);
  return `oklch(${(0.99 - 0.72 * part).toFixed(3)} ${(chroma * Math.max(0.1, strength)).toFixed(3)} ${hue})`;
}

function written(text: string): string | undefined {
  if (text.length > MOST_CHARACTERS || !WRITTEN.test(text)) return undefined;
  // Without a browser, as in tests, the pattern decides.
  return !("CSS" in globalThis) || CSS.supports("color", text) ? text : undefined;
}
