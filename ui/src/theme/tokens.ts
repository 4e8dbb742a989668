/** A theme ▸ the custom properties that everything on the page is drawn with. Pure. */

import type { Theme } from "../settings";
import { palette, type ReadColour } from "./palette";

const SANS = `ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif`;
const MONO = `ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace`;

/** Cards, small things, large things, buttons and fields. */
const RADII = {
  pill: ["16px", "8px", "24px", "9999px"],
  round: ["14px", "8px", "20px", "12px"],
  soft: ["8px", "5px", "12px", "8px"],
  sharp: ["0px", "0px", "0px", "0px"],
};
const UNITS = { compact: "3.25px", normal: "4px", spacious: "4.75px" };

/** Properties by name. `wantsDark` is the system's wish, for a theme that follows it. */
export function tokens(theme: Theme, wantsDark: boolean, read: ReadColour): Record<string, string> {
  const { colorScheme: scheme = "light" } = theme;
  const dark = scheme === "dark" || (scheme === "system" && wantsDark);
  const { isDark, colours } = palette(theme.color, dark, read);
  const [card, small, large, control] = RADII[theme.radius ?? "pill"] ?? RADII.pill;
  const { baseSize, fontFamily, fontFamilyMono } = theme.typography ?? {};
  const size = Math.min(24, Math.max(12, Number(baseSize) || 16));
  return {
    "color-scheme": isDark ? "dark" : "light",
    ...Object.fromEntries(Object.entries(colours).map(([name, value]) => [`--fd-${name}`, value])),
    "--fd-radius": card ?? "",
    "--fd-radius-small": small ?? "",
    "--fd-radius-large": large ?? "",
    "--fd-radius-control": control ?? "",
    "--fd-unit": UNITS[theme.density ?? "normal"] ?? UNITS.normal,
    "--fd-font": fontFamily ? `${fontFamily}, ${SANS}` : SANS,
    "--fd-mono": fontFamilyMono ? `${fontFamilyMono}, ${MONO}` : MONO,
    "--fd-size": `${size}px`,
    "--fd-shadow": isDark
      ? `0 0 0 1px ${colours["line"]}, 0 8px 28px rgb(0 0 0 / 0.45)`
      : "0 0 0 1px rgb(0 0 0 / 0.06), 0 8px 28px rgb(0 0 0 / 0.12)",
  };
}
