/** An icon by its name. It says nothing to those who listen: names are on the buttons. */

import { outlines } from "icons:outlines";

import { base } from "../lazy/load";

export interface IconProps {
  /** A built-in name or `lucide:<name>`; what isn't known is a dot. */
  name: string;
  /** Pixels, or a length such as `1em`; follows the text without one. */
  size?: number | string;
  class?: string;
}

/** What points along the line points the other way where that is read from the right. */
const DIRECTED = /left|right|^back-/;

export function Icon({ name, size = "1.25em", class: extra }: IconProps) {
  const className = `icon${DIRECTED.test(name) ? " is-directed" : ""}${extra ? ` ${extra}` : ""}`;
  const lucide = /^lucide:([a-z0-9]+(?:-[a-z0-9]+)*)$/.exec(name)?.[1];
  if (lucide) {
    const mask = `url("${base}ui/lucide/${lucide}.svg")`;
    const length = typeof size === "number" ? `${size}px` : size;
    const style = { width: length, height: length, maskImage: mask, WebkitMaskImage: mask };
    return <span class={`${className} icon-mask`} style={style} aria-hidden="true" />;
  }
  const outline = (Object.hasOwn(outlines, name) ? outlines[name] : outlines["dot"]) ?? "";
  const filled = outline.startsWith("!");
  return (
    <svg
      class={className}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? "currentColor" : "none"}
      fill-rule="evenodd"
      stroke={filled ? "none" : "currentColor"}
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={filled ? outline.slice(1) : outline} />
    </svg>
  );
}
