/** TeX ▸ MathML, as a tree. Loaded when a text has a first formula. */

import temml, { type Options } from "temml";
import styles from "temml/dist/Temml-Local.css";

export interface MathTree {
  name: string;
  props: Record<string, string | Record<string, string>>;
  children: (MathTree | string)[];
}

/** What Temml builds. */
interface Built {
  type?: string;
  attributes?: Record<string, unknown>;
  classes?: string[];
  style?: Record<string, string>;
  children?: Built[];
  text?: string;
}

const known = new Map<string, MathTree | null>();
const MOST_KNOWN = 300;

let made: CSSStyleSheet | undefined;

/** What formulas look like: lines over and through them, and columns. Without Temml's font, which isn't served. */
export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(styles.replace(/@font-face\s*\{[^}]*\}/g, ""));
  }
  return made;
}

/** The formula; `null` where it can't be read. */
export function formula(tex: string, display: boolean): MathTree | null {
  const key = `${display}${tex}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST_KNOWN) known.clear();
  const made = build(tex, display);
  known.set(key, made);
  return made;
}

function build(tex: string, display: boolean): MathTree | null {
  const options: Options = {
    displayMode: display,
    throwOnError: true,
    trust: false,
    maxExpand: 500,
    maxSize: [20, 40],
  };
  try {
    const tree = read(temml.__renderToMathMLTree(tex, options) as Built);
    return typeof tree === "string" ? null : tree;
  } catch {
    return null;
  }
}

function read(built: Built): MathTree | string {
  if (built.text !== undefined) return built.text;
  const children = (built.children ?? []).map(read);
  const { type = "" } = built;
  // A fragment has no name; what isn't MathML isn't drawn as what it is.
  if (!/^(?:math|m[a-z]+|semantics|annotation)$/.test(type)) return { name: "mrow", props: {}, children };
  const props: MathTree["props"] = {};
  for (const [name, value] of Object.entries(built.attributes ?? {})) {
    if (/^(?:href|style|src|xlink:href|on.*)$/i.test(name) || value === undefined || value === null) continue;
    props[name] = String(value);
  }
  const classes = (built.classes ?? []).filter(Boolean);
  if (classes.length > 0) props["class"] = classes.join(" ");
  if (built.style && Object.keys(built.style).length > 0) props["style"] = { ...built.style };
  return { name: type, props, children };
}
